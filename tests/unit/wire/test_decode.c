#include <stdint.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/decode.h"
#include "proto/names.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

static const struct decode_limits limits = { .max_keys = 4 };
static char long_key[KEY_MAX_BYTES + 2];

static struct arena new_arena(void)
{
    struct arena arena;
    arena_init(&arena, 4096, DECODE_ARENA_BYTES(1 << 20, 4));
    return arena;
}

/* One decoder under one signature, for the tests that go over several. */
typedef enum status decoder(struct bytes_view body, struct arena *arena, struct error *err);

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

static enum status cardinality(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct cardinality_request out;
    return decode_cardinality(body, &limits, arena, &out, err);
}

static enum status union_keys(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct union_request out;
    return decode_union(body, &limits, arena, &out, err);
}

static enum status scan(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct scan_request out;
    return decode_scan(body, &limits, arena, &out, err);
}

static enum status delete_keys(struct bytes_view body, struct arena *arena, struct error *err)
{
    struct delete_request out;
    return decode_delete(body, &limits, arena, &out, err);
}

/* The bytes are refused with the status, and the text names the thing. */
static void assert_bytes_refused(decoder *decode, struct bytes_view body, enum status status,
                                 const char *text)
{
    struct arena arena = new_arena();
    struct error err;
    ck_assert_int_eq(decode(body, &arena, &err), status);
    ck_assert_int_eq(err.code, status);
    ck_assert_msg(strstr(err.text, text) != NULL, "'%s' is not in '%s'", text, err.text);
    arena_release(&arena);
}

static void assert_refused(decoder *decode, const void *message, const char *text)
{
    struct bytes_view body = pack_message(message);
    assert_bytes_refused(decode, body, ST_INVALID_ARGUMENT, text);
    free_packed(body);
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

/* A selector of the kind, and a union that carries it. */
static Cardinal__V1__Selector selector_all(void)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_ALL;
    selector.all = 1;
    return selector;
}

START_TEST(selector_must_have_a_kind)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Union message = CARDINAL__V1__UNION__INIT;
    message.table = "t";
    assert_refused(union_keys, &message, "request without a selector");
    message.selector = &selector;
    assert_refused(union_keys, &message, "selector without a kind");
    selector = selector_all();
    selector.all = 0;
    assert_refused(union_keys, &message, "selector with all = false");
}
END_TEST

START_TEST(keys_of_every_selector_are_bounded)
{
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Delete message = CARDINAL__V1__DELETE__INIT;
    Cardinal__V1__KeyRange range = CARDINAL__V1__KEY_RANGE__INIT;
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    ProtobufCBinaryData keys[] = { binary("a"), binary(long_key) };
    message.table = "t";
    message.selector = &selector;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_PREFIX;
    selector.prefix = binary(long_key);
    assert_refused(delete_keys, &message, "prefix of 1025 bytes, 1024 at most");
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_RANGE;
    selector.range = &range;
    range.from = binary(long_key);
    assert_refused(delete_keys, &message, "range's first key of 1025 bytes");
    range.from = binary("");
    range.to = binary(long_key);
    assert_refused(delete_keys, &message, "range's last key of 1025 bytes");
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector.list = &list;
    list.keys = keys;
    list.n_keys = 2;
    assert_refused(delete_keys, &message, "key of 1025 bytes");
}
END_TEST

START_TEST(cardinality_takes_a_list_and_scan_takes_none)
{
    Cardinal__V1__Selector all = selector_all();
    Cardinal__V1__Cardinality query = CARDINAL__V1__CARDINALITY__INIT;
    query.table = "t";
    query.selector = &all;
    assert_refused(cardinality, &query, "cardinality takes a list");
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    Cardinal__V1__Selector listed = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Scan message = CARDINAL__V1__SCAN__INIT;
    listed.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    listed.list = &list;
    message.table = "t";
    message.selector = &listed;
    assert_refused(scan, &message, "scan takes a prefix, a range or all");
}
END_TEST

START_TEST(more_keys_than_allowed_are_too_large)
{
    ProtobufCBinaryData keys[5] = { { 0, NULL } };
    Cardinal__V1__KeyList list = CARDINAL__V1__KEY_LIST__INIT;
    Cardinal__V1__Selector selector = CARDINAL__V1__SELECTOR__INIT;
    Cardinal__V1__Cardinality message = CARDINAL__V1__CARDINALITY__INIT;
    selector.kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector.list = &list;
    message.table = "t";
    message.selector = &selector;
    list.keys = keys;
    list.n_keys = 5;
    struct bytes_view body = pack_message(&message);
    assert_bytes_refused(cardinality, body, ST_TOO_LARGE, "list of 5 keys, 4 at most");
    free_packed(body);
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
        selector_must_have_a_kind,
        keys_of_every_selector_are_bounded,
        cardinality_takes_a_list_and_scan_takes_none,
        more_keys_than_allowed_are_too_large,
        many_small_fields_are_refused_before_they_are_unpacked,
        malformed_bodies_are_refused,
        names_are_not_cut_at_a_nul,
        what_protobuf_would_merge_is_refused,
        empty_bodies_are_checked,
        full_arena_is_a_status,
        failing_allocations_are_a_status,
    };
    memset(long_key, 'k', sizeof long_key - 1);
    return RUN_SUITE("decode", tests);
}
