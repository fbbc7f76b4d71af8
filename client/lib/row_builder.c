#include "client/lib/row_builder.h"

#include <stdlib.h>

/* Fields of the messages, as in cardinal.proto. */
enum {
    INGEST_ROWS = 4,
    ROW_KEY = 1,
    ROW_CELLS = 2,
    CELL_COLUMN = 1,
    CELL_FIRST_KIND = 2, /* hashes, strings, ints, doubles follow one another */
};

#define TAG_LEN_MAX ((size_t)1 + VARINT32_MAX_BYTES) /* a tag and a length */
#define ROW_BOUND (2 * TAG_LEN_MAX)                  /* around a row and its key */
#define CELL_BOUND (TAG_LEN_MAX + 1 + VARINT32_MAX_BYTES + ROW_KINDS * TAG_LEN_MAX)

#define STAGE_MIN 64u
#define STAGE_MAX (1u << 26)

bool row_builder_init(struct row_builder *row, size_t column_count)
{
    *row = (struct row_builder){ 0 };
    row->columns = calloc(column_count + 1, sizeof *row->columns);
    row->touched = calloc(column_count + 1, sizeof *row->touched);
    if (row->columns != NULL && row->touched != NULL)
        return true;
    row_builder_release(row);
    return false;
}

void row_builder_release(struct row_builder *row)
{
    free(row->columns);
    free(row->touched);
    free(row->staged);
    bytes_release(&row->key);
    bytes_release(&row->strings);
    *row = (struct row_builder){ 0 };
}

/* Bytes that the value takes inside its cell. */
static uint32_t wire_size(const struct row_value *value)
{
    switch (value->kind) {
    case ROW_STRING:
        return 1 + (uint32_t)varint_size(value->len) + value->len;
    case ROW_INT:
        return (uint32_t)varint_size(value->bits);
    default:
        return 8;
    }
}

size_t row_builder_value_bound(size_t key_len, const struct row_value *value)
{
    return ROW_BOUND + key_len + CELL_BOUND + wire_size(value);
}

bool row_builder_open(struct row_builder *row, const void *key, size_t len)
{
    assert(!row->open);
    row->key.len = 0;
    if (!bytes_reserve(&row->key, len))
        return false;
    bytes_append(&row->key, key, len);
    row->open = true;
    row->bound = ROW_BOUND + len;
    return true;
}

static bool reserve_staged(struct row_builder *row)
{
    if (row->staged_count < row->staged_cap)
        return true;
    uint32_t cap = row->staged_cap == 0 ? STAGE_MIN : row->staged_cap * 2;
    if (cap > STAGE_MAX)
        return false;
    struct row_staged *staged = realloc(row->staged, cap * sizeof *staged);
    if (staged == NULL)
        return false;
    row->staged = staged;
    row->staged_cap = cap;
    return true;
}

static void touch(struct row_builder *row, uint32_t column)
{
    if (row->columns[column].kinds != 0)
        return;
    row->touched[row->touched_count++] = (uint16_t)column;
    row->bound += CELL_BOUND;
}

bool row_builder_add(struct row_builder *row, uint32_t column, const struct row_value *value)
{
    struct row_staged staged = { .bits = value->bits, .len = value->len };
    if (!reserve_staged(row))
        return false;
    if (value->kind == ROW_STRING) {
        if (!bytes_reserve(&row->strings, value->len))
            return false;
        staged.bits = row->strings.len;
        bytes_append(&row->strings, value->string, value->len);
    }
    touch(row, column);
    struct row_column *to = &row->columns[column];
    struct row_list *list = &to->lists[value->kind];
    uint32_t at = row->staged_count++;
    row->staged[at] = staged;
    if ((to->kinds & 1u << value->kind) == 0) {
        to->kinds |= 1u << value->kind;
        *list = (struct row_list){ .first = at };
    } else {
        row->staged[list->last].next = at;
    }
    list->last = at;
    list->count++;
    uint32_t size = wire_size(value);
    list->size += size;
    row->bound += size;
    return true;
}

/* ---- writing ---------------------------------------------------------- */

