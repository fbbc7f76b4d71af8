#include <stdint.h>
#include <string.h>

#include "daemon/wire/arena.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

START_TEST(pieces_are_aligned_and_apart)
{
    struct arena arena;
    arena_init(&arena, 64, 4096);
    uint8_t *previous = NULL;
    for (size_t size = 1; size < 60; size++) {
        uint8_t *piece = arena_alloc(&arena, size);
        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % _Alignof(max_align_t), 0);
        memset(piece, (int)size, size);
        if (previous != NULL)
            ck_assert_uint_eq(previous[size - 2], size - 1);
        previous = piece;
    }
    arena_release(&arena);
}
END_TEST

START_TEST(cap_holds_over_chunks_and_resets)
{
    struct arena arena;
    arena_init(&arena, 64, 1024);
    for (int round = 0; round < 3; round++) {
        size_t got = 0;
        while (arena_alloc(&arena, 32) != NULL)
            got += 32;
        ck_assert_uint_eq(got, 1024);
        ck_assert_ptr_null(arena_alloc(&arena, 1));
        arena_reset(&arena);
    }
    ck_assert_ptr_null(arena_alloc(&arena, 1025));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 1024));
    arena_release(&arena);
}
END_TEST

START_TEST(array_size_that_overflows_is_refused)
{
    struct arena arena;
    arena_init(&arena, 64, SIZE_MAX);
    ck_assert_ptr_null(arena_alloc_array(&arena, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 64));
    ck_assert_ptr_nonnull(arena_alloc_array(&arena, 0, 8));
    arena_release(&arena);
}
END_TEST

START_TEST(reset_keeps_the_first_chunk)
{
    struct arena arena;
    arena_init(&arena, 256, 1 << 20);
    void *first = arena_alloc(&arena, 16);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    ck_assert_ptr_eq(arena_alloc(&arena, 16), first);
    arena_release(&arena);
}
END_TEST

START_TEST(failed_allocation_leaves_the_arena_usable)
{
    struct arena arena;
    arena_init(&arena, 64, 1 << 20);
    failing_alloc_arm(0);
    ck_assert_ptr_null(arena_alloc(&arena, 16));
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_nonnull(arena_alloc(&arena, 16));
    failing_alloc_arm(0);
    ck_assert_ptr_null(arena_alloc(&arena, 4096));
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_nonnull(arena_alloc(&arena, 16));
    arena_release(&arena);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pieces_are_aligned_and_apart,
        cap_holds_over_chunks_and_resets,
        array_size_that_overflows_is_refused,
        reset_keeps_the_first_chunk,
        failed_allocation_leaves_the_arena_usable,
    };
    return RUN_SUITE("arena", tests);
}
