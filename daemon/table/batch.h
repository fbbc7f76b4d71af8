/* batch: rows of hashed values, decoded and checked, ready to be applied.
 *
 * A view: keys and hashes lie in memory of whoever decoded the batch (mostly
 * the frame it came in) and must stay there until the batch is applied. */
#ifndef CARDINAL_TABLE_BATCH_H
#define CARDINAL_TABLE_BATCH_H

#include <stddef.h>
#include <stdint.h>

/* One column's values of one row. */
struct batch_cell {
    const uint8_t *hashes; /* n x 8 bytes, little-endian, unaligned */
    uint32_t n;            /* at least 1 */
    uint32_t column;       /* index into the batch's columns */
};

/* One key with its values. */
struct batch_row {
    const uint8_t *key;
    uint32_t key_len;    /* at most KEY_MAX_BYTES */
    uint32_t first_cell; /* into the batch's cells */
    uint32_t cell_count; /* at least 1: rows without values are left out */
    uint32_t shard;      /* filled in by table_place() */
    uint64_t key_hash;   /* filled in by table_place() */
};

struct batch {
    struct batch_row *rows; /* put in shard order by table_place() */
    uint32_t row_count;
    uint32_t column_count;
    struct batch_cell *cells;
    uint64_t value_count; /* over all cells */
};

#endif
