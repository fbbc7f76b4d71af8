#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "daemon/memory/classes.h"
#include "daemon/memory/heap.h"
#include "tests/unit/run_suite.h"

#define MIB ((size_t)1 << 20)

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);

static bool mapping_fails;

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    return mapping_fails ? MAP_FAILED : __real_mmap(address, size, protection, flags, file, offset);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

START_TEST(classes_hold_their_sizes_and_lose_little)
{
    for (size_t size = 1; size <= CLASS_BYTES_MAX; size += 1 + size / 997) {
        unsigned class = class_of_size(size);
        ck_assert_uint_lt(class, CLASS_COUNT);
        ck_assert_uint_ge(class_bytes(class), size);
        ck_assert_uint_le(class_bytes(class) - size, size / 64 + CLASS_STEP_BYTES - 1);
        if (class > 0)
            ck_assert_uint_lt(class_bytes(class - 1), size);
    }
}
END_TEST

START_TEST(a_thread_counts_what_it_takes)
{
    static const size_t sizes[] = { 1, 100, 5000, 200000, 8 * MIB };
    size_t before = heap_thread_bytes();
    void *blocks[5];
    for (size_t i = 0; i < 5; i++) {
        size_t held = heap_thread_bytes();
        blocks[i] = heap_alloc(sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq(heap_thread_bytes() - held, heap_block_bytes(sizes[i]));
    }
    for (size_t i = 0; i < 5; i++)
        heap_free(blocks[i]);
    ck_assert_uint_eq(heap_thread_bytes(), before);
}
END_TEST

START_TEST(heap_gives_aligned_blocks_that_keep_what_is_written)
{
    enum { BLOCKS = 4000 };
    static uint8_t *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    uint64_t state = 1;
    size_t used = heap_used_bytes();
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = (unsigned)(next_random(&state) % BLOCKS);
        if (blocks[i] != NULL) {
            ck_assert_uint_eq(blocks[i][0], (uint8_t)i);
            ck_assert_uint_eq(blocks[i][sizes[i] - 1], (uint8_t)i);
            heap_free(blocks[i]);
        }
        sizes[i] = 1 + (size_t)(next_random(&state) % (16u << next_random(&state) % 10));
        blocks[i] = heap_alloc(sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % HEAP_ALIGNMENT, 0);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        heap_free(blocks[i]);
        blocks[i] = NULL;
    }
    ck_assert_uint_eq(heap_used_bytes(), used);
}
END_TEST

START_TEST(heap_has_room_for_blocks_of_any_size)
{
    size_t used = heap_used_bytes();
    for (size_t size = 100000; size < 20 * MIB; size = size * 3 / 2) {
        uint8_t *block = heap_alloc(size);
        ck_assert_ptr_nonnull(block);
        memset(block, 5, size);
        ck_assert_uint_ge(heap_used_bytes(), used + size);
        block = heap_realloc(block, size + size / 2);
        ck_assert_uint_eq(block[size - 1], 5);
        block[size + size / 2 - 1] = 1;
        block = heap_realloc(block, 10);
        ck_assert_uint_eq(block[9], 5);
        heap_free(block);
    }
    ck_assert_uint_eq(heap_used_bytes(), used);
}
END_TEST

START_TEST(heap_refuses_sizes_beyond_all_memory)
{
    ck_assert_ptr_null(heap_alloc(SIZE_MAX - 5));
    ck_assert_ptr_null(heap_alloc(SIZE_MAX / 4));
}
END_TEST

START_TEST(realloc_keeps_contents_and_stays_where_it_fits)
{
    char *block = heap_realloc(NULL, 33);
    memcpy(block, "what is kept", 13);
    ck_assert_ptr_eq(heap_realloc(block, 48), block);
    block = heap_realloc(block, 5000);
    ck_assert_str_eq(block, "what is kept");
    heap_free(block);
    heap_free(NULL);
}
END_TEST

START_TEST(heap_counts_the_pages_that_blocks_take)
{
    enum { BLOCKS = 20000, SIZE = 480 };
    static void *blocks[BLOCKS];
    heap_purge(0);
    size_t before = heap_held_bytes() - heap_idle_bytes();
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = heap_alloc(SIZE);
    size_t grown = heap_held_bytes() - heap_idle_bytes() - before;
    ck_assert_uint_ge(grown, (size_t)BLOCKS * SIZE);
    ck_assert_uint_le(grown, (size_t)BLOCKS * SIZE * 21 / 20);
    for (unsigned i = 0; i < BLOCKS; i++)
        heap_free(blocks[i]);
    ck_assert_uint_ge(heap_idle_bytes(), (size_t)BLOCKS * SIZE);
    heap_purge(0);
    ck_assert_uint_eq(heap_idle_bytes(), 0);
    ck_assert_uint_le(heap_held_bytes(), before + MIB);
}
END_TEST

/* Moves every block that is to be moved; how many were. */
static unsigned move_all(uint32_t **blocks, unsigned n)
{
    unsigned moved = 0;
    for (unsigned i = 0; i < n; i++) {
        if (blocks[i] == NULL || !heap_should_move(blocks[i]))
            continue;
        blocks[i] = heap_move(blocks[i]);
        ck_assert(!heap_should_move(blocks[i]));
        moved++;
    }
    return moved;
}

