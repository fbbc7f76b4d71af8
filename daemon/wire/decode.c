#include "daemon/wire/decode.h"

#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/decode_points.h"
#include "daemon/wire/names_check.h"
#include "daemon/wire/selector_decode.h"
#include "daemon/wire/unpack.h"
#include "proto/names.h"

#define FIELDS_MAX DECODE_FIELDS_MAX /* of a request that lists no keys */

/* Names as views, n <= COLUMNS_MAX, each of valid form. */
static enum status copy_names(char *const *names, size_t n, struct arena *arena,
                              const struct bytes_view **out, struct error *err)
{
    if (n > COLUMNS_MAX)
        return error_set(err, ST_INVALID_ARGUMENT, "%zu columns named, %u at most", n, COLUMNS_MAX);
    struct bytes_view *views = arena_alloc_array(arena, n, sizeof *views);
    if (views == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        views[i] = text_view(names[i]);
        enum status st = check_name(views[i], "column name", err);
        if (st != ST_OK)
            return st;
    }
    *out = views;
    return ST_OK;
}

/* Names of columns to be made. */
static enum status copy_new_names(char *const *names, size_t n, struct arena *arena,
                                  const struct bytes_view **out, struct error *err)
{
    const struct bytes_view *views;
    enum status st = copy_names(names, n, arena, &views, err);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        if (name_is_reserved(names[i], views[i].len))
            return error_set(err, ST_INVALID_ARGUMENT, "column name '%s' is reserved", names[i]);
    }
    *out = views;
    return check_distinct(views, n, "column", err);
}

/* A query's table and columns. */
static enum status query_names(const char *table, char *const *names, size_t n, struct arena *arena,
                               struct bytes_view *table_out, const struct bytes_view **out,
                               struct error *err)
{
    *table_out = text_view(table);
    enum status st = check_name(*table_out, "table name", err);
    return st == ST_OK ? copy_names(names, n, arena, out, err) : st;
}

