/* snapshot: takes one of a catalog while it is in use.
 *
 * Rows are read a slice at a time (slices.h), no lock is held for longer than that,
 * and what is read is written as blocks of about SNAPSHOT_BLOCK_BYTES. Needs a few
 * of those in memory, more where a row is larger.
 *
 * Thread safety: one at a time. */
#ifndef CARDINAL_STORE_SNAPSHOT_H
#define CARDINAL_STORE_SNAPSHOT_H

#include "daemon/store/snapshot_layout.h"
#include "daemon/table/catalog.h"

#define SNAPSHOT_BLOCK_BYTES ((size_t)512 << 10) /* of payload, about */
#define SNAPSHOT_SLICE_BYTES ((size_t)48 << 10)  /* dumped under one hold of a lock, about */

struct snapshot_result {
    struct snapshot_counts counts;
    uint64_t bytes; /* of the file */
};

/* Writes the snapshot of a number to a directory: what the catalog holds by changes
 * told before the segment of that number was begun is in it, of later ones some.
 * ST_CANCELLED: the task said so. */
enum status snapshot_take(struct catalog *catalog, int directory, uint64_t number, uint64_t run,
                          const struct task *task, struct snapshot_result *out, struct error *err);

#endif