START_TEST(compaction_empties_sparse_spans)
{
    enum { BLOCKS = 50000, SIZE = 112 };
    static uint32_t *blocks[BLOCKS];
    uint64_t state = 7;
    size_t used = heap_used_bytes();
    heap_purge(0);
    size_t before = heap_held_bytes();
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = heap_alloc(SIZE);
        *blocks[i] = i;
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (next_random(&state) % 4 == 0)
            continue;
        heap_free(blocks[i]);
        blocks[i] = NULL;
    }
    size_t live = heap_used_bytes() - used;
    ck_assert_uint_ge(heap_held_bytes() - before, 2 * live);
    ck_assert_uint_gt(heap_compact(), 0);
    ck_assert_uint_gt(move_all(blocks, BLOCKS), 0);
    heap_purge(0);
    ck_assert_uint_le(heap_held_bytes() - before, live + live / 4);
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i] == NULL)
            continue;
        ck_assert_uint_eq(*blocks[i], i);
        heap_free(blocks[i]);
    }
    ck_assert_uint_eq(heap_used_bytes(), used);
}
END_TEST

START_TEST(blocks_that_are_not_moved_stay_good_and_are_chosen_again)
{
    enum { BLOCKS = 30000, SIZE = 208 };
    static uint32_t *blocks[BLOCKS];
    size_t used = heap_used_bytes();
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = heap_alloc(SIZE);
    for (unsigned i = 0; i < BLOCKS; i++) {
        *blocks[i] = i;
        if (i % 5 != 0) {
            heap_free(blocks[i]);
            blocks[i] = NULL;
        }
    }
    size_t first = heap_compact();
    ck_assert_uint_gt(first, 0);
    ck_assert_uint_eq(heap_compact(), first);
    for (unsigned i = 0; i < BLOCKS; i += 5) {
        ck_assert_uint_eq(*blocks[i], i);
        heap_free(blocks[i]);
    }
    ck_assert_uint_eq(heap_used_bytes(), used);
}
END_TEST

START_TEST(what_was_set_aside_can_be_had_when_nothing_can_be_mapped)
{
    enum { BLOCKS = 300000, SIZE = 1024 };
    static void *mine[BLOCKS];
    static void *others[BLOCKS];
    unsigned count = 0;
    size_t wanted = 100 * MIB;
    ck_assert(heap_set_aside(wanted + heap_span_bytes(SIZE)));
    mapping_fails = true;
    /* Somebody else takes what he can get. */
    while (count < BLOCKS && (others[count] = heap_alloc(SIZE)) != NULL)
        count++;
    ck_assert_uint_lt(count, BLOCKS);
    ck_assert(!heap_set_aside(wanted));
    heap_draw(true);
    for (unsigned i = 0; i < wanted / SIZE; i++) {
        mine[i] = heap_alloc(SIZE);
        if (mine[i] == NULL)
            ck_abort_msg("block %u could not be had", i);
    }
    heap_draw(false);
    heap_put_back(wanted + heap_span_bytes(SIZE));
    mapping_fails = false;
    for (unsigned i = 0; i < count; i++)
        heap_free(others[i]);
    for (unsigned i = 0; i < wanted / SIZE; i++)
        heap_free(mine[i]);
    heap_purge(0);
    void *block = heap_alloc(SIZE);
    ck_assert_ptr_nonnull(block);
    heap_free(block);
}
END_TEST

static long page_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* Else a loop would stand still for a large batch to be admitted. */
START_TEST(setting_address_space_aside_writes_to_few_pages)
{
    size_t held = heap_held_bytes();
    ck_assert(heap_set_aside(MIB));
    long before = page_faults();
    ck_assert(heap_set_aside(8192 * MIB));
    ck_assert_int_le(page_faults() - before, 100); /* there are 2,048 regions in it */
    ck_assert_uint_eq(heap_held_bytes(), held);
    heap_put_back(8193 * MIB);
}
END_TEST

START_TEST(heap_says_so_when_nothing_can_be_mapped)
{
    enum { BLOCKS = 1000000, SIZE = 4096 };
    static void *blocks[BLOCKS];
    unsigned count = 0;
    mapping_fails = true;
    while (count < BLOCKS && (blocks[count] = heap_alloc(SIZE)) != NULL)
        count++;
    ck_assert_uint_lt(count, BLOCKS);
    ck_assert_ptr_null(heap_alloc(64 * MIB));
    mapping_fails = false;
    for (unsigned i = 0; i < count; i++)
        heap_free(blocks[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        classes_hold_their_sizes_and_lose_little,
        a_thread_counts_what_it_takes,
        heap_gives_aligned_blocks_that_keep_what_is_written,
        heap_has_room_for_blocks_of_any_size,
        heap_refuses_sizes_beyond_all_memory,
        realloc_keeps_contents_and_stays_where_it_fits,
        heap_counts_the_pages_that_blocks_take,
        compaction_empties_sparse_spans,
        blocks_that_are_not_moved_stay_good_and_are_chosen_again,
        what_was_set_aside_can_be_had_when_nothing_can_be_mapped,
        setting_address_space_aside_writes_to_few_pages,
        heap_says_so_when_nothing_can_be_mapped,
    };
    return RUN_SUITE("heap", tests);
}
