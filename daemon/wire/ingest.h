/* ingest: the Ingest request, decoded in place.
 *
 * Two steps, since values are hashed under the seed of a table that must be
 * found first: ingest_head() reads what names it, ingest_decode() checks every
 * byte of the rows and makes a batch, before anything is applied. Packed runs
 * of hashes are pointed to where they lie, all other values are hashed into the
 * arena. Nothing is allocated per value.
 *
 * What is accepted and what it means is exactly what protobuf-c makes of the
 * same bytes; a differential fuzz test holds the two together.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_INGEST_H
#define CARDINAL_WIRE_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/table/batch.h"
#include "daemon/table/selector.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/decode.h"
#include "proto/status.h"
#include "proto/value_hash.h"

#define INGEST_MAX_VALUES_DEFAULT 65536u

/* An arena of this cap holds every batch of up to max_values. */
#define INGEST_ARENA_BYTES(max_values) (64 * (size_t)(max_values) + (1u << 16))

/* All of an Ingest but its rows. */
struct ingest_head {
    struct bytes_view table;          /* of valid form */
    uint64_t table_id;                /* 0: whatever has the name */
    const struct bytes_view *columns; /* of valid form, none twice */
    uint32_t column_count;            /* 1..COLUMNS_MAX */
    uint32_t row_count;               /* rows in the message, 1..max_values, empty ones too */
    enum ack ack;
    struct bytes_view body; /* the whole message */
};

/* Reads the head; the columns' array lies in the arena, names in the body.
 * ST_MALFORMED; ST_INVALID_ARGUMENT for bad names, columns named twice, no
 * columns, no rows, an unknown ack; ST_TOO_LARGE: more than max_values rows. */
enum status ingest_head(struct bytes_view body, uint32_t max_values, struct arena *arena,
                        struct ingest_head *out, struct error *err);

/* Decodes the rows into *out, whose arrays lie in the arena and whose keys and
 * hashes lie in the body or the arena. Rows without values are left out, so
 * that none may remain.
 * ST_MALFORMED; ST_INVALID_ARGUMENT: a key too long, a column out of range or
 * twice in a row; ST_FAILED_PRECONDITION: hashes without a table_id;
 * ST_TOO_LARGE: more than max_values values; ST_RESOURCE_EXHAUSTED: the arena
 * is full. */
enum status ingest_decode(const struct ingest_head *head, const struct value_hasher *hasher,
                          uint32_t max_values, struct arena *arena, struct batch *out,
                          struct error *err);

#endif
