/* snapshot_file: writes a snapshot's file block by block, under the name of one that
 * is being written until all of it is on disk.
 *
 * Takes two buffers of a block's size, some MiB at most unless a row is larger.
 * Thread safety: none. */
#ifndef CARDINAL_STORE_SNAPSHOT_FILE_H
#define CARDINAL_STORE_SNAPSHOT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store/snapshot_layout.h"
#include "proto/status.h"

struct ZSTD_CCtx_s;

struct snapshot_file {
    int directory;
    int fd;
    uint64_t number;
    uint64_t seed;
    uint64_t bytes; /* written so far */
    struct snapshot_counts counts;
    struct ZSTD_CCtx_s *packer;
    uint8_t *packed; /* header, payload, padding */
    size_t room;
};

/* Creates the file, replacing one that was left unfinished. */
enum status snapshot_file_begin(struct snapshot_file *file, int directory,
                                const struct snapshot_header *header, struct error *err);

/* Writes a block of len bytes, 1 to SNAPSHOT_PAYLOAD_MAX. */
enum status snapshot_file_add(struct snapshot_file *file, enum snapshot_kind kind,
                              const uint8_t *payload, size_t len, struct error *err);

/* Writes the footer of file->counts, syncs the file, and gives it its name. */
enum status snapshot_file_finish(struct snapshot_file *file, struct error *err);

/* Closes the file, and removes it if it was not finished. */
void snapshot_file_release(struct snapshot_file *file);

#endif
