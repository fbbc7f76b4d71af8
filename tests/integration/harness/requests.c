/* Requests on the heap, built so that protobuf-c's own free takes them apart. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/calls.h"

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static char *copy(const char *text)
{
    char *made = strdup(text);
    ck_assert_ptr_nonnull(made);
    return made;
}

static ProtobufCBinaryData copy_bytes(const char *text)
{
    ProtobufCBinaryData data = { strlen(text), (uint8_t *)copy(text) };
    return data;
}

static char **one_name(const char *name)
{
    char **names = allocate(1, sizeof *names);
    names[0] = copy(name);
    return names;
}

static Cardinal__V1__Request *new_request(Cardinal__V1__Request__BodyCase body_case)
{
    Cardinal__V1__Request *request = allocate(1, sizeof *request);
    cardinal__v1__request__init(request);
    request->body_case = body_case;
    return request;
}

static Cardinal__V1__Selector *one_key(const char *key)
{
    Cardinal__V1__Selector *selector = allocate(1, sizeof *selector);
    cardinal__v1__selector__init(selector);
    selector->kind_case = CARDINAL__V1__SELECTOR__KIND_LIST;
    selector->list = allocate(1, sizeof *selector->list);
    cardinal__v1__key_list__init(selector->list);
    selector->list->n_keys = 1;
    selector->list->keys = allocate(1, sizeof *selector->list->keys);
    selector->list->keys[0] = copy_bytes(key);
    return selector;
}

static Cardinal__V1__Cell *number_cell(uint64_t first, uint64_t count)
{
    Cardinal__V1__Cell *cell = allocate(1, sizeof *cell);
    cardinal__v1__cell__init(cell);
    cell->n_strings = count;
    cell->strings = allocate(count, sizeof *cell->strings);
    for (uint64_t i = 0; i < count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)(first + i));
        cell->strings[i] = copy_bytes(text);
    }
    return cell;
}

Cardinal__V1__Request *request_add(const char *table, const char *key, const char *column,
                                   uint64_t first, uint64_t count)
{
    Cardinal__V1__Ingest *ingest = allocate(1, sizeof *ingest);
    cardinal__v1__ingest__init(ingest);
    ingest->table = copy(table);
    ingest->n_columns = 1;
    ingest->columns = one_name(column);
    ingest->n_rows = 1;
    ingest->rows = allocate(1, sizeof *ingest->rows);
    Cardinal__V1__Row *row = allocate(1, sizeof *row);
    cardinal__v1__row__init(row);
    ingest->rows[0] = row;
    row->key = copy_bytes(key);
    row->n_cells = 1;
    row->cells = allocate(1, sizeof *row->cells);
    row->cells[0] = number_cell(first, count);
    Cardinal__V1__Request *request = new_request(CARDINAL__V1__REQUEST__BODY_INGEST);
    request->ingest = ingest;
    return request;
}

Cardinal__V1__Request *request_count(const char *table, const char *key, const char *column)
{
    Cardinal__V1__Cardinality *cardinality = allocate(1, sizeof *cardinality);
    cardinal__v1__cardinality__init(cardinality);
    cardinality->table = copy(table);
    cardinality->n_columns = 1;
    cardinality->columns = one_name(column);
    cardinality->selector = one_key(key);
    Cardinal__V1__Request *request = new_request(CARDINAL__V1__REQUEST__BODY_CARDINALITY);
    request->cardinality = cardinality;
    return request;
}

Cardinal__V1__Request *request_delete(const char *table, const char *key)
{
    Cardinal__V1__Delete *delete = allocate(1, sizeof *delete);
    cardinal__v1__delete__init(delete);
    delete->table = copy(table);
    delete->selector = one_key(key);
    Cardinal__V1__Request *request = new_request(CARDINAL__V1__REQUEST__BODY_DELETE);
    request->delete_ = delete;
    return request;
}

void request_free(Cardinal__V1__Request *request)
{
    cardinal__v1__request__free_unpacked(request, NULL);
}
