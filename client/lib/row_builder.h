/* row_builder: the values of one row, put together into a Row in wire format.
 *
 * Values come in any order; a Row wants them by column, since no column may
 * come twice in it. They are staged as they come, 16 bytes each, in lists per
 * column and type, and written out in one go when the row is complete: a value
 * costs no allocation once the stage has grown.
 *
 * row_builder_bound() is never less than what row_builder_write() will write,
 * so that a batch knows beforehand whether a value still fits its frame.
 *
 * Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_ROW_BUILDER_H
#define CARDINAL_CLIENT_ROW_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/lib/bytes.h"

/* Types of values, in the order of the fields of a Cell. */
enum row_kind {
    ROW_HASH,
    ROW_STRING,
    ROW_INT,
    ROW_DOUBLE,
    ROW_KINDS,
};

/* One value: a hash, the zigzag form of an integer or the bits of a double are
 * in bits; of a string it is where it begins among the row's strings. */
struct row_value {
    enum row_kind kind;
    uint32_t len; /* of a string */
    uint64_t bits;
    const void *string;
};

struct row_list {
    uint32_t first; /* index into the stage */
    uint32_t last;
    uint32_t count;
    uint32_t size; /* bytes that its values take on the wire */
};

struct row_column {
    uint32_t kinds; /* bit per enum row_kind that has values */
    uint32_t size;  /* of its cell on the wire, while that is being written */
    struct row_list lists[ROW_KINDS];
};

struct row_staged {
    uint64_t bits;
    uint32_t len;
    uint32_t next;
};

struct row_builder {
    bool open; /* is there a row? */
    struct bytes key;
    struct row_column *columns;
    uint16_t *touched; /* columns with values, in the order of their first */
    unsigned touched_count;
    struct row_staged *staged;
    uint32_t staged_count;
    uint32_t staged_cap;
    struct bytes strings;
    size_t bound;
};

/* For a table of column_count columns; false without memory. */
bool row_builder_init(struct row_builder *row, size_t column_count);
void row_builder_release(struct row_builder *row);

/* Is the open row of this key? */
static inline bool row_builder_is_at(const struct row_builder *row, const void *key, size_t len)
{
    return row->open && row->key.len == len && (len == 0 || memcmp(row->key.data, key, len) == 0);
}

/* The most that one value adds, a new row for it included. */
size_t row_builder_value_bound(size_t key_len, const struct row_value *value);

/* Opens a row; there is none open. False without memory, nothing changed. */
bool row_builder_open(struct row_builder *row, const void *key, size_t len);

/* Stages a value in the open row. False without memory, nothing changed. */
bool row_builder_add(struct row_builder *row, uint32_t column, const struct row_value *value);

/* Most bytes that the open row takes on the wire; 0 when there is none. */
static inline size_t row_builder_bound(const struct row_builder *row)
{
    return row->open ? row->bound : 0;
}

/* Writes the open row as one entry of Ingest.rows and closes it. False without
 * memory, nothing changed. A row without values writes nothing. */
bool row_builder_write(struct row_builder *row, struct bytes *out);

#endif
