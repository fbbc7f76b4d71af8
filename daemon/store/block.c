#include "daemon/store/block.h"

#include <xxhash.h>

#include "daemon/store/coding.h"

#define BLOCK_MAGIC UINT32_C(0x42445243) /* "CRDB" */
#define CHECKED_BYTES 24u                /* of the header, that its checksum is over */

void block_put_header(uint8_t out[BLOCK_HEADER_BYTES], const struct block_header *header,
                      uint64_t seed)
{
    uint8_t *at = put_u32(out, BLOCK_MAGIC);
    at = put_u32(at, header->payload_bytes);
    at = put_u64(at, header->number);
    at = put_u64(at, header->settled);
    at = put_u64(at, XXH3_64bits_withSeed(out, CHECKED_BYTES, seed));
    put_u64(at, header->payload_checksum);
}

bool block_read_header(const uint8_t bytes[BLOCK_HEADER_BYTES], uint64_t seed,
                       struct block_header *out)
{
    if (get_u32(bytes) != BLOCK_MAGIC)
        return false;
    struct block_header header = {
        .payload_bytes = get_u32(bytes + 4),
        .number = get_u64(bytes + 8),
        .settled = get_u64(bytes + 16),
        .payload_checksum = get_u64(bytes + 32),
    };
    if (header.payload_bytes == 0 || header.payload_bytes > BLOCK_PAYLOAD_MAX ||
        get_u64(bytes + CHECKED_BYTES) != XXH3_64bits_withSeed(bytes, CHECKED_BYTES, seed))
        return false;
    *out = header;
    return true;
}

bool block_check_payload(const struct block_header *header, const uint8_t *payload, uint64_t seed)
{
    uint64_t padded = block_bytes(header->payload_bytes) - BLOCK_HEADER_BYTES;
    for (uint64_t i = header->payload_bytes; i < padded; i++) {
        if (payload[i] != 0)
            return false;
    }
    return XXH3_64bits_withSeed(payload, header->payload_bytes, seed) == header->payload_checksum;
}
