#include "daemon/wire/decode_sketches.h"

#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/names_check.h"
#include "daemon/wire/selector_decode.h"
#include "daemon/wire/unpack.h"
#include "proto/names.h"

/* The one column of a table that a request is about. */
static enum status decode_place(const char *table, const char *column, struct bytes_view *table_out,
                                struct bytes_view *column_out, struct error *err)
{
    *table_out = text_view(table);
    *column_out = text_view(column);
    enum status st = check_name(*table_out, "table name", err);
    return st == ST_OK ? check_name(*column_out, "column name", err) : st;
}

enum status decode_compare(struct bytes_view body, const struct decode_limits *limits,
                           struct arena *arena, struct compare_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct compare_request request;
    enum status st = unpack(&cardinal__v1__compare__descriptor, body,
                            2 * limits->max_keys + DECODE_FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Compare *compare = (const Cardinal__V1__Compare *)message;
    st = decode_place(compare->table, compare->column, &request.table, &request.column, err);
    if (st == ST_OK)
        st = selector_decode(compare->a, limits, arena, &request.a, err);
    if (st == ST_OK)
        st = selector_decode(compare->b, limits, arena, &request.b, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_top(struct bytes_view body, const struct decode_limits *limits,
                       struct arena *arena, struct top_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct top_request request;
    enum status st = unpack(&cardinal__v1__top__descriptor, body,
                            limits->max_keys + DECODE_FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Top *top = (const Cardinal__V1__Top *)message;
    request.limit = top->limit;
    st = decode_place(top->table, top->column, &request.table, &request.column, err);
    if (st == ST_OK && (top->limit == 0 || top->limit > TOP_KEYS_MAX))
        st = error_set(err, ST_INVALID_ARGUMENT, "limit %u out of range, 1 to %u", top->limit,
                       TOP_KEYS_MAX);
    if (st == ST_OK)
        st = selector_decode(top->selector, limits, arena, &request.selector, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_merge(struct bytes_view body, const struct decode_limits *limits,
                         struct arena *arena, struct merge_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct merge_request request;
    enum status st = unpack(&cardinal__v1__merge__descriptor, body,
                            limits->max_keys + DECODE_FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Merge *merge = (const Cardinal__V1__Merge *)message;
    request.table = text_view(merge->table);
    request.into = binary_view(&merge->into);
    st = check_name(request.table, "table name", err);
    if (st == ST_OK)
        st = check_key(request.into, "key", err);
    if (st == ST_OK)
        st = selector_decode(merge->from, limits, arena, &request.from, err);
    if (st == ST_OK)
        st = check_ack((uint32_t)merge->ack, &request.ack, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_export(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct export_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct export_request request;
    enum status st = unpack(&cardinal__v1__export__descriptor, body,
                            limits->max_keys + DECODE_FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Export *query = (const Cardinal__V1__Export *)message;
    request.format = (uint32_t)query->format;
    request.limit = query->limit;
    request.max_bytes = query->max_bytes;
    request.page_token = binary_view(&query->page_token);
    st = decode_place(query->table, query->column, &request.table, &request.column, err);
    if (st == ST_OK)
        st = selector_decode(query->selector, limits, arena, &request.selector, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

static enum status decode_sketch_list(const Cardinal__V1__Import *import,
                                      const struct decode_limits *limits, struct arena *arena,
                                      const struct key_sketch **out, struct error *err)
{
    if (import->n_sketches == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "import without sketches");
    if (import->n_sketches > limits->max_keys)
        return error_set(err, ST_TOO_LARGE, "import of %zu sketches, %u at most",
                         import->n_sketches, limits->max_keys);
    struct key_sketch *sketches = arena_alloc_array(arena, import->n_sketches, sizeof *sketches);
    if (sketches == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < import->n_sketches; i++) {
        sketches[i].key = binary_view(&import->sketches[i]->key);
        sketches[i].sketch = binary_view(&import->sketches[i]->sketch);
        enum status st = check_key(sketches[i].key, "key", err);
        if (st != ST_OK)
            return st;
    }
    *out = sketches;
    return ST_OK;
}

enum status decode_import(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct import_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct import_request request;
    enum status st = unpack(&cardinal__v1__import__descriptor, body,
                            3 * limits->max_keys + DECODE_FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Import *import = (const Cardinal__V1__Import *)message;
    request.format = (uint32_t)import->format;
    request.any_hash = import->any_hash;
    request.sketch_count = import->n_sketches;
    st = decode_place(import->table, import->column, &request.table, &request.column, err);
    if (st == ST_OK)
        st = decode_sketch_list(import, limits, arena, &request.sketches, err);
    if (st == ST_OK)
        st = check_ack((uint32_t)import->ack, &request.ack, err);
    if (st == ST_OK)
        *out = request;
    return st;
}
