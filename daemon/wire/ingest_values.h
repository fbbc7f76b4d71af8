/* ingest_values: what ingest does with one cell's values, whatever their kind and
 * encoding. Between ingest_rows.c and ingest_values.c alone.
 *
 * The values of a cell lie as one run of hashes: in the message, if they are one
 * packed run there, else in room that the decoder has in its arena. */
#ifndef CARDINAL_WIRE_INGEST_VALUES_H
#define CARDINAL_WIRE_INGEST_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/cursor.h"
#include "daemon/wire/ingest.h"
#include "proto/names.h"

enum { COLUMN = 1, HASHES = 2, STRINGS = 3, INTS = 4, DOUBLES = 5 }; /* fields of Cell */

#define HASH_BYTES 8u

/* A batch on its way. What is malformed is the cursor's fault, what is well
 * formed and refused is `status`. */
struct ingest_decoder {
    const struct ingest_head *head;
    const struct value_hasher *hasher;
    uint32_t max_values;
    struct arena *arena;
    struct error *err;
    enum status status;
    struct batch batch;
    uint32_t cell_count;
    uint32_t row;               /* in the message, from 1 */
    bool has_hashes;            /* hashed by the client */
    uint8_t *hashes;            /* room for the hashes made here; NULL until needed */
    uint8_t *hashes_next;       /* free part of it */
    uint32_t seen[COLUMNS_MAX]; /* the last row that had the column */
};

/* Refuses the batch and ends the cursor's loop. */
void ingest_refuse(struct ingest_decoder *d, struct cursor *c, enum status status);

/* Adds the value of a Cell's field to the cell, for all fields but COLUMN. */
void ingest_add_values(struct ingest_decoder *d, struct cursor *c, uint64_t tag,
                       struct batch_cell *cell);

#endif
