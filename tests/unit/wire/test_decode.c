#include <stdint.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/decode.h"
#include "proto/names.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/decoding.h"
#include "tests/unit/wire/packed.h"

static const struct decode_limits limits = { .max_keys = DECODING_KEYS };

static enum status hello(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct hello_request out;
    return decode_hello(body, arena, &out, err);
}

static enum status create_table(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct create_table_request out;
    return decode_create_table(body, arena, &out, err);
}

static enum status alter_table(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct alter_table_request out;
    return decode_alter_table(body, arena, &out, err);
}

static enum status drop_table(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct drop_table_request out;
    return decode_drop_table(body, arena, &out, err);
}

static enum status list_tables(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct list_tables_request out;
    return decode_list_tables(body, arena, &out, err);
}

static enum status union_keys(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct union_request out;
    return decode_union(body, &limits, arena, &out, err);
}

static char *columns_ab[] = { "a", "b" };

static Cardinal__V1__CreateTable valid_create(void)
{
    Cardinal__V1__CreateTable message = CARDINAL__V1__CREATE_TABLE__INIT;
    message.name = "visits";
    message.columns = columns_ab;
    message.n_columns = 2;
    return message;
}

START_TEST(create_table_defaults_are_filled_in)
{
    struct arena arena = new_arena();
    struct create_table_request out;
    Cardinal__V1__CreateTable message = valid_create();
    struct bytes_view body = pack_message(&message);
    ck_assert_int_eq(decode_create_table(body, &arena, &out, NULL), ST_OK);
    ck_assert_view_eq(out.name, "visits");
    ck_assert_uint_eq(out.column_count, 2);
    ck_assert_view_eq(out.columns[1], "b");
    ck_assert_uint_eq(out.precision, PRECISION_DEFAULT);
    ck_assert_int_eq(out.hash, HASH_KIND_XXH3);
    ck_assert_int_eq(out.ack, ACK_DEFAULT);
    ck_assert(!out.if_not_exists);
    ck_assert(!out.no_rollup);
    free_packed(body);
    arena_release(&arena);
}
END_TEST

START_TEST(create_table_refuses_bad_fields)
{
    Cardinal__V1__CreateTable message = valid_create();
    message.precision = 3;
    assert_refused(create_table, &message, "precision 3 out of range");
    message.precision = 19;
    assert_refused(create_table, &message, "precision 19 out of range");
    message = valid_create();
    message.hash = (Cardinal__V1__Hash)7;
    assert_refused(create_table, &message, "unknown hash 7");
    message = valid_create();
    message.ack = (Cardinal__V1__Ack)3;
    assert_refused(create_table, &message, "unknown ack 3");
    message = valid_create();
    message.name = "no spaces";
    assert_refused(create_table, &message, "invalid table name 'no spaces'");
    message.name = "";
    assert_refused(create_table, &message, "empty table name");
    message = valid_create();
    message.n_columns = 0;
    assert_refused(create_table, &message, "table 'visits' without columns");
}
END_TEST

START_TEST(create_table_refuses_bad_columns)
{
    char *twice[] = { "a", "b", "a" };
    char *reserved[] = { "a", "rse" };
    char *malformed[] = { "9a" };
    Cardinal__V1__CreateTable message = valid_create();
    message.columns = twice;
    message.n_columns = 3;
    assert_refused(create_table, &message, "column 'a' is there twice");
    message.columns = reserved;
    message.n_columns = 2;
    assert_refused(create_table, &message, "column name 'rse' is reserved");
    message.columns = malformed;
    message.n_columns = 1;
    assert_refused(create_table, &message, "invalid column name '9a'");
    char *many[COLUMNS_MAX + 1];
    for (size_t i = 0; i <= COLUMNS_MAX; i++)
        many[i] = "a";
    message.columns = many;
    message.n_columns = COLUMNS_MAX + 1;
    assert_refused(create_table, &message, "257 columns named, 256 at most");
}
END_TEST

START_TEST(hello_refuses_versions_that_make_no_range)
{
    Cardinal__V1__Hello message = CARDINAL__V1__HELLO__INIT;
    assert_refused(hello, &message, "hello with versions 0 to 0");
    message.min_version = 3;
    message.max_version = 2;
    assert_refused(hello, &message, "hello with versions 3 to 2");
    char client[CLIENT_NAME_MAX_BYTES + 2] = { 0 };
    memset(client, 'c', sizeof client - 1);
    message.max_version = 3;
    message.client = client;
    assert_refused(hello, &message, "client name of 129 bytes");
}
END_TEST

START_TEST(alter_table_checks_every_name)
{
    char *reserved[] = { "keys" };
    char *twice[] = { "b", "b" };
    Cardinal__V1__AlterTable message = CARDINAL__V1__ALTER_TABLE__INIT;
    assert_refused(alter_table, &message, "empty table name");
    message.table = "t";
    message.add_columns = reserved;
    message.n_add_columns = 1;
    assert_refused(alter_table, &message, "column name 'keys' is reserved");
    message.n_add_columns = 0;
    message.drop_columns = twice;
    message.n_drop_columns = 2;
    assert_refused(alter_table, &message, "column to drop 'b' is there twice");
    message.n_drop_columns = 0;
    message.rename_to = "-";
    assert_refused(alter_table, &message, "invalid new table name '-'");
}
END_TEST