static uint32_t cell_size(const struct row_column *column, uint32_t index)
{
    size_t size = index == 0 ? 0 : 1 + varint_size(index);
    if (column->kinds == 1u << ROW_HASH) { /* what most batches consist of */
        uint32_t hashes = column->lists[ROW_HASH].size;
        return (uint32_t)(size + 1 + varint_size(hashes) + hashes);
    }
    for (unsigned kind = 0; kind < ROW_KINDS; kind++) {
        if ((column->kinds & 1u << kind) == 0)
            continue;
        const struct row_list *list = &column->lists[kind];
        size += list->size;
        if (kind != ROW_STRING)
            size += 1 + varint_size(list->size);
    }
    return (uint32_t)size;
}

static size_t key_size(const struct row_builder *row)
{
    return row->key.len == 0 ? 0 : 1 + varint_size(row->key.len) + row->key.len;
}

static uint8_t *put_strings(const struct row_builder *row, const struct row_list *list, uint8_t *at)
{
    uint32_t i = list->first;
    for (uint32_t n = 0; n < list->count; n++, i = row->staged[i].next) {
        const struct row_staged *staged = &row->staged[i];
        at = tag_put(at, CELL_FIRST_KIND + ROW_STRING, WIRE_LEN);
        at = varint_put(at, staged->len);
        at = run_put(at, row->strings.data + staged->bits, staged->len);
    }
    return at;
}

static uint8_t *put_packed(const struct row_builder *row, const struct row_list *list,
                           unsigned kind, uint8_t *at)
{
    uint32_t i = list->first;
    at = tag_put(at, CELL_FIRST_KIND + kind, WIRE_LEN);
    at = varint_put(at, list->size);
    for (uint32_t n = 0; n < list->count; n++, i = row->staged[i].next) {
        uint64_t bits = row->staged[i].bits;
        at = kind == ROW_INT ? varint_put(at, bits) : fixed64_put(at, bits);
    }
    return at;
}

static uint8_t *put_cell(const struct row_builder *row, uint32_t index, uint8_t *at)
{
    const struct row_column *column = &row->columns[index];
    at = tag_put(at, ROW_CELLS, WIRE_LEN);
    at = varint_put(at, column->size);
    if (index != 0) {
        at = tag_put(at, CELL_COLUMN, WIRE_VARINT);
        at = varint_put(at, index);
    }
    for (unsigned kind = 0; kind < ROW_KINDS; kind++) {
        if ((column->kinds & 1u << kind) == 0)
            continue;
        if (kind == ROW_STRING)
            at = put_strings(row, &column->lists[kind], at);
        else
            at = put_packed(row, &column->lists[kind], kind, at);
    }
    return at;
}

static void close_row(struct row_builder *row)
{
    for (unsigned i = 0; i < row->touched_count; i++)
        row->columns[row->touched[i]].kinds = 0;
    row->touched_count = 0;
    row->staged_count = 0;
    row->strings.len = 0;
    row->open = false;
    row->bound = 0;
}

/*      22 len                row
 *         0a len key
 *         12 len             cell, once a column
 *            08 column
 *            12 len hashes   8 bytes each, little-endian
 *            1a len string   once a string
 *            22 len ints     zigzag varints
 *            2a len doubles  8 bytes each, little-endian */
bool row_builder_write(struct row_builder *row, struct bytes *out)
{
    assert(row->open);
    if (!bytes_reserve(out, row->bound))
        return false;
    size_t row_size = key_size(row);
    for (unsigned i = 0; i < row->touched_count; i++) {
        struct row_column *column = &row->columns[row->touched[i]];
        column->size = cell_size(column, row->touched[i]);
        row_size += 1 + varint_size(column->size) + column->size;
    }
    if (row->touched_count > 0) {
        uint8_t *at = out->data + out->len;
        at = tag_put(at, INGEST_ROWS, WIRE_LEN);
        at = varint_put(at, row_size);
        if (row->key.len > 0) {
            at = tag_put(at, ROW_KEY, WIRE_LEN);
            at = varint_put(at, row->key.len);
            at = run_put(at, row->key.data, row->key.len);
        }
        for (unsigned i = 0; i < row->touched_count; i++)
            at = put_cell(row, row->touched[i], at);
        out->len = (size_t)(at - out->data);
        assert(out->len <= out->cap);
    }
    close_row(row);
    return true;
}
