/* gather: the values of a batch, put together by key.
 *
 * Values come in any order. Those of one key become one Row, those of one of
 * its columns one Cell, and a hash that its cell has already is dropped. Values
 * are logged as they come, 16 bytes each, with the cell they belong to:
 *
 *     key -> row -> cells <- log of values
 *
 * The sizes of cells are kept meanwhile, so that the message is written in two
 * passes, the heads of rows and cells, and each value to its place. A value
 * costs no allocation once the arrays have grown.
 *
 * The bound is never less than what gather_write() will write, so that a batch
 * knows beforehand whether a value still fits its frame.
 *
 * Hostile keys or hashes that all fall on the same slots cost at most
 * GATHER_PROBES_MAX comparisons each: beyond, a key may get a second row, and
 * a hash be sent twice, which means the same to the server.
 *
 * Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_GATHER_H
#define CARDINAL_CLIENT_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/lib/bytes.h"
#include "client/lib/slots.h"

#define GATHER_PROBES_MAX 64u
#define GATHER_VALUES_MAX (1u << 26)
#define GATHER_STRING_MAX ((1u << 28) - 1)
#define GATHER_NONE UINT32_MAX

/* Types of values, in the order of the fields of a Cell. */
enum gather_kind {
    GATHER_HASH,
    GATHER_STRING,
    GATHER_INT,
    GATHER_DOUBLE,
    GATHER_KINDS,
};

/* A value that is no hash: the zigzag form of an integer or the bits of a double
 * are in bits. */
struct gather_value {
    enum gather_kind kind; /* not GATHER_HASH */
    uint32_t len;          /* of a string */
    uint64_t bits;
    const void *string;
};

struct gather_row {
    uint32_t key_at; /* in keys */
    uint32_t key_len;
    uint32_t first_cell;
    uint32_t last_cell;
    uint64_t hash; /* of the key */
    uint32_t size; /* of the Row's content on the wire, while it is written */
};

struct gather_cell {
    uint32_t row;
    uint32_t column;
    uint32_t next;               /* cell of the row, in the order of their first values */
    uint32_t size;               /* of the Cell's content on the wire, while it is written */
    uint32_t kind[GATHER_KINDS]; /* bytes on the wire of the values of each kind; while
                                    they are written: where the next one goes */
};

struct gather_entry {
    uint64_t bits; /* of a string: where it begins in strings */
    uint32_t cell;
    uint32_t len : 28; /* of a string */
    uint32_t kind : 4;
};

struct gather {
    struct gather_row *rows;
    struct gather_cell *cells;
    struct gather_entry *log;
    uint32_t row_count, row_cap;
    uint32_t cell_count, cell_cap;
    uint32_t count, cap; /* of the log: values that will be sent */
    struct bytes keys;
    struct bytes strings;
    struct slots by_key;  /* rows */
    struct slots by_cell; /* cells, by row and column */
    struct slots by_hash; /* hashes in the log, by cell and hash */
    uint32_t row;         /* of the last value, or GATHER_NONE */
    uint32_t cell;        /* in that row */
    struct {              /* of that cell, unless it is GATHER_NONE */
        const uint8_t *key;
        size_t key_len;
        uint32_t column;
        uint64_t salt; /* of its hashes in by_hash */
    } last;
    uint64_t added; /* values, those that were dropped included */
    size_t bound;   /* most bytes that it takes on the wire */
};

#define GATHER_INIT                                                                                \
    {                                                                                              \
        .row = GATHER_NONE, .cell = GATHER_NONE                                                    \
    }

void gather_release(struct gather *gather);

#define GATHER_TAG_MAX ((size_t)1 + VARINT32_MAX_BYTES) /* a tag and a length */
#define GATHER_ROW_BOUND (2 * GATHER_TAG_MAX)           /* around a row and its key */
#define GATHER_CELL_BOUND (GATHER_TAG_MAX + 1 + VARINT32_MAX_BYTES + GATHER_KINDS * GATHER_TAG_MAX)

/* Bytes that the value takes inside its cell. */
static inline uint32_t gather_value_size(const struct gather_value *value)
{
    switch (value->kind) {
    case GATHER_STRING:
        return 1 + (uint32_t)varint_size(value->len) + value->len;
    case GATHER_INT:
        return (uint32_t)varint_size(value->bits);
    default:
        return 8;
    }
}

/* The most that one value adds to the bound. */
static inline size_t gather_value_bound(size_t key_len, const struct gather_value *value)
{
    return GATHER_ROW_BOUND + key_len + GATHER_CELL_BOUND + gather_value_size(value);
}

/* The same for a hash. */
static inline size_t gather_hash_bound(size_t key_len)
{
    return GATHER_ROW_BOUND + key_len + GATHER_CELL_BOUND + 8;
}

/* Values that are not hashes. len is at most GATHER_STRING_MAX. */
static inline struct gather_value gather_string(const void *value, size_t len)
{
    return (struct gather_value){ .kind = GATHER_STRING, .len = (uint32_t)len, .string = value };
}

static inline struct gather_value gather_int(int64_t value)
{
    uint64_t zigzag = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    return (struct gather_value){ .kind = GATHER_INT, .bits = zigzag };
}

static inline struct gather_value gather_double(double value)
{
    struct gather_value raw = { .kind = GATHER_DOUBLE };
    memcpy(&raw.bits, &value, sizeof raw.bits);
    return raw;
}

/* Takes a hash in, or drops it as repeated. False without memory; no value was
 * taken. */
bool gather_add_hash(struct gather *gather, const void *key, size_t key_len, uint32_t column,
                     uint64_t hash);

/* The same for a value of another kind, which is never dropped. */
bool gather_add(struct gather *gather, const void *key, size_t key_len, uint32_t column,
                const struct gather_value *value);

/* Bytes that gather_write() will write. */
size_t gather_measure(struct gather *gather);

/* Writes the rows as entries of Ingest.rows, and forgets all values. at has the
 * room that gather_measure() asked for just before. Returns the end. */
uint8_t *gather_write(struct gather *gather, uint8_t *at);

#endif
