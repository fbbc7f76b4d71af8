/* The half of gather that writes the message. */
#include "client/lib/gather.h"

/* Fields of the messages, as in cardinal.proto. */
enum {
    INGEST_ROWS = 4,
    ROW_KEY = 1,
    ROW_CELLS = 2,
    CELL_COLUMN = 1,
    CELL_FIRST_KIND = 2, /* hashes, strings, ints, doubles follow one another */
};

/* Most cells hold nothing else. */
static inline bool holds_only_hashes(const struct gather_cell *cell)
{
    return (cell->kind[GATHER_STRING] | cell->kind[GATHER_INT] | cell->kind[GATHER_DOUBLE]) == 0;
}

static uint32_t cell_size(const struct gather_cell *cell)
{
    size_t size = cell->column == 0 ? 0 : 1 + varint_size(cell->column);
    unsigned kinds = holds_only_hashes(cell) ? GATHER_HASH + 1 : GATHER_KINDS;
    for (unsigned kind = 0; kind < kinds; kind++) {
        if (cell->kind[kind] == 0)
            continue;
        size += cell->kind[kind];
        if (kind != GATHER_STRING)
            size += 1 + varint_size(cell->kind[kind]);
    }
    return (uint32_t)size;
}

size_t gather_measure(struct gather *gather)
{
    size_t total = 0;
    for (uint32_t i = 0; i < gather->row_count; i++) {
        uint32_t len = gather->rows[i].key_len;
        gather->rows[i].size = len == 0 ? 0 : 1 + (uint32_t)varint_size(len) + len;
    }
    for (uint32_t i = 0; i < gather->cell_count; i++) {
        struct gather_cell *cell = &gather->cells[i];
        cell->size = cell_size(cell);
        gather->rows[cell->row].size += 1 + (uint32_t)varint_size(cell->size) + cell->size;
    }
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct gather_row *row = &gather->rows[i];
        if (row->first_cell != GATHER_NONE)
            total += 1 + varint_size(row->size) + row->size;
    }
    return total;
}

/* Leaves room for the values, and notes where it is. */
static uint8_t *put_cell(struct gather_cell *cell, const uint8_t *begin, uint8_t *at)
{
    at = tag_put(at, ROW_CELLS, WIRE_LEN);
    at = varint_put(at, cell->size);
    if (cell->column != 0) {
        at = tag_put(at, CELL_COLUMN, WIRE_VARINT);
        at = varint_put(at, cell->column);
    }
    unsigned kinds = holds_only_hashes(cell) ? GATHER_HASH + 1 : GATHER_KINDS;
    for (unsigned kind = 0; kind < kinds; kind++) {
        uint32_t size = cell->kind[kind];
        if (size == 0)
            continue;
        if (kind != GATHER_STRING) {
            at = tag_put(at, CELL_FIRST_KIND + kind, WIRE_LEN);
            at = varint_put(at, size);
        }
        cell->kind[kind] = (uint32_t)(at - begin);
        at += size;
    }
    return at;
}

static uint8_t *put_row(struct gather *gather, const struct gather_row *row, const uint8_t *begin,
                        uint8_t *at)
{
    at = tag_put(at, INGEST_ROWS, WIRE_LEN);
    at = varint_put(at, row->size);
    if (row->key_len > 0) {
        at = tag_put(at, ROW_KEY, WIRE_LEN);
        at = varint_put(at, row->key_len);
        at = run_put(at, gather->keys.data + row->key_at, row->key_len);
    }
    for (uint32_t i = row->first_cell; i != GATHER_NONE; i = gather->cells[i].next)
        at = put_cell(&gather->cells[i], begin, at);
    return at;
}

static uint8_t *put_value(const struct gather *gather, const struct gather_entry *entry,
                          uint8_t *at)
{
    switch ((enum gather_kind)entry->kind) {
    case GATHER_STRING:
        at = tag_put(at, CELL_FIRST_KIND + GATHER_STRING, WIRE_LEN);
        at = varint_put(at, entry->len);
        return run_put(at, gather->strings.data + entry->bits, entry->len);
    case GATHER_INT:
        return varint_put(at, entry->bits);
    default:
        return fixed64_put(at, entry->bits);
    }
}

/* Writes the hashes of the log from number i on that belong to the same cell; the number of
 * the first that does not. */
static uint32_t put_hashes(struct gather *gather, uint32_t i, uint8_t *begin)
{
    uint32_t cell = gather->log[i].cell;
    uint32_t *place = &gather->cells[cell].kind[GATHER_HASH];
    uint8_t *at = begin + *place;
    for (; i < gather->count; i++) {
        const struct gather_entry *entry = &gather->log[i];
        if (entry->cell != cell || entry->kind != GATHER_HASH)
            break;
        at = fixed64_put(at, entry->bits);
    }
    *place = (uint32_t)(at - begin);
    return i;
}

static void forget(struct gather *gather)
{
    slots_clear(&gather->by_key, gather->row_count);
    slots_clear(&gather->by_cell, gather->cell_count);
    slots_clear(&gather->by_hash, gather->count);
    gather->row_count = 0;
    gather->cell_count = 0;
    gather->count = 0;
    gather->keys.len = 0;
    gather->strings.len = 0;
    gather->row = GATHER_NONE;
    gather->cell = GATHER_NONE;
    gather->added = 0;
    gather->bound = 0;
}

/*      22 len                row
 *         0a len key
 *         12 len             cell, once a column
 *            08 column
 *            12 len hashes   8 bytes each, little-endian
 *            1a len string   once a string
 *            22 len ints     zigzag varints
 *            2a len doubles  8 bytes each, little-endian */
uint8_t *gather_write(struct gather *gather, uint8_t *at)
{
    uint8_t *begin = at;
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct gather_row *row = &gather->rows[i];
        if (row->first_cell != GATHER_NONE)
            at = put_row(gather, row, begin, at);
    }
    for (uint32_t i = 0; i < gather->count;) {
        const struct gather_entry *entry = &gather->log[i];
        if (entry->kind == GATHER_HASH) {
            i = put_hashes(gather, i, begin);
            continue;
        }
        uint32_t *place = &gather->cells[entry->cell].kind[entry->kind];
        *place = (uint32_t)(put_value(gather, entry, begin + *place) - begin);
        i++;
    }
    forget(gather);
    return at;
}
