/* snapshot_read: a snapshot's file, block by block, and the rows in a block.
 *
 * Every byte may be hostile or damaged. Thread safety: none, but that what a block
 * holds may be unpacked and read by others than who reads the file. */
#ifndef CARDINAL_STORE_SNAPSHOT_READ_H
#define CARDINAL_STORE_SNAPSHOT_READ_H

#include <stdbool.h>

#include "daemon/store/coding.h"
#include "daemon/store/snapshot_layout.h"
#include "daemon/table/restore.h"
#include "proto/status.h"

/* Memory that grows as it is needed. */
struct room {
    uint8_t *bytes;
    size_t size;
};
enum status room_reserve(struct room *room, size_t size, struct error *err);
void room_release(struct room *room);

/* How what was read last is to be taken. */
enum snapshot_state {
    SNAPSHOT_BLOCK,   /* a block with a sound header; the payload is not checked yet */
    SNAPSHOT_END,     /* the footer, which agrees with what came before, and the end */
    SNAPSHOT_DAMAGED, /* bytes that should be a block and are none */
};

struct snapshot_reader {
    int fd;
    struct snapshot_header header;
    bool has_header; /* else the file is damaged from its first byte on */
    uint64_t seed;
    uint64_t size;     /* of the file */
    uint64_t offset;   /* of what was read last */
    uint64_t end;      /* where that ends */
    const char *fault; /* of what is damaged: why */
    bool is_over;
    struct snapshot_counts seen;   /* blocks and checksum, of what was read */
    struct snapshot_counts footer; /* once the end was read */
};

/* Opens a snapshot. ST_FAILED_PRECONDITION: it is of a newer version, which the
 * message names; ST_NOT_FOUND, ST_INTERNAL: it cannot be read. One whose header is not
 * sound opens, too: the first snapshot_next() says so. */
enum status snapshot_open(struct snapshot_reader *reader, int directory, uint64_t number,
                          struct error *err);
void snapshot_close(struct snapshot_reader *reader);

/* Reads on, a block's payload into *room. After SNAPSHOT_DAMAGED the next call goes on
 * with the next sound header, if there is one. */
enum status snapshot_next(struct snapshot_reader *reader, enum snapshot_state *state,
                          struct snapshot_block *block, struct room *room, struct error *err);

/* Checks and unpacks a block's payload, which was read to `from`: *payload points into
 * either room. ST_INVALID_ARGUMENT: it is damaged. */
enum status snapshot_unpack(const struct snapshot_block *block, uint64_t seed,
                            const struct room *from, struct room *to, struct bytes_view *payload,
                            struct error *err);

/* ---- rows ---- */

struct snapshot_slice {
    uint32_t stream;
    uint64_t sequence;
    uint64_t rows;
    bool is_final;
    bool resumes; /* it begins with the rest of a row */
    bool breaks;  /* it ends within a row */
};

/* The next slice's head; false at the payload's end, or, with in->fault, if it is not
 * sound. */
bool snapshot_read_slice(struct reading *in, struct snapshot_slice *out);

/* The next row; its cells, COLUMNS_MAX at most, are the caller's. Where it is not sound
 * in->fault says so, and there are none: ST_INVALID_ARGUMENT. */
enum status snapshot_read_row(struct reading *in, const struct sketch_shape *shape,
                              struct bytes_view *key, struct restored_cell *cells, uint32_t *count);

#endif