enum status decode_hello(struct bytes_view body, struct arena *arena, struct hello_request *out,
                         struct error *err)
{
    ProtobufCMessage *message;
    enum status st =
        unpack(&cardinal__v1__hello__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Hello *hello = (const Cardinal__V1__Hello *)message;
    if (hello->min_version == 0 || hello->min_version > hello->max_version)
        return error_set(err, ST_INVALID_ARGUMENT, "hello with versions %u to %u",
                         hello->min_version, hello->max_version);
    struct bytes_view client = text_view(hello->client);
    if (client.len > CLIENT_NAME_MAX_BYTES)
        return error_set(err, ST_INVALID_ARGUMENT, "client name of %zu bytes, %u at most",
                         client.len, CLIENT_NAME_MAX_BYTES);
    *out = (struct hello_request){
        .min_version = hello->min_version,
        .max_version = hello->max_version,
        .features = hello->features,
        .token = text_view(hello->token),
        .client = client,
    };
    return ST_OK;
}

/* Precision and hash, which a table keeps for its life. */
static enum status decode_shape(const Cardinal__V1__CreateTable *create,
                                struct create_table_request *out, struct error *err)
{
    out->precision = create->precision == 0 ? PRECISION_DEFAULT : create->precision;
    if (out->precision < PRECISION_MIN || out->precision > PRECISION_MAX)
        return error_set(err, ST_INVALID_ARGUMENT, "precision %u out of range, %u to %u",
                         create->precision, PRECISION_MIN, PRECISION_MAX);
    if (hash_kind_name((int)create->hash) == NULL)
        return error_set(err, ST_INVALID_ARGUMENT, "unknown hash %d", (int)create->hash);
    out->hash = (enum hash_kind)create->hash;
    out->seed = create->seed != 0 ? create->seed : hash_kind_default_seed(out->hash);
    return ST_OK;
}

enum status decode_create_table(struct bytes_view body, struct arena *arena,
                                struct create_table_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct create_table_request request = { 0 };
    enum status st =
        unpack(&cardinal__v1__create_table__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__CreateTable *create = (const Cardinal__V1__CreateTable *)message;
    request.name = text_view(create->name);
    request.column_count = create->n_columns;
    request.if_not_exists = create->if_not_exists;
    request.no_rollup = create->no_rollup;
    st = check_name(request.name, "table name", err);
    if (st == ST_OK && create->n_columns == 0)
        st = error_set(err, ST_INVALID_ARGUMENT, "table '%s' without columns", create->name);
    if (st == ST_OK)
        st = copy_new_names(create->columns, create->n_columns, arena, &request.columns, err);
    if (st == ST_OK)
        st = decode_shape(create, &request, err);
    if (st == ST_OK)
        st = check_ack((uint32_t)create->ack, &request.ack, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_alter_table(struct bytes_view body, struct arena *arena,
                               struct alter_table_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct alter_table_request request = { 0 };
    enum status st =
        unpack(&cardinal__v1__alter_table__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__AlterTable *alter = (const Cardinal__V1__AlterTable *)message;
    request.table = text_view(alter->table);
    request.add_count = alter->n_add_columns;
    request.drop_count = alter->n_drop_columns;
    request.rename_to = text_view(alter->rename_to);
    st = check_name(request.table, "table name", err);
    if (st == ST_OK)
        st = copy_new_names(alter->add_columns, alter->n_add_columns, arena, &request.add, err);
    if (st == ST_OK)
        st = copy_names(alter->drop_columns, alter->n_drop_columns, arena, &request.drop, err);
    if (st == ST_OK)
        st = check_distinct(request.drop, request.drop_count, "column to drop", err);
    if (st == ST_OK && request.rename_to.len > 0)
        st = check_name(request.rename_to, "new table name", err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_drop_table(struct bytes_view body, struct arena *arena,
                              struct drop_table_request *out, struct error *err)
{
    ProtobufCMessage *message;
    enum status st =
        unpack(&cardinal__v1__drop_table__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__DropTable *drop = (const Cardinal__V1__DropTable *)message;
    struct bytes_view table = text_view(drop->table);
    st = check_name(table, "table name", err);
    if (st == ST_OK)
        *out = (struct drop_table_request){ .table = table, .if_exists = drop->if_exists };
    return st;
}

enum status decode_backup(struct bytes_view body, struct arena *arena, struct backup_request *out,
                          struct error *err)
{
    ProtobufCMessage *message;
    enum status st =
        unpack(&cardinal__v1__backup__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    struct bytes_view directory = text_view(((const Cardinal__V1__Backup *)message)->directory);
    if (directory.len == 0 || directory.data[0] != '/')
        return error_set(err, ST_INVALID_ARGUMENT, "a backup needs an absolute path");
    if (directory.len > DIRECTORY_MAX_BYTES)
        return error_set(err, ST_INVALID_ARGUMENT, "a path of %zu bytes, %u at most", directory.len,
                         DIRECTORY_MAX_BYTES);
    *out = (struct backup_request){ .directory = directory };
    return ST_OK;
}

enum status decode_list_tables(struct bytes_view body, struct arena *arena,
                               struct list_tables_request *out, struct error *err)
{
    ProtobufCMessage *message;
    enum status st =
        unpack(&cardinal__v1__list_tables__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__ListTables *list = (const Cardinal__V1__ListTables *)message;
    *out = (struct list_tables_request){
        .prefix = text_view(list->prefix),
        .limit = list->limit,
        .page_token = binary_view(&list->page_token),
    };
    return ST_OK;
}

enum status decode_describe_table(struct bytes_view body, struct arena *arena,
                                  struct describe_table_request *out, struct error *err)
{
    ProtobufCMessage *message;
    enum status st =
        unpack(&cardinal__v1__describe_table__descriptor, body, FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__DescribeTable *describe = (const Cardinal__V1__DescribeTable *)message;
    struct bytes_view table = text_view(describe->table);
    st = check_name(table, "table name", err);
    if (st == ST_OK)
        *out = (struct describe_table_request){ .table = table, .digest = describe->digest };
    return st;
}

enum status decode_cardinality(struct bytes_view body, const struct decode_limits *limits,
                               struct arena *arena, struct cardinality_request *out,
                               struct error *err)
{
    ProtobufCMessage *message;
    struct cardinality_request request = { 0 };
    struct selector selector;

    if (decode_points(body, limits, arena, out))
        return ST_OK;
    enum status st = unpack(&cardinal__v1__cardinality__descriptor, body,
                            limits->max_keys + FIELDS_MAX, arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Cardinality *query = (const Cardinal__V1__Cardinality *)message;
    request.column_count = query->n_columns;
    st = query_names(query->table, query->columns, query->n_columns, arena, &request.table,
                     &request.columns, err);
    if (st == ST_OK)
        st = selector_decode(query->selector, limits, arena, &selector, err);
    if (st == ST_OK && selector.kind != SELECTOR_LIST)
        st = error_set(err, ST_INVALID_ARGUMENT, "cardinality takes a list of keys");
    if (st != ST_OK)
        return st;
    request.keys = selector.list;
    request.key_count = selector.list_count;
    *out = request;
    return ST_OK;
}

enum status decode_union(struct bytes_view body, const struct decode_limits *limits,
                         struct arena *arena, struct union_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct union_request request = { 0 };
    enum status st = unpack(&cardinal__v1__union__descriptor, body, limits->max_keys + FIELDS_MAX,
                            arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Union *query = (const Cardinal__V1__Union *)message;
    request.column_count = query->n_columns;
    st = query_names(query->table, query->columns, query->n_columns, arena, &request.table,
                     &request.columns, err);
    if (st == ST_OK)
        st = selector_decode(query->selector, limits, arena, &request.selector, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_scan(struct bytes_view body, const struct decode_limits *limits,
                        struct arena *arena, struct scan_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct scan_request request = { 0 };
    enum status st = unpack(&cardinal__v1__scan__descriptor, body, limits->max_keys + FIELDS_MAX,
                            arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Scan *query = (const Cardinal__V1__Scan *)message;
    request.column_count = query->n_columns;
    request.limit = query->limit;
    request.max_bytes = query->max_bytes;
    request.page_token = binary_view(&query->page_token);
    st = query_names(query->table, query->columns, query->n_columns, arena, &request.table,
                     &request.columns, err);
    if (st == ST_OK)
        st = selector_decode(query->selector, limits, arena, &request.selector, err);
    if (st == ST_OK && request.selector.kind == SELECTOR_LIST)
        st = error_set(err, ST_INVALID_ARGUMENT, "scan takes a prefix, a range or all, no list");
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_delete(struct bytes_view body, const struct decode_limits *limits,
                          struct arena *arena, struct delete_request *out, struct error *err)
{
    ProtobufCMessage *message;
    struct delete_request request = { 0 };
    enum status st = unpack(&cardinal__v1__delete__descriptor, body, limits->max_keys + FIELDS_MAX,
                            arena, &message, err);
    if (st != ST_OK)
        return st;
    const Cardinal__V1__Delete *delete_message = (const Cardinal__V1__Delete *)message;
    request.table = text_view(delete_message->table);
    st = check_name(request.table, "table name", err);
    if (st == ST_OK)
        st = selector_decode(delete_message->selector, limits, arena, &request.selector, err);
    if (st == ST_OK)
        *out = request;
    return st;
}

enum status decode_empty(struct bytes_view body, struct error *err)
{
    return unpack_check(&cardinal__v1__ping__descriptor, body, FIELDS_MAX, err);
}
