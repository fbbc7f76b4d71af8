/* Requests as bytes that must be understood for ever: made once, by another
 * implementation (Python's protobuf), with every field set. */
#include "daemon/wire/decode.h"
#include "daemon/wire/decode_sketches.h"
#include "daemon/wire/ingest.h"
#include "daemon/wire/request.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/hex.h"
#include "tests/unit/wire/packed.h"

static const char *const golden[REQUEST_KIND_COUNT] = {
    [REQUEST_HELLO] = "0801521608011002180422067365637265742a06746573742f31",
    [REQUEST_PING] = "080210fa015a00",
    [REQUEST_CREATE_TABLE] = "080362220a067669736974731205757365727312057061676573180c20012807"
                             "300138014001",
    [REQUEST_ALTER_TABLE] = "08046a160a067669736974731201611a05706167657322027632",
    [REQUEST_DROP_TABLE] = "0805720a0a067669736974731001",
    [REQUEST_LIST_TABLES] = "08067a0b0a027669100a1a03616263",
    [REQUEST_DESCRIBE_TABLE] = "080782010a0a067669736974731001",
    [REQUEST_INGEST] = "08088a014c0a0676697369747310051a0575736572731a05706167657322300a"
                       "026b311212121001000000000000001122334455667788121608011a03616263"
                       "220301d8042a08000000000000f83f2801",
    [REQUEST_CARDINALITY] = "080992011c0a06766973697473120575736572731a0b0a090a026b310a000a01"
                            "ff",
    [REQUEST_UNION] = "080a9a01190a06766973697473120575736572731a081a060a0161120162",
    [REQUEST_SCAN] = "080ba2011f0a06766973697473120575736572731a0412026162200528e80732"
                     "0378797a",
    [REQUEST_DELETE] = "080caa010c0a0676697369747312022001",
    [REQUEST_STATS] = "080db20100",
    [REQUEST_COMPARE] = "080eba011f0a06766973697473120575736572731a090a070a026b310a01ff22"
                        "03120170",
    [REQUEST_MERGE] = "080fc201110a067669736974731203616c6c1a022001",
    [REQUEST_EXPORT] = "0810ca01220a06766973697473120575736572731a051a0312017a2003280530"
                       "e8073a0378797a",
    [REQUEST_IMPORT] = "0811d201270a06766973697473120575736572731801220a0a026b3112044859"
                       "4c4c22041202000128013001",
    [REQUEST_TOP] = "0812da01160a06766973697473120575736572731a031201702014",
    [REQUEST_CHECKPOINT] = "0813e20100",
    [REQUEST_BACKUP] = "0814ea01040a022f62",
};

static const struct decode_limits limits = { .max_keys = 10 };
static struct arena arena;
static uint8_t payload[512];

/* The body of the golden request of the kind. */
static struct bytes_view body_of(enum request_kind kind)
{
    struct request_head head;
    size_t len = hex_decode(golden[kind], payload, sizeof payload);
    ck_assert_int_eq(request_peek((struct bytes_view){ payload, len }, &head, NULL), ST_OK);
    ck_assert_int_eq(head.kind, kind);
    ck_assert_uint_eq(head.id, (uint64_t)kind + 1);
    ck_assert_uint_eq(head.deadline_ms, kind == REQUEST_PING ? 250 : 0);
    return head.body;
}

static void setup(void)
{
    arena_init(&arena, 4096, 1 << 20);
}

START_TEST(hello_is_understood)
{
    struct hello_request r;
    setup();
    ck_assert_int_eq(decode_hello(body_of(REQUEST_HELLO), &arena, &r, NULL), ST_OK);
    ck_assert_uint_eq(r.min_version, 1);
    ck_assert_uint_eq(r.max_version, 2);
    ck_assert_uint_eq(r.features, 4);
    ck_assert_view_eq(r.token, "secret");
    ck_assert_view_eq(r.client, "test/1");
    arena_release(&arena);
}
END_TEST

START_TEST(ping_and_stats_are_understood)
{
    ck_assert_int_eq(decode_empty(body_of(REQUEST_PING), NULL), ST_OK);
    ck_assert_int_eq(decode_empty(body_of(REQUEST_STATS), NULL), ST_OK);
}
END_TEST

