#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/pool.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

/* A block in use, marked as the pool asks. */
static uint32_t take(struct pool *pool, size_t size, uint8_t fill)
{
    uint32_t ref = pool_alloc(pool, size);
    ck_assert_uint_ne(ref, 0);
    memset(pool_at(pool, ref), fill | 0x80, size);
    return ref;
}

START_TEST(pool_gives_aligned_blocks_without_headers)
{
    struct pool pool;
    pool_init(&pool);
    uint32_t first = take(&pool, 20, 1);
    uint32_t second = take(&pool, 24, 2);
    ck_assert_uint_eq((uintptr_t)pool_at(&pool, first) % 8, 0);
    ck_assert_uint_eq(second - first, 3);
    ck_assert_uint_eq(pool_block_bytes(20), 24);
    pool_release(&pool);
}
END_TEST

START_TEST(pool_takes_no_memory_before_the_first_block)
{
    struct pool pool;
    pool_init(&pool);
    ck_assert_uint_eq(pool.held_bytes, 0);
    take(&pool, 24, 1);
    ck_assert_uint_gt(pool.held_bytes, 0);
    ck_assert_uint_lt(pool.held_bytes, 400);
    pool_release(&pool);
    ck_assert_uint_eq(pool.held_bytes, 0);
}
END_TEST

START_TEST(pool_gives_a_freed_block_again)
{
    struct pool pool;
    pool_init(&pool);
    uint32_t ref = take(&pool, 104, 1);
    pool_free(&pool, ref, 104);
    ck_assert_uint_eq(pool_free_bytes(&pool), 104);
    ck_assert_uint_eq(take(&pool, 100, 1), ref);
    ck_assert_uint_eq(pool_free_bytes(&pool), 0);
    pool_release(&pool);
}
END_TEST

START_TEST(pool_cuts_a_larger_free_block_before_it_takes_a_chunk)
{
    struct pool pool;
    pool_init(&pool);
    uint32_t large = take(&pool, 5000, 1);
    while (pool.end - pool.next >= 5)
        take(&pool, 40, 2);
    size_t held = pool.held_bytes;
    pool_free(&pool, large, 5000);
    uint32_t small = take(&pool, 40, 3);
    ck_assert_uint_eq(small, large);
    ck_assert_uint_eq(pool_free_bytes(&pool), pool_block_bytes(5000) - 40);
    ck_assert_uint_eq(pool.held_bytes, held);
    pool_release(&pool);
}
END_TEST

START_TEST(pool_serves_the_largest_block)
{
    struct pool pool;
    pool_init(&pool);
    for (int i = 0; i < 20; i++)
        take(&pool, POOL_BLOCK_MAX, 1);
    ck_assert_uint_eq(pool_block_bytes(POOL_BLOCK_MAX), POOL_BLOCK_MAX);
    pool_release(&pool);
}
END_TEST

#define HELD 2000u

START_TEST(pool_blocks_never_overlap)
{
    struct random random;
    struct pool pool;
    uint32_t refs[HELD] = { 0 };
    size_t sizes[HELD];
    uint8_t fills[HELD];
    random_init(&random, "pool");
    pool_init(&pool);
    for (uint32_t step = 0; step < 40000; step++) {
        uint32_t at = (uint32_t)random_below(&random, HELD);
        if (refs[at] != 0) {
            const uint8_t *bytes = pool_at(&pool, refs[at]);
            size_t same = 0;
            while (same < sizes[at] && bytes[same] == fills[at])
                same++;
            ck_assert_uint_eq(same, sizes[at]);
            pool_free(&pool, refs[at], sizes[at]);
        }
        size_t most = random_below(&random, 10) == 0 ? POOL_BLOCK_MAX : 128;
        sizes[at] = 4 + random_below(&random, most - 3);
        fills[at] = (uint8_t)(step | 0x80);
        refs[at] = take(&pool, sizes[at], fills[at]);
    }
    size_t used = 0;
    for (uint32_t i = 0; i < HELD; i++)
        used += refs[i] == 0 ? 0 : pool_block_bytes(sizes[i]);
    ck_assert_uint_eq(used + pool_free_bytes(&pool), (size_t)(pool.next - 1) * POOL_UNIT_BYTES);
    pool_release(&pool);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pool_gives_aligned_blocks_without_headers,
        pool_takes_no_memory_before_the_first_block,
        pool_gives_a_freed_block_again,
        pool_cuts_a_larger_free_block_before_it_takes_a_chunk,
        pool_serves_the_largest_block,
        pool_blocks_never_overlap,
    };
    return RUN_SUITE("pool", tests);
}
