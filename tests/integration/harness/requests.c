#include "tests/integration/harness/requests.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

/* One more element at the end of a repeated field, whose room doubles: under
 * sanitizers each realloc copies, and long fields would take minutes. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    void *grown = realloc(array, (count > 0 ? 2 * count : 1) * size);
    ck_assert_ptr_nonnull(grown);
    return grown;
}

static Cardinal__V1__Request *new_request(Cardinal__V1__Request__BodyCase body_case)
{
    Cardinal__V1__Request *request = allocate(sizeof *request);
    cardinal__v1__request__init(request);
    request->body_case = body_case;
    return request;
}

void request_free(Cardinal__V1__Request *request)
{
    cardinal__v1__request__free_unpacked(request, NULL);
}

void set_text(char **field, const char *text)
{
    if (*field != (char *)(uintptr_t)protobuf_c_empty_string)
        free(*field);
    *field = strdup(text);
    ck_assert_ptr_nonnull(*field);
}

void set_bytes(ProtobufCBinaryData *field, const void *bytes, size_t len)
{
    free(field->data);
    field->data = allocate(len + 1);
    field->len = len;
    if (len > 0)
        memcpy(field->data, bytes, len);
}

void append_text(char ***field, size_t *count, const char *text)
{
    *field = grow(*field, *count, sizeof **field);
    (*field)[*count] = (char *)(uintptr_t)protobuf_c_empty_string;
    set_text(&(*field)[(*count)++], text);
}

static void append_bytes(ProtobufCBinaryData **field, size_t *count, const char *text)
{
    *field = grow(*field, *count, sizeof **field);
    (*field)[*count] = (ProtobufCBinaryData){ 0, NULL };
    set_bytes(&(*field)[(*count)++], text, strlen(text));
}

void append_key(Cardinal__V1__KeyList *list, const char *key)
{
    append_bytes(&list->keys, &list->n_keys, key);
}

void append_string(Cardinal__V1__Cell *cell, const char *value)
{
    append_bytes(&cell->strings, &cell->n_strings, value);
}

void append_hash(Cardinal__V1__Cell *cell, uint64_t hash)
{
    cell->hashes = grow(cell->hashes, cell->n_hashes, sizeof *cell->hashes);
    cell->hashes[cell->n_hashes++] = hash;
}

Cardinal__V1__Cell *append_cell(Cardinal__V1__Row *row, uint32_t column)
{
    Cardinal__V1__Cell *cell = allocate(sizeof *cell);
    cardinal__v1__cell__init(cell);
    cell->column = column;
    row->cells = grow(row->cells, row->n_cells, sizeof(Cardinal__V1__Cell *));
    row->cells[row->n_cells++] = cell;
    return cell;
}

void append_row(Cardinal__V1__Ingest *ingest, const char *key, uint32_t column)
{
    Cardinal__V1__Row *row = allocate(sizeof *row);
    cardinal__v1__row__init(row);
    set_bytes(&row->key, key, strlen(key));
    append_string(append_cell(row, column), "value");
    ingest->rows = grow(ingest->rows, ingest->n_rows, sizeof(Cardinal__V1__Row *));
    ingest->rows[ingest->n_rows++] = row;
}

static Cardinal__V1__Selector *new_selector(Cardinal__V1__Selector__KindCase kind)
{
    Cardinal__V1__Selector *selector = allocate(sizeof *selector);
    cardinal__v1__selector__init(selector);
    selector->kind_case = kind;
    return selector;
}

Cardinal__V1__Selector *select_key(const char *key)
{
    Cardinal__V1__Selector *selector = new_selector(CARDINAL__V1__SELECTOR__KIND_LIST);
    selector->list = allocate(sizeof *selector->list);
    cardinal__v1__key_list__init(selector->list);
    append_key(selector->list, key);
    return selector;
}

Cardinal__V1__Selector *select_all(void)
{
    Cardinal__V1__Selector *selector = new_selector(CARDINAL__V1__SELECTOR__KIND_ALL);
    selector->all = 1;
    return selector;
}

Cardinal__V1__Selector *select_prefix(const char *prefix)
{
    Cardinal__V1__Selector *selector = new_selector(CARDINAL__V1__SELECTOR__KIND_PREFIX);
    set_bytes(&selector->prefix, prefix, strlen(prefix));
    return selector;
}

Cardinal__V1__Selector *select_range(const char *from, const char *to)
{
    Cardinal__V1__Selector *selector = new_selector(CARDINAL__V1__SELECTOR__KIND_RANGE);
    selector->range = allocate(sizeof *selector->range);
    cardinal__v1__key_range__init(selector->range);
    set_bytes(&selector->range->from, from, strlen(from));
    set_bytes(&selector->range->to, to, strlen(to));
    return selector;
}

Cardinal__V1__Request *request_add(const char *table, const char *key, const char *column,
                                   uint64_t first, uint64_t count)
{
    Cardinal__V1__Request *request = new_request(CARDINAL__V1__REQUEST__BODY_INGEST);
    Cardinal__V1__Ingest *ingest = request->ingest = allocate(sizeof *ingest);
    cardinal__v1__ingest__init(ingest);
    set_text(&ingest->table, table);
    append_text(&ingest->columns, &ingest->n_columns, column);
    append_row(ingest, key, 0);
    Cardinal__V1__Cell *cell = ingest->rows[0]->cells[0];
    free(cell->strings[0].data);
    cell->n_strings = 0;
    for (uint64_t i = 0; i < count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, first + i);
        append_string(cell, text);
    }
    return request;
}

/* The queries have the same first fields, but types of their own. */
#define NEW_QUERY(CASE, member, message, column)                                                   \
    do {                                                                                           \
        request = new_request(CARDINAL__V1__REQUEST__BODY_##CASE);                                 \
        request->member = allocate(sizeof *request->member);                                       \
        cardinal__v1__##message##__init(request->member);                                          \
        set_text(&request->member->table, table);                                                  \
        if ((column) != NULL)                                                                      \
            append_text(&request->member->columns, &request->member->n_columns, column);           \
    } while (0)

Cardinal__V1__Request *request_count(const char *table, const char *key, const char *column)
{
    Cardinal__V1__Request *request;
    NEW_QUERY(CARDINALITY, cardinality, cardinality, column);
    request->cardinality->selector = select_key(key);
    return request;
}

Cardinal__V1__Request *request_union(const char *table, const char *column)
{
    Cardinal__V1__Request *request;
    NEW_QUERY(UNION, union_, union, column);
    return request;
}

Cardinal__V1__Request *request_scan(const char *table, const char *column)
{
    Cardinal__V1__Request *request;
    NEW_QUERY(SCAN, scan, scan, column);
    return request;
}

/* Requests that name a table and little else. */
#define NEW_REQUEST(CASE, member, message, field)                                                  \
    do {                                                                                           \
        request = new_request(CARDINAL__V1__REQUEST__BODY_##CASE);                                 \
        request->member = allocate(sizeof *request->member);                                       \
        cardinal__v1__##message##__init(request->member);                                          \
        set_text(&request->member->field, table);                                                  \
    } while (0)

Cardinal__V1__Request *request_delete(const char *table, const char *key)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(DELETE, delete_, delete, table);
    request->delete_->selector = select_key(key);
    return request;
}

Cardinal__V1__Request *request_top(const char *table, const char *column, uint32_t limit)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(TOP, top, top, table);
    set_text(&request->top->column, column);
    request->top->limit = limit;
    return request;
}

Cardinal__V1__Request *request_merge(const char *table, const char *into)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(MERGE, merge, merge, table);
    set_bytes(&request->merge->into, into, strlen(into));
    return request;
}

Cardinal__V1__Request *request_create(const char *table)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(CREATE_TABLE, create_table, create_table, name);
    append_text(&request->create_table->columns, &request->create_table->n_columns, "c");
    return request;
}

Cardinal__V1__Request *request_alter(const char *table)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(ALTER_TABLE, alter_table, alter_table, table);
    return request;
}

Cardinal__V1__Request *request_drop(const char *table)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(DROP_TABLE, drop_table, drop_table, table);
    return request;
}

Cardinal__V1__Request *request_describe(const char *table)
{
    Cardinal__V1__Request *request;
    NEW_REQUEST(DESCRIBE_TABLE, describe_table, describe_table, table);
    return request;
}

Cardinal__V1__Request *request_list(void)
{
    const char *table = "";
    Cardinal__V1__Request *request;
    NEW_REQUEST(LIST_TABLES, list_tables, list_tables, prefix);
    return request;
}