START_TEST(create_table_is_understood)
{
    struct create_table_request r;
    setup();
    ck_assert_int_eq(decode_create_table(body_of(REQUEST_CREATE_TABLE), &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.name, "visits");
    ck_assert_uint_eq(r.column_count, 2);
    ck_assert_view_eq(r.columns[0], "users");
    ck_assert_view_eq(r.columns[1], "pages");
    ck_assert_uint_eq(r.precision, 12);
    ck_assert_int_eq(r.hash, HASH_KIND_MURMUR64A);
    ck_assert_uint_eq(r.seed, 7);
    ck_assert(r.if_not_exists);
    ck_assert(r.no_rollup);
    ck_assert_int_eq(r.ack, ACK_MEMORY);
    arena_release(&arena);
}
END_TEST

START_TEST(alter_table_is_understood)
{
    struct alter_table_request r;
    setup();
    ck_assert_int_eq(decode_alter_table(body_of(REQUEST_ALTER_TABLE), &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_uint_eq(r.add_count, 1);
    ck_assert_view_eq(r.add[0], "a");
    ck_assert_uint_eq(r.drop_count, 1);
    ck_assert_view_eq(r.drop[0], "pages");
    ck_assert_view_eq(r.rename_to, "v2");
    arena_release(&arena);
}
END_TEST

START_TEST(drop_list_and_describe_are_understood)
{
    struct drop_table_request drop;
    struct list_tables_request list;
    struct describe_table_request describe;
    setup();
    ck_assert_int_eq(decode_drop_table(body_of(REQUEST_DROP_TABLE), &arena, &drop, NULL), ST_OK);
    ck_assert_view_eq(drop.table, "visits");
    ck_assert(drop.if_exists);
    ck_assert_int_eq(decode_list_tables(body_of(REQUEST_LIST_TABLES), &arena, &list, NULL), ST_OK);
    ck_assert_view_eq(list.prefix, "vi");
    ck_assert_uint_eq(list.limit, 10);
    ck_assert_view_eq(list.page_token, "abc");
    ck_assert_int_eq(
        decode_describe_table(body_of(REQUEST_DESCRIBE_TABLE), &arena, &describe, NULL), ST_OK);
    ck_assert_view_eq(describe.table, "visits");
    ck_assert(describe.digest);
    arena_release(&arena);
}
END_TEST

static uint64_t hash_at(const struct batch_cell *cell, size_t i)
{
    uint64_t hash;
    memcpy(&hash, cell->hashes + 8 * i, sizeof hash);
    return hash;
}

START_TEST(ingest_is_understood)
{
    struct ingest_head head;
    struct batch batch;
    struct value_hasher hasher;
    setup();
    value_hasher_init(&hasher, HASH_KIND_XXH3, 0);
    ck_assert_int_eq(ingest_head(body_of(REQUEST_INGEST), 10, &arena, &head, NULL), ST_OK);
    ck_assert_view_eq(head.table, "visits");
    ck_assert_uint_eq(head.table_id, 5);
    ck_assert_uint_eq(head.column_count, 2);
    ck_assert_view_eq(head.columns[1], "pages");
    ck_assert_int_eq(head.ack, ACK_MEMORY);
    ck_assert_int_eq(ingest_decode(&head, &hasher, 10, &arena, &batch, NULL), ST_OK);
    ck_assert_uint_eq(batch.row_count, 1);
    ck_assert_uint_eq(batch.value_count, 6);
    ck_assert_uint_eq(batch.rows[0].key_len, 2);
    ck_assert_mem_eq(batch.rows[0].key, "k1", 2);
    ck_assert_uint_eq(batch.cells[0].n, 2);
    ck_assert_uint_eq(hash_at(&batch.cells[0], 1), UINT64_C(0x8877665544332211));
    ck_assert_uint_eq(batch.cells[1].column, 1);
    ck_assert_uint_eq(batch.cells[1].n, 4);
    ck_assert_uint_eq(hash_at(&batch.cells[1], 0), value_hash_bytes(&hasher, "abc", 3));
    ck_assert_uint_eq(hash_at(&batch.cells[1], 1), value_hash_int(&hasher, -1));
    ck_assert_uint_eq(hash_at(&batch.cells[1], 2), value_hash_int(&hasher, 300));
    ck_assert_uint_eq(hash_at(&batch.cells[1], 3), value_hash_double(&hasher, 1.5));
    arena_release(&arena);
}
END_TEST

START_TEST(cardinality_is_understood)
{
    struct cardinality_request r;
    setup();
    ck_assert_int_eq(decode_cardinality(body_of(REQUEST_CARDINALITY), &limits, &arena, &r, NULL),
                     ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_uint_eq(r.column_count, 1);
    ck_assert_view_eq(r.columns[0], "users");
    ck_assert_uint_eq(r.key_count, 3);
    ck_assert_view_eq(r.keys[0], "k1");
    ck_assert_view_eq(r.keys[1], "");
    ck_assert_view_eq(r.keys[2], "\xff");
    arena_release(&arena);
}
END_TEST

START_TEST(union_is_understood)
{
    struct union_request r;
    setup();
    ck_assert_int_eq(decode_union(body_of(REQUEST_UNION), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.columns[0], "users");
    ck_assert_int_eq(r.selector.kind, SELECTOR_RANGE);
    ck_assert_view_eq(r.selector.from, "a");
    ck_assert_view_eq(r.selector.to, "b");
    arena_release(&arena);
}
END_TEST

START_TEST(scan_is_understood)
{
    struct scan_request r;
    setup();
    ck_assert_int_eq(decode_scan(body_of(REQUEST_SCAN), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.columns[0], "users");
    ck_assert_int_eq(r.selector.kind, SELECTOR_PREFIX);
    ck_assert_view_eq(r.selector.prefix, "ab");
    ck_assert_uint_eq(r.limit, 5);
    ck_assert_uint_eq(r.max_bytes, 1000);
    ck_assert_view_eq(r.page_token, "xyz");
    arena_release(&arena);
}
END_TEST

START_TEST(delete_is_understood)
{
    struct delete_request r;
    setup();
    ck_assert_int_eq(decode_delete(body_of(REQUEST_DELETE), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_int_eq(r.selector.kind, SELECTOR_ALL);
    arena_release(&arena);
}
END_TEST

START_TEST(compare_is_understood)
{
    struct compare_request r;
    setup();
    ck_assert_int_eq(decode_compare(body_of(REQUEST_COMPARE), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.column, "users");
    ck_assert_int_eq(r.a.kind, SELECTOR_LIST);
    ck_assert_uint_eq(r.a.list_count, 2);
    ck_assert_view_eq(r.a.list[1], "\xff");
    ck_assert_int_eq(r.b.kind, SELECTOR_PREFIX);
    ck_assert_view_eq(r.b.prefix, "p");
    arena_release(&arena);
}
END_TEST

START_TEST(top_is_understood)
{
    struct top_request r;
    setup();
    ck_assert_int_eq(decode_top(body_of(REQUEST_TOP), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.column, "users");
    ck_assert_int_eq(r.selector.kind, SELECTOR_PREFIX);
    ck_assert_view_eq(r.selector.prefix, "p");
    ck_assert_uint_eq(r.limit, 20);
    arena_release(&arena);
}
END_TEST

START_TEST(merge_is_understood)
{
    struct merge_request r;
    setup();
    ck_assert_int_eq(decode_merge(body_of(REQUEST_MERGE), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.into, "all");
    ck_assert_int_eq(r.from.kind, SELECTOR_ALL);
    arena_release(&arena);
}
END_TEST

START_TEST(export_is_understood)
{
    struct export_request r;
    setup();
    ck_assert_int_eq(decode_export(body_of(REQUEST_EXPORT), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.column, "users");
    ck_assert_int_eq(r.selector.kind, SELECTOR_RANGE);
    ck_assert_view_eq(r.selector.from, "");
    ck_assert_view_eq(r.selector.to, "z");
    ck_assert_uint_eq(r.format, 3);
    ck_assert_uint_eq(r.limit, 5);
    ck_assert_uint_eq(r.max_bytes, 1000);
    ck_assert_view_eq(r.page_token, "xyz");
    arena_release(&arena);
}
END_TEST

START_TEST(import_is_understood)
{
    struct import_request r;
    setup();
    ck_assert_int_eq(decode_import(body_of(REQUEST_IMPORT), &limits, &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.table, "visits");
    ck_assert_view_eq(r.column, "users");
    ck_assert_uint_eq(r.format, 1);
    ck_assert_uint_eq(r.sketch_count, 2);
    ck_assert_view_eq(r.sketches[0].key, "k1");
    ck_assert_view_eq(r.sketches[0].sketch, "HYLL");
    ck_assert_view_eq(r.sketches[1].key, "");
    ck_assert_uint_eq(r.sketches[1].sketch.len, 2);
    ck_assert(r.any_hash);
    ck_assert_int_eq(r.ack, ACK_MEMORY);
    arena_release(&arena);
}
END_TEST

START_TEST(backup_is_understood)
{
    struct backup_request r;
    setup();
    ck_assert_int_eq(decode_backup(body_of(REQUEST_BACKUP), &arena, &r, NULL), ST_OK);
    ck_assert_view_eq(r.directory, "/b");
    arena_release(&arena);
}
END_TEST

START_TEST(every_kind_has_its_bytes)
{
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        ck_assert_ptr_nonnull(golden[kind]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_is_understood,
        ping_and_stats_are_understood,
        create_table_is_understood,
        alter_table_is_understood,
        drop_list_and_describe_are_understood,
        ingest_is_understood,
        cardinality_is_understood,
        union_is_understood,
        scan_is_understood,
        delete_is_understood,
        compare_is_understood,
        top_is_understood,
        merge_is_understood,
        export_is_understood,
        import_is_understood,
        backup_is_understood,
        every_kind_has_its_bytes,
    };
    return RUN_SUITE("golden_requests", tests);
}
