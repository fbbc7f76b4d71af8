/* snapshot_layout: one file that holds all tables, "snapshot-" and its number in 16
 * hex digits.
 *
 *      0   u8[8]   "CRDLSNAP"
 *      8   u32     version, 1
 *     12   u32     zero
 *     16   u64     number N: the changes of the segments before N are in it
 *     24   u64     run, of the segments (segment.h) that followed it at first
 *     32   u64     when it was begun, milliseconds since 1970
 *     40   u64     the id that the next new table was to get
 *     48   u8[8]   zeros
 *     56   u64     XXH3 of bytes 0 to 55, the seed of the blocks' checksums
 *     64           blocks, one behind the other, the footer last
 *
 * A block, whose number counts from 0:
 *
 *      0   u32     "CRDS"
 *      4   u32     kind: 1 TABLE, 2 ROWS, 3 FOOTER
 *      8   u32     bytes of payload as they lie there
 *     12   u32     bytes of it unpacked; as many: it is not packed, else zstd
 *     16   u64     number
 *     24   u64     XXH3 of bytes 0 to 23
 *     32   u64     XXH3 of the payload as it lies there
 *     40           payload, then zeros to a multiple of 8
 *
 *      TABLE     a table (record.h), of whose rows those of the ROWS that follow
 *                are; or, altered, the one before once more
 *      ROWS      slices, one behind the other:
 *                stream, sequence, flags, rows; of each row: key, cells; of each
 *                cell: column id, dump (dump.h). Flags: bit 0, the stream's final one;
 *                bit 1, its first row's cells before these are in the slice before;
 *                bit 2, its last row's cells beyond these are in the next one
 *      FOOTER    u64 each: blocks before it, tables, slices, rows, cells, and the
 *                XXH3 of the checksums of all payloads before
 *
 * Numbers of TABLE and ROWS are varints, a key is a length and bytes (coding.h).
 * A slice covers the cells, by key and column id, beyond those of the stream's slice
 * before up to its own last, the final one all beyond; see slices.h. Streams and
 * sequences mean something to the segments of the same run alone.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_STORE_SNAPSHOT_LAYOUT_H
#define CARDINAL_STORE_SNAPSHOT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_VERSION 1u
#define SNAPSHOT_HEADER_BYTES 64u
#define SNAPSHOT_BLOCK_HEADER_BYTES 40u
#define SNAPSHOT_ALIGN 8u
#define SNAPSHOT_FOOTER_BYTES 48u
#define SNAPSHOT_SLICE_FINAL 1u
#define SNAPSHOT_SLICE_RESUMES 2u
#define SNAPSHOT_SLICE_BREAKS 4u

/* Bytes of payload, packed or not, at most: blocks are written once they have 512 KiB,
 * and a slice has no more than one cell beyond 48 KiB, of 2^18 registers at most. */
#define SNAPSHOT_PAYLOAD_MAX (16u << 20)

enum snapshot_kind {
    SNAPSHOT_TABLE = 1,
    SNAPSHOT_ROWS = 2,
    SNAPSHOT_FOOTER = 3,
};

struct snapshot_header {
    uint64_t number;
    uint64_t run;
    uint64_t begun_ms;
    uint64_t next_table_id;
};

struct snapshot_block {
    enum snapshot_kind kind;
    uint32_t stored_bytes;
    uint32_t unpacked_bytes;
    uint64_t number;
    uint64_t checksum;
};

struct snapshot_counts {
    uint64_t blocks;
    uint64_t tables;
    uint64_t slices;
    uint64_t rows;
    uint64_t cells;
    uint64_t checksum;
};

/* Bytes of the payload with what pads it. */
static inline uint64_t snapshot_padded(uint32_t stored_bytes)
{
    return ((uint64_t)stored_bytes + SNAPSHOT_ALIGN - 1) & ~(uint64_t)(SNAPSHOT_ALIGN - 1);
}

/* Writes the header; returns the seed of the blocks' checksums. */
uint64_t snapshot_put_header(uint8_t out[SNAPSHOT_HEADER_BYTES],
                             const struct snapshot_header *header);

enum snapshot_header_state {
    SNAPSHOT_SOUND,
    SNAPSHOT_NEWER, /* of a version that is not known here: *version */
    SNAPSHOT_UNSOUND,
};
enum snapshot_header_state snapshot_read_header(const uint8_t bytes[SNAPSHOT_HEADER_BYTES],
                                                struct snapshot_header *out, uint64_t *seed,
                                                uint32_t *version);

void snapshot_put_block(uint8_t out[SNAPSHOT_BLOCK_HEADER_BYTES],
                        const struct snapshot_block *block, uint64_t seed);

/* false: these bytes begin no block. */
bool snapshot_read_block(const uint8_t bytes[SNAPSHOT_BLOCK_HEADER_BYTES], uint64_t seed,
                         struct snapshot_block *out);

uint64_t snapshot_checksum(const uint8_t *payload, size_t len, uint64_t seed);

/* The checksum of checksums with one more. */
uint64_t snapshot_chain(uint64_t chain, uint64_t checksum);

void snapshot_put_counts(uint8_t out[SNAPSHOT_FOOTER_BYTES], const struct snapshot_counts *counts);
void snapshot_read_counts(const uint8_t bytes[SNAPSHOT_FOOTER_BYTES], struct snapshot_counts *out);

#endif
