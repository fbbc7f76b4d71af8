#include "daemon/store/snapshot_layout.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/store/coding.h"

#define HEADER_MAGIC "CRDLSNAP"
#define BLOCK_MAGIC 0x53445243u /* "CRDS" */
#define CHECKSUM_AT 56u
#define BLOCK_CHECKSUM_AT 24u

uint64_t snapshot_put_header(uint8_t out[SNAPSHOT_HEADER_BYTES],
                             const struct snapshot_header *header)
{
    memset(out, 0, SNAPSHOT_HEADER_BYTES);
    memcpy(out, HEADER_MAGIC, 8);
    (void)put_u32(out + 8, SNAPSHOT_VERSION);
    (void)put_u64(out + 16, header->number);
    (void)put_u64(out + 24, header->run);
    (void)put_u64(out + 32, header->begun_ms);
    (void)put_u64(out + 40, header->next_table_id);
    uint64_t seed = XXH3_64bits(out, CHECKSUM_AT);
    (void)put_u64(out + CHECKSUM_AT, seed);
    return seed;
}

enum snapshot_header_state snapshot_read_header(const uint8_t bytes[SNAPSHOT_HEADER_BYTES],
                                                struct snapshot_header *out, uint64_t *seed,
                                                uint32_t *version)
{
    *version = get_u32(bytes + 8);
    *seed = XXH3_64bits(bytes, CHECKSUM_AT);
    if (memcmp(bytes, HEADER_MAGIC, 8) != 0 || get_u64(bytes + CHECKSUM_AT) != *seed)
        return SNAPSHOT_UNSOUND;
    if (*version != SNAPSHOT_VERSION)
        return *version > SNAPSHOT_VERSION ? SNAPSHOT_NEWER : SNAPSHOT_UNSOUND;
    out->number = get_u64(bytes + 16);
    out->run = get_u64(bytes + 24);
    out->begun_ms = get_u64(bytes + 32);
    out->next_table_id = get_u64(bytes + 40);
    return SNAPSHOT_SOUND;
}

void snapshot_put_block(uint8_t out[SNAPSHOT_BLOCK_HEADER_BYTES],
                        const struct snapshot_block *block, uint64_t seed)
{
    (void)put_u32(out, BLOCK_MAGIC);
    (void)put_u32(out + 4, (uint32_t)block->kind);
    (void)put_u32(out + 8, block->stored_bytes);
    (void)put_u32(out + 12, block->unpacked_bytes);
    (void)put_u64(out + 16, block->number);
    (void)put_u64(out + BLOCK_CHECKSUM_AT, XXH3_64bits_withSeed(out, BLOCK_CHECKSUM_AT, seed));
    (void)put_u64(out + 32, block->checksum);
}

bool snapshot_read_block(const uint8_t bytes[SNAPSHOT_BLOCK_HEADER_BYTES], uint64_t seed,
                         struct snapshot_block *out)
{
    uint32_t kind = get_u32(bytes + 4);
    if (get_u32(bytes) != BLOCK_MAGIC || kind < SNAPSHOT_TABLE || kind > SNAPSHOT_FOOTER ||
        get_u64(bytes + BLOCK_CHECKSUM_AT) != XXH3_64bits_withSeed(bytes, BLOCK_CHECKSUM_AT, seed))
        return false;
    *out = (struct snapshot_block){
        .kind = (enum snapshot_kind)kind,
        .stored_bytes = get_u32(bytes + 8),
        .unpacked_bytes = get_u32(bytes + 12),
        .number = get_u64(bytes + 16),
        .checksum = get_u64(bytes + 32),
    };
    return out->stored_bytes > 0 && out->stored_bytes <= out->unpacked_bytes &&
           out->unpacked_bytes <= SNAPSHOT_PAYLOAD_MAX;
}

uint64_t snapshot_checksum(const uint8_t *payload, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(payload, len, seed);
}

uint64_t snapshot_chain(uint64_t chain, uint64_t checksum)
{
    uint8_t bytes[16];
    (void)put_u64(put_u64(bytes, chain), checksum);
    return XXH3_64bits(bytes, sizeof bytes);
}

void snapshot_put_counts(uint8_t out[SNAPSHOT_FOOTER_BYTES], const struct snapshot_counts *counts)
{
    uint8_t *at = put_u64(out, counts->blocks);
    at = put_u64(at, counts->tables);
    at = put_u64(at, counts->slices);
    at = put_u64(at, counts->rows);
    at = put_u64(at, counts->cells);
    (void)put_u64(at, counts->checksum);
}

void snapshot_read_counts(const uint8_t bytes[SNAPSHOT_FOOTER_BYTES], struct snapshot_counts *out)
{
    out->blocks = get_u64(bytes);
    out->tables = get_u64(bytes + 8);
    out->slices = get_u64(bytes + 16);
    out->rows = get_u64(bytes + 24);
    out->cells = get_u64(bytes + 32);
    out->checksum = get_u64(bytes + 40);
}
