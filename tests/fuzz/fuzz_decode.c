/* A whole Request, decoded as what its head says it is. */
#include "daemon/wire/decode.h"
#include "daemon/wire/decode_sketches.h"
#include "daemon/wire/request.h"
#include "tests/fuzz/fuzz.h"

static const struct decode_limits limits = { .max_keys = 1000 };

union any_request {
    struct hello_request hello;
    struct create_table_request create_table;
    struct alter_table_request alter_table;
    struct drop_table_request drop_table;
    struct list_tables_request list_tables;
    struct describe_table_request describe_table;
    struct cardinality_request cardinality;
    struct union_request union_keys;
    struct scan_request scan;
    struct delete_request delete_keys;
    struct compare_request compare;
    struct merge_request merge;
    struct top_request top;
    struct export_request export_page;
    struct import_request import_sketches;
    struct backup_request backup;
};

static enum status decode_tables(const struct request_head *head, struct arena *arena,
                                 union any_request *out, struct error *err)
{
    switch (head->kind) {
    case REQUEST_CREATE_TABLE:
        return decode_create_table(head->body, arena, &out->create_table, err);
    case REQUEST_ALTER_TABLE:
        return decode_alter_table(head->body, arena, &out->alter_table, err);
    case REQUEST_DROP_TABLE:
        return decode_drop_table(head->body, arena, &out->drop_table, err);
    case REQUEST_LIST_TABLES:
        return decode_list_tables(head->body, arena, &out->list_tables, err);
    case REQUEST_DESCRIBE_TABLE:
        return decode_describe_table(head->body, arena, &out->describe_table, err);
    case REQUEST_BACKUP:
        return decode_backup(head->body, arena, &out->backup, err);
    default:
        return decode_empty(head->body, err);
    }
}

static enum status decode_sketches(const struct request_head *head, struct arena *arena,
                                   union any_request *out, struct error *err)
{
    switch (head->kind) {
    case REQUEST_COMPARE:
        return decode_compare(head->body, &limits, arena, &out->compare, err);
    case REQUEST_TOP:
        return decode_top(head->body, &limits, arena, &out->top, err);
    case REQUEST_MERGE:
        return decode_merge(head->body, &limits, arena, &out->merge, err);
    case REQUEST_EXPORT:
        return decode_export(head->body, &limits, arena, &out->export_page, err);
    case REQUEST_IMPORT:
        return decode_import(head->body, &limits, arena, &out->import_sketches, err);
    default:
        return decode_tables(head, arena, out, err);
    }
}

static enum status decode(const struct request_head *head, struct arena *arena,
                          union any_request *out, struct error *err)
{
    switch (head->kind) {
    case REQUEST_HELLO:
        return decode_hello(head->body, arena, &out->hello, err);
    case REQUEST_CARDINALITY:
        return decode_cardinality(head->body, &limits, arena, &out->cardinality, err);
    case REQUEST_UNION:
        return decode_union(head->body, &limits, arena, &out->union_keys, err);
    case REQUEST_SCAN:
        return decode_scan(head->body, &limits, arena, &out->scan, err);
    case REQUEST_DELETE:
        return decode_delete(head->body, &limits, arena, &out->delete_keys, err);
    default:
        return decode_sketches(head, arena, out, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_head head;
    struct arena arena;
    union any_request out;
    struct error err;
    if (request_peek((struct bytes_view){ data, size }, &head, &err) != ST_OK)
        return 0;
    arena_init(&arena, 4096, DECODE_ARENA_BYTES(size, limits.max_keys));
    /* Memory of that cap is enough for any request: see DECODE_ARENA_BYTES. */
    if (decode(&head, &arena, &out, &err) == ST_RESOURCE_EXHAUSTED)
        __builtin_trap();
    arena_release(&arena);
    return 0;
}
