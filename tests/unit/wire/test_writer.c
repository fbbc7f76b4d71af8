#include <stdlib.h>
#include <string.h>

#include "daemon/wire/cursor.h"
#include "daemon/wire/writer.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/hex.h"
#include "tests/unit/wire/packed.h"

static struct outbuf out;

static struct writer new_writer(size_t limit)
{
    outbuf_init(&out);
    return (struct writer){ .out = &out, .limit = limit };
}

static void assert_written(const char *hex)
{
    uint8_t expected[128];
    size_t len = hex_decode(hex, expected, sizeof expected);
    ck_assert_uint_eq(out.len, len);
    ck_assert_mem_eq(out.data, expected, len);
    outbuf_release(&out);
}

START_TEST(numbers_are_written_in_as_many_bytes_as_they_take)
{
    struct writer w = new_writer(1000);
    writer_uint(&w, 1, 1);
    writer_uint(&w, 15, 127);
    writer_uint(&w, 16, 128);
    writer_uint(&w, 1, UINT64_MAX);
    writer_fixed64(&w, 2, 0x0102);
    assert_written("0801 787f 80018001 08ffffffffffffffffff01 110201000000000000");
}
END_TEST

START_TEST(defaults_are_left_out_but_elements_are_not)
{
    struct writer w = new_writer(1000);
    writer_uint(&w, 1, 0);
    writer_fixed64(&w, 1, 0);
    writer_string(&w, 1, "");
    writer_element(&w, 1, "");
    writer_string(&w, 1, "ab");
    assert_written("0a00 0a026162");
}
END_TEST

/* A nested message of `size` bytes for which room of `likely` was left. */
static void nest(size_t size, size_t likely)
{
    struct writer w = new_writer(SIZE_MAX);
    struct writer_mark mark = writer_open(&w, 1, likely);
    for (size_t i = 0; i < size; i++) {
        uint8_t *at = writer_room(&w, 1);
        ck_assert_ptr_nonnull(at);
        *at = (uint8_t)i;
    }
    writer_close(&w, mark);
    ck_assert_int_eq(w.status, ST_OK);
    struct cursor c = cursor_of((struct bytes_view){ out.data, out.len });
    ck_assert_uint_eq(cursor_tag(&c), WIRE_TAG(1, WIRE_BYTES));
    struct bytes_view nested = cursor_bytes(&c);
    ck_assert(!cursor_more(&c));
    ck_assert_uint_eq(out.len, 1 + varint_size(size) + size);
    ck_assert_uint_eq(nested.len, size);
    for (size_t i = 0; i < size; i++)
        ck_assert_uint_eq(nested.data[i], (uint8_t)i);
    outbuf_release(&out);
}

START_TEST(nested_length_is_right_whatever_was_expected)
{
    const size_t sizes[] = { 0, 1, 127, 128, 16383, 16384 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
            nest(sizes[i], sizes[j]);
    }
}
END_TEST

START_TEST(limit_is_exact_and_sticks)
{
    struct writer w = new_writer(4);
    writer_string(&w, 1, "ab");
    ck_assert_int_eq(w.status, ST_OK);
    writer_uint(&w, 1, 1);
    ck_assert_int_eq(w.status, ST_TOO_LARGE);
    w.limit = 1000;
    writer_uint(&w, 1, 1);
    ck_assert_int_eq(w.status, ST_TOO_LARGE);
    ck_assert_uint_eq(out.len, 4);
    outbuf_release(&out);
}
END_TEST

START_TEST(length_that_grows_over_the_limit_is_too_large)
{
    struct writer w = new_writer(2 + 128);
    struct writer_mark mark = writer_open(&w, 1, 0);
    ck_assert_ptr_nonnull(writer_room(&w, 128));
    writer_close(&w, mark);
    ck_assert_int_eq(w.status, ST_TOO_LARGE);
    outbuf_release(&out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_are_written_in_as_many_bytes_as_they_take,
        defaults_are_left_out_but_elements_are_not,
        nested_length_is_right_whatever_was_expected,
        limit_is_exact_and_sticks,
        length_that_grows_over_the_limit_is_too_large,
    };
    return RUN_SUITE("writer", tests);
}
