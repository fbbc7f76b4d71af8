#include "daemon/wire/cursor.h"

#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

#define CURSOR(literal)                                                                            \
    cursor_of((struct bytes_view){ (const uint8_t *)(literal), sizeof(literal) - 1 })

START_TEST(varints_of_every_length_are_read)
{
    struct cursor c =
        CURSOR("\x00\x7f\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x85\x80\x00");
    ck_assert_uint_eq(cursor_varint(&c), 0);
    ck_assert_uint_eq(cursor_varint(&c), 127);
    ck_assert_uint_eq(cursor_varint(&c), 128);
    ck_assert_uint_eq(cursor_varint(&c), UINT64_MAX);
    ck_assert_uint_eq(cursor_varint(&c), 5);
    ck_assert(!cursor_more(&c));
    ck_assert_ptr_null(c.fault);
}
END_TEST

START_TEST(varint_of_eleven_bytes_or_cut_is_a_fault)
{
    struct cursor c = CURSOR("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00");
    ck_assert_uint_eq(cursor_varint(&c), 0);
    ck_assert_ptr_nonnull(c.fault);
    c = CURSOR("\x80\x80");
    cursor_varint(&c);
    ck_assert_ptr_nonnull(c.fault);
    c = CURSOR("");
    cursor_varint(&c);
    ck_assert_ptr_nonnull(c.fault);
}
END_TEST

START_TEST(field_zero_is_a_fault)
{
    struct cursor c = CURSOR("\x02\x00");
    cursor_tag(&c);
    ck_assert_str_eq(c.fault, "a field of number 0");
}
END_TEST

START_TEST(length_may_reach_the_end_and_no_further)
{
    struct cursor c = CURSOR("\x03"
                             "abc");
    ck_assert_view_eq(cursor_bytes(&c), "abc");
    ck_assert_ptr_null(c.fault);
    c = CURSOR("\x04"
               "abc");
    ck_assert_uint_eq(cursor_bytes(&c).len, 0);
    ck_assert_ptr_nonnull(c.fault);
    c = CURSOR("\xff\xff\xff\xff\x0f"
               "abc");
    cursor_bytes(&c);
    ck_assert_ptr_nonnull(c.fault);
    c = CURSOR("\x80\x80\x80\x80\x10"); /* 2^32: 0 in 32 bits */
    cursor_bytes(&c);
    ck_assert_ptr_nonnull(c.fault);
}
END_TEST

START_TEST(every_wire_type_is_skipped)
{
    struct cursor c = CURSOR("\x96\x01"
                             "12345678\x02zz"
                             "1234!");
    cursor_skip(&c, WIRE_TAG(9, WIRE_VARINT));
    cursor_skip(&c, WIRE_TAG(9, WIRE_64BIT));
    cursor_skip(&c, WIRE_TAG(9, WIRE_BYTES));
    cursor_skip(&c, WIRE_TAG(9, WIRE_32BIT));
    ck_assert_ptr_null(c.fault);
    ck_assert_int_eq(*c.at, '!');
    cursor_skip(&c, WIRE_TAG(9, 3));
    ck_assert_str_eq(c.fault, "an unknown wire type");
}
END_TEST

START_TEST(first_fault_is_kept_with_its_place)
{
    struct bytes_view bytes = view_of("0123456789");
    struct cursor c = cursor_of(bytes);
    struct error err;
    ck_assert_int_eq(cursor_status(&c, bytes.data, &err), ST_OK);
    cursor_fail(&c, "first", bytes.data + 4);
    cursor_fail(&c, "second", bytes.data + 2);
    ck_assert(!cursor_more(&c));
    ck_assert_int_eq(cursor_status(&c, bytes.data, &err), ST_MALFORMED);
    ck_assert_str_eq(err.text, "malformed message: first at byte 4");
    struct cursor outer = cursor_of(bytes);
    cursor_inherit(&outer, &c);
    ck_assert_str_eq(outer.fault, "first");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        varints_of_every_length_are_read,
        varint_of_eleven_bytes_or_cut_is_a_fault,
        field_zero_is_a_fault,
        length_may_reach_the_end_and_no_further,
        every_wire_type_is_skipped,
        first_fault_is_kept_with_its_place,
    };
    return RUN_SUITE("cursor", tests);
}
