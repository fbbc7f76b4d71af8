/* block: what is written to a segment in one piece, with a checksum.
 *
 *      0   u32     "CRDB"
 *      4   u32     bytes of payload, 1 to BLOCK_PAYLOAD_MAX
 *      8   u64     number within the segment, from 0
 *     16   u64     settled: all that lies before this offset of the file was on
 *                  disk when the block was made
 *     24   u64     XXH3 of bytes 0 to 23
 *     32   u64     XXH3 of the payload
 *     40           payload: records (record.h), then zeros to a multiple of 8
 *
 * Both checksums are seeded with the segment's, so that a block of another file
 * is none of this one. What is not settled may be torn by a crash in any way, the
 * start of it missing and the end there.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_STORE_BLOCK_H
#define CARDINAL_STORE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_HEADER_BYTES 40u
#define BLOCK_PAYLOAD_MAX (16u << 20)
#define BLOCK_ALIGN 8u

struct block_header {
    uint32_t payload_bytes;
    uint64_t number;
    uint64_t settled;
    uint64_t payload_checksum;
};

/* Bytes that a block of that much payload takes. */
static inline uint64_t block_bytes(uint32_t payload_bytes)
{
    return (BLOCK_HEADER_BYTES + (uint64_t)payload_bytes + BLOCK_ALIGN - 1) &
           ~(uint64_t)(BLOCK_ALIGN - 1);
}

void block_put_header(uint8_t out[BLOCK_HEADER_BYTES], const struct block_header *header,
                      uint64_t seed);

/* false: these bytes begin no block. */
bool block_read_header(const uint8_t bytes[BLOCK_HEADER_BYTES], uint64_t seed,
                       struct block_header *out);

/* Do payload and padding, block_bytes() less the header, belong to it? */
bool block_check_payload(const struct block_header *header, const uint8_t *payload, uint64_t seed);

#endif