START_TEST(many_small_fields_are_refused_before_they_are_unpacked)
{
    uint8_t body[3 * DECODE_FIELDS_MAX];
    for (size_t i = 0; i < sizeof body; i += 3)
        memcpy(body + i, "\xa0\x06\x00", 3); /* an unknown field */
    struct arena arena = new_arena();
    struct error err;
    memcpy(body, "\x0a\x01t", 3);
    ck_assert_int_eq(drop_table((struct bytes_view){ body, sizeof body }, &arena, &err), ST_OK);
    arena_release(&arena);
    uint8_t more[sizeof body + 3];
    memcpy(more, body, sizeof body);
    memcpy(more + sizeof body, "\xa0\x06\x00", 3);
    assert_bytes_refused(drop_table, (struct bytes_view){ more, sizeof more }, ST_TOO_LARGE,
                         "message of more than 2048 fields");
}
END_TEST

static void refuse_literal(decoder *decode, const char *body, size_t len, enum status status,
                           const char *text)
{
    assert_bytes_refused(decode, (struct bytes_view){ (const uint8_t *)body, len }, status, text);
}

#define REFUSE(decode, literal, status, text)                                                      \
    refuse_literal(decode, literal, sizeof(literal) - 1, status, text)

START_TEST(malformed_bodies_are_refused)
{
    REFUSE(drop_table, "\x0a\x05t", ST_MALFORMED, "a length that goes past the end at byte 1");
    REFUSE(drop_table, "\x0a\x01t\x15\x01\x00\x00\x00", ST_MALFORMED, "wrong wire type at byte 4");
    REFUSE(drop_table, "\x08\x01", ST_MALFORMED, "wrong wire type");
    REFUSE(union_keys, "\x0a\x01t\x1a\x04\x22\x02\x01\x01", ST_MALFORMED,
           "wrong wire type at byte 6");
    REFUSE(union_keys, "\x0a\x01t\x1a\x02\x0a\x05", ST_MALFORMED, "past the end at byte 6");
    REFUSE(hello, "\x22\x02\xc3\x28", ST_MALFORMED, "field 'token' is not UTF-8");
    REFUSE(list_tables, "\x0a\x01\xff", ST_MALFORMED, "field 'prefix' is not UTF-8");
}
END_TEST

START_TEST(names_are_not_cut_at_a_nul)
{
    REFUSE(drop_table, "\x0a\x03t\0x", ST_INVALID_ARGUMENT, "field 'table' holds a NUL byte");
}
END_TEST

START_TEST(what_protobuf_would_merge_is_refused)
{
    REFUSE(union_keys, "\x0a\x01t\x1a\x02\x20\x01\x1a\x02\x20\x01", ST_INVALID_ARGUMENT,
           "in Union more than one 'selector'");
    REFUSE(union_keys, "\x0a\x01t\x1a\x05\x12\x01p\x20\x01", ST_INVALID_ARGUMENT,
           "more than one kind in a Selector, the last 'all'");
    REFUSE(union_keys, "\x0a\x01t\x1a\x04\x20\x01\x20\x01", ST_INVALID_ARGUMENT,
           "more than one kind in a Selector");
}
END_TEST

START_TEST(empty_bodies_are_checked)
{
    struct error err;
    ck_assert_int_eq(decode_empty(view_of(""), &err), ST_OK);
    ck_assert_int_eq(decode_empty(view_of("\x08\x01"), &err), ST_OK);
    ck_assert_int_eq(decode_empty(view_of("\x08"), &err), ST_MALFORMED);
}
END_TEST

START_TEST(full_arena_is_a_status)
{
    struct arena arena;
    struct create_table_request out;
    Cardinal__V1__CreateTable message = valid_create();
    struct bytes_view body = pack_message(&message);
    size_t cap = 0;
    enum status st;
    do {
        struct error err;
        arena_init(&arena, 64, cap);
        st = decode_create_table(body, &arena, &out, &err);
        ck_assert(st == ST_OK || st == ST_RESOURCE_EXHAUSTED);
        arena_release(&arena);
        cap += 16;
    } while (st != ST_OK);
    ck_assert_uint_gt(cap, 100);
    free_packed(body);
}
END_TEST

START_TEST(failing_allocations_are_a_status)
{
    Cardinal__V1__CreateTable message = valid_create();
    struct bytes_view body = pack_message(&message);
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct arena arena;
        struct create_table_request out;
        arena_init(&arena, 64, 1 << 20);
        failing_alloc_arm(n);
        enum status st = decode_create_table(body, &arena, &out, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(st, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        arena_release(&arena);
    }
    free_packed(body);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        create_table_defaults_are_filled_in,
        create_table_refuses_bad_fields,
        create_table_refuses_bad_columns,
        hello_refuses_versions_that_make_no_range,
        alter_table_checks_every_name,
        many_small_fields_are_refused_before_they_are_unpacked,
        malformed_bodies_are_refused,
        names_are_not_cut_at_a_nul,
        what_protobuf_would_merge_is_refused,
        empty_bodies_are_checked,
        full_arena_is_a_status,
        failing_allocations_are_a_status,
    };
    return RUN_SUITE("decode", tests);
}
