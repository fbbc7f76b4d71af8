#include <stdint.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/request.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

#define PEEK(literal, head, err)                                                                   \
    request_peek((struct bytes_view){ (const uint8_t *)(literal), sizeof(literal) - 1 }, head, err)

START_TEST(peek_finds_id_deadline_and_body)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("\x08\xac\x02\x10\x05\x92\x01\x02xy", &head, &err), ST_OK);
    ck_assert_uint_eq(head.id, 300);
    ck_assert_uint_eq(head.deadline_ms, 5);
    ck_assert_int_eq(head.kind, REQUEST_CARDINALITY);
    ck_assert_view_eq(head.body, "xy");
}
END_TEST

START_TEST(fields_come_in_any_order_and_the_last_id_counts)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("\x5a\x00\x08\x01\x08\x02", &head, &err), ST_OK);
    ck_assert_uint_eq(head.id, 2);
    ck_assert_int_eq(head.kind, REQUEST_PING);
    ck_assert_uint_eq(head.body.len, 0);
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("\x1a\x03"
                          "abc\x20\x07\x5a\x00\x31"
                          "12345678\xfd\x01"
                          "1234",
                          &head, &err),
                     ST_OK);
    ck_assert_int_eq(head.kind, REQUEST_PING);
}
END_TEST

START_TEST(missing_or_unknown_body_is_unimplemented)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("", &head, &err), ST_UNIMPLEMENTED);
    ck_assert_int_eq(PEEK("\x08\x09\xd2\x05\x00", &head, &err), ST_UNIMPLEMENTED);
    ck_assert_uint_eq(head.id, 9);
    ck_assert_int_eq(head.kind, REQUEST_UNKNOWN);
}
END_TEST

START_TEST(two_bodies_are_refused)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("\x08\x09\x5a\x00\xb2\x01\x00", &head, &err), ST_INVALID_ARGUMENT);
    ck_assert_uint_eq(head.id, 9);
    ck_assert_int_eq(PEEK("\x5a\x00\x5a\x00", &head, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "request with 2 bodies");
}
END_TEST

START_TEST(malformed_request_tells_the_fault_and_keeps_the_id)
{
    struct request_head head;
    struct error err;
    ck_assert_int_eq(PEEK("\x08\x07\x5a\x05zz", &head, &err), ST_MALFORMED);
    ck_assert_uint_eq(head.id, 7);
    ck_assert_str_eq(err.text, "malformed message: a length that goes past the end at byte 3");
    ck_assert_int_eq(PEEK("\x08\x07\x5d", &head, &err), ST_MALFORMED);
    ck_assert_str_eq(err.text, "malformed message: a field of the wrong wire type at byte 3");
    ck_assert_int_eq(PEEK("\x08\xff", &head, &err), ST_MALFORMED);
    ck_assert_str_eq(err.text, "malformed message: a number that does not end at byte 1");
    ck_assert_int_eq(PEEK("\x0b", &head, &err), ST_MALFORMED);
    ck_assert_int_eq(PEEK("\x23", &head, &err), ST_MALFORMED);
    ck_assert_str_eq(err.text, "malformed message: an unknown wire type at byte 1");
    ck_assert_int_eq(PEEK("\xff\xff\xff\xff\xff\x01", &head, &err), ST_MALFORMED);
    ck_assert_int_eq(PEEK("\x21zz", &head, &err), ST_MALFORMED);
    ck_assert_int_eq(PEEK("\x12\x00", &head, &err), ST_MALFORMED);
}
END_TEST

START_TEST(kinds_have_the_numbers_of_the_proto)
{
    for (unsigned k = 0; k < REQUEST_KIND_COUNT; k++) {
        const struct request_kind_info *info = request_kind_info((enum request_kind)k);
        const ProtobufCFieldDescriptor *request = protobuf_c_message_descriptor_get_field_by_name(
            &cardinal__v1__request__descriptor, info->name);
        const ProtobufCFieldDescriptor *response = protobuf_c_message_descriptor_get_field_by_name(
            &cardinal__v1__response__descriptor, info->name);
        ck_assert_ptr_nonnull(request);
        ck_assert_ptr_nonnull(response);
        ck_assert_uint_eq(request->id, info->field);
        ck_assert_uint_eq(response->id, info->field);
    }
    ck_assert_uint_eq(cardinal__v1__request__descriptor.n_fields, 2 + REQUEST_KIND_COUNT);
}
END_TEST

START_TEST(writes_and_reads_are_told_apart)
{
    for (unsigned k = 0; k < REQUEST_KIND_COUNT; k++) {
        unsigned flags = request_kind_info((enum request_kind)k)->flags;
        ck_assert_uint_ne(flags & (REQUEST_READS | REQUEST_WRITES), REQUEST_READS | REQUEST_WRITES);
    }
    ck_assert_uint_eq(request_kind_info(REQUEST_INGEST)->flags, REQUEST_WRITES);
    ck_assert_uint_eq(request_kind_info(REQUEST_CARDINALITY)->flags, REQUEST_READS);
}
END_TEST

START_TEST(peek_refuses_endless_fields)
{
    static uint8_t payload[2 * (REQUEST_FIELDS_MAX + 1)];
    struct request_head head;
    struct error err;

    for (size_t i = 0; i < sizeof payload; i += 2) {
        payload[i] = 9 << 3; /* a field that nobody knows */
        payload[i + 1] = 1;
    }
    ck_assert_int_eq(request_peek((struct bytes_view){ payload, sizeof payload }, &head, &err),
                     ST_TOO_LARGE);
    ck_assert_int_eq(request_peek((struct bytes_view){ payload, sizeof payload - 2 }, &head, &err),
                     ST_UNIMPLEMENTED);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        peek_finds_id_deadline_and_body,
        peek_refuses_endless_fields,
        fields_come_in_any_order_and_the_last_id_counts,
        unknown_fields_are_skipped,
        missing_or_unknown_body_is_unimplemented,
        two_bodies_are_refused,
        malformed_request_tells_the_fault_and_keeps_the_id,
        kinds_have_the_numbers_of_the_proto,
        writes_and_reads_are_told_apart,
    };
    return RUN_SUITE("request", tests);
}
