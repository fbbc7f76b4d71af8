/* segment: one file of the journal, "journal-" and its number in 16 hex digits.
 *
 *      0   u8[8]   "CRDLJRNL"
 *      8   u32     version, 1
 *     12   u32     flags: bit 0 after_gap
 *     16   u64     number, as in the file's name
 *     24   u64     run: random, another for each start of the daemon
 *     32   u64     when it was begun, milliseconds since 1970
 *     40   u8[16]  zeros
 *     56   u64     XXH3 of bytes 0 to 55, the seed of the blocks' checksums
 *     64           blocks (block.h), one behind the other
 *
 * Header and name are on disk before the first block is written. Segments are
 * numbered without a gap. All of one is on disk before the next is begun, but for
 * one that was given up because it could not be written: what comes after that
 * is flagged after_gap, and so is every segment until a snapshot is whole that
 * was begun later. Between a segment and one after_gap changes are missing: the
 * latter, and all that follow, count for nothing without a snapshot of their
 * number or a later one.
 *
 * Thread safety: none; a reader belongs to one thread. */
#ifndef CARDINAL_STORE_SEGMENT_H
#define CARDINAL_STORE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store/block.h"
#include "daemon/table/selector.h"
#include "proto/status.h"

#define SEGMENT_VERSION 1u
#define SEGMENT_HEADER_BYTES 64u
#define SEGMENT_AFTER_GAP 1u

struct segment_header {
    uint32_t flags;
    uint64_t number;
    uint64_t run;
    uint64_t begun_ms;
};

/* Writes the header; returns the seed of the blocks' checksums. */
uint64_t segment_put_header(uint8_t out[SEGMENT_HEADER_BYTES], const struct segment_header *header);

/* Puts the checksum of all before it into a header; returns it. */
uint64_t segment_seal_header(uint8_t header[SEGMENT_HEADER_BYTES]);

/* How what was read last is to be taken. */
enum segment_state {
    SEGMENT_BLOCK,   /* a whole block */
    SEGMENT_END,     /* nothing more */
    SEGMENT_TORN,    /* bytes that are no block and reach the end, or that were never
                      * settled: of the last segment before a gap or the end they may
                      * be cut off; in the middle of the chain they are damage */
    SEGMENT_DAMAGED, /* bytes that are no block, although they were settled */
};

struct segment_reader {
    int fd;
    struct segment_header header;
    bool has_header; /* else the file is torn or damaged from its first byte on */
    uint64_t seed;
    uint64_t size;       /* of the file */
    uint64_t offset;     /* of what was read last: of the block, or of the first bad byte */
    uint64_t end;        /* where it ends; of bad bytes: where the next whole block begins,
                          * or the file ends */
    uint64_t next_block; /* the number that is to come */
    bool is_over;        /* a file of no bytes was told of */
    uint8_t *buffer;
    size_t room;
};

/* Opens a segment of the directory. ST_FAILED_PRECONDITION: it is of a newer
 * version, which the message names; ST_NOT_FOUND, ST_INTERNAL: it cannot be read.
 * A file whose header is not sound opens, too; its first segment_next() says so. */
enum status segment_open(struct segment_reader *reader, int directory, uint64_t number,
                         struct error *err);
void segment_close(struct segment_reader *reader);

/* Reads on. *payload lives until the next call. After SEGMENT_TORN and
 * SEGMENT_DAMAGED the next call goes on with the whole block behind it, if there
 * is one, so that what is whole can be saved. ST_INTERNAL: the disk failed;
 * ST_RESOURCE_EXHAUSTED: no memory. */
enum status segment_next(struct segment_reader *reader, enum segment_state *state,
                         struct bytes_view *payload, struct error *err);

#endif
