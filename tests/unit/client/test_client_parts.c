/* The small parts: bytes, arena, options. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/arena.h"
#include "client/lib/bytes.h"
#include "client/lib/options.h"
#include "tests/unit/run_suite.h"

START_TEST(varints_have_the_size_they_say)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int less = 0; less < 2; less++) {
            uint8_t out[VARINT_MAX_BYTES];
            uint64_t value = (UINT64_C(1) << bit) - (uint64_t)less;
            ck_assert_uint_eq((size_t)(varint_put(out, value) - out), varint_size(value));
        }
    }
    ck_assert_uint_eq(varint_size(UINT64_MAX), VARINT_MAX_BYTES);
}
END_TEST

START_TEST(bytes_are_consumed_from_the_front)
{
    struct bytes bytes = { 0 };
    ck_assert(bytes_reserve(&bytes, 5));
    bytes_append(&bytes, "abcde", 5);
    bytes_consume(&bytes, 2);
    ck_assert_uint_eq(bytes.len, 3);
    ck_assert_mem_eq(bytes.data, "cde", 3);
    ck_assert(!bytes_reserve(&bytes, SIZE_MAX));
    ck_assert_uint_eq(bytes.len, 3);
    bytes_release(&bytes);
}
END_TEST

START_TEST(arena_keeps_to_its_cap)
{
    struct arena *arena = arena_new(1000);
    ck_assert_ptr_nonnull(arena_alloc(arena, 600));
    ck_assert_ptr_null(arena_alloc(arena, 600));
    ck_assert(arena->over_cap);
    ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 4));
    arena_free(arena);
}
END_TEST

START_TEST(arena_pieces_are_aligned_and_apart)
{
    struct arena *arena = arena_new(SIZE_MAX);
    char *text = arena_copy(arena, "abc", 3);
    uint64_t *words = arena_array(arena, 100000, sizeof *words);
    ck_assert_ptr_nonnull(words);
    ck_assert_uint_eq((uintptr_t)words % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < 100000; i++)
        ck_assert_uint_eq(words[i], 0);
    ck_assert_str_eq(text, "abc");
    arena_free(arena);
}
END_TEST

START_TEST(options_of_an_older_header_leave_the_rest_unset)
{
    struct {
        size_t size;
        int a;
        int b;
    } out = { 0 }, given = { .size = sizeof(size_t) + sizeof(int), .a = 1, .b = 2 };
    ck_assert(options_copy(&out, sizeof out, &given));
    ck_assert_int_eq(out.a, 1);
    ck_assert_int_eq(out.b, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        varints_have_the_size_they_say,
        bytes_are_consumed_from_the_front,
        arena_keeps_to_its_cap,
        arena_pieces_are_aligned_and_apart,
        options_of_an_older_header_leave_the_rest_unset,
    };
    return RUN_SUITE("client_parts", tests);
}
