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

/* Blocks say themselves what they were had for, in the low bits of their first word. */
static uint32_t take_sized(struct pool *pool, uint32_t size)
{
    uint32_t ref = pool_alloc(pool, size);
    ck_assert_uint_ne(ref, 0);
    memset(pool_at(pool, ref), (int)size, size);
    *(uint32_t *)pool_at(pool, ref) = size | POOL_BLOCK_USED;
    return ref;
}

static size_t size_of(const void *block)
{
    return *(const uint32_t *)block & ~POOL_BLOCK_USED;
}

/* Moves every block of sparse chunks elsewhere, noting where in refs. */
static void leave_all(struct pool *pool, uint32_t *refs, uint32_t count)
{
    uint32_t chunk = 0;
    while (pool_leave(pool, &chunk, UINT32_MAX, size_of)) {
        uint32_t leaving = pool->leaving;
        for (uint32_t ref; (ref = pool_leave_next(pool, size_of)) != 0;) {
            size_t size = size_of(pool_at(pool, ref));
            uint32_t to = pool_alloc(pool, size);
            ck_assert_uint_ne(to >> POOL_CHUNK_BITS, leaving);
            memcpy(pool_at(pool, to), pool_at(pool, ref), size);
            uint32_t at = 0;
            while (at < count && refs[at] != ref)
                at++;
            ck_assert_uint_lt(at, count);
            refs[at] = to;
            pool_free(pool, ref, size);
        }
        ck_assert_uint_eq(pool->leaving, POOL_NO_CHUNK);
    }
}

START_TEST(pool_leaves_chunks_whose_blocks_were_moved)
{
    struct random random;
    struct pool pool;
    uint32_t refs[HELD] = { 0 };
    random_init(&random, "pool_leave");
    pool_init(&pool);
    for (uint32_t round = 0; round < 30; round++) {
        size_t used = 0;
        for (uint32_t i = 0; i < HELD; i++) {
            if (refs[i] == 0)
                refs[i] = take_sized(&pool, 4 + (uint32_t)random_below(&random, 200));
        }
        for (uint32_t i = 0; i < HELD; i++) {
            if (random_below(&random, 8) != 0) {
                pool_free(&pool, refs[i], size_of(pool_at(&pool, refs[i])));
                refs[i] = 0;
            } else {
                used += pool_block_bytes(size_of(pool_at(&pool, refs[i])));
            }
        }
        ck_assert(pool_is_sparse(&pool));
        leave_all(&pool, refs, HELD);
        ck_assert_uint_lt(pool.held_bytes, used * 4 / 3 + 3 * POOL_CHUNK_UNITS * POOL_UNIT_BYTES);
        for (uint32_t i = 0; i < HELD; i++) {
            if (refs[i] == 0)
                continue;
            const uint8_t *bytes = pool_at(&pool, refs[i]);
            size_t size = size_of(bytes);
            for (size_t at = sizeof(uint32_t); at < size; at++)
                ck_assert_uint_eq(bytes[at], (uint8_t)size);
        }
    }
    pool_release(&pool);
}
END_TEST

START_TEST(pool_gives_nothing_out_of_a_chunk_that_is_left_until_it_stays)
{
    enum { BLOCKS = 400, SIZE = 256 };
    struct pool pool;
    uint32_t refs[BLOCKS];
    uint32_t chunk = 0;
    pool_init(&pool);
    for (uint32_t i = 0; i < BLOCKS; i++)
        refs[i] = take_sized(&pool, SIZE);
    for (uint32_t i = 0; i < BLOCKS; i += 2)
        pool_free(&pool, refs[i], SIZE);
    ck_assert(pool_leave(&pool, &chunk, UINT32_MAX, size_of));
    uint32_t leaving = pool.leaving;
    size_t held = pool.held_bytes;
    size_t others = pool_free_bytes(&pool) / SIZE - POOL_CHUNK_UNITS * POOL_UNIT_BYTES / SIZE / 2;
    for (size_t i = 0; i < others; i++)
        ck_assert_uint_ne(take_sized(&pool, SIZE) >> POOL_CHUNK_BITS, leaving);
    pool_free(&pool, pool_leave_next(&pool, size_of), SIZE);
    pool_stay(&pool, size_of);
    uint32_t within = 0;
    while (pool_free_bytes(&pool) >= SIZE)
        within += take_sized(&pool, SIZE) >> POOL_CHUNK_BITS == leaving;
    ck_assert_uint_eq(within, POOL_CHUNK_UNITS * POOL_UNIT_BYTES / SIZE / 2 + 1);
    ck_assert_uint_le(pool.held_bytes, held + POOL_CHUNK_UNITS * POOL_UNIT_BYTES);
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
        pool_leaves_chunks_whose_blocks_were_moved,
        pool_gives_nothing_out_of_a_chunk_that_is_left_until_it_stays,
    };
    return RUN_SUITE("pool", tests);
}
