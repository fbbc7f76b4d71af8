/* pool: a shard's memory for rows, in blocks that 32-bit references name.
 *
 * Blocks are cut from chunks of 16 KiB without a header of their own and
 * rounded to 8 bytes, so that a row of 20 bytes takes 24; a reference takes
 * half of what a pointer does, and indices hold several a row. The first chunk
 * starts small and doubles, so that a shard of few keys stays small; of the others
 * each page counts once it is used. Freed
 * blocks wait on lists by size, and a larger one is cut before a new chunk is
 * taken; a chunk goes back to the heap only with the whole pool.
 *
 * Every block begins with a 32-bit word, whose top bit says that it is in use:
 * that of a free one is clear. So the blocks of a chunk can be walked.
 *
 * Limits: 32 GiB in all, blocks of up to POOL_BLOCK_MAX bytes. Thread safety: none. */
#ifndef CARDINAL_TABLE_POOL_H
#define CARDINAL_TABLE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_UNIT_BYTES 8u
#define POOL_CHUNK_BITS 11u /* log2 of the units of a chunk */
#define POOL_CHUNK_UNITS (1u << POOL_CHUNK_BITS)
#define POOL_CLASSES 73u
#define POOL_BLOCK_MAX ((size_t)672 * POOL_UNIT_BYTES)
#define POOL_BLOCK_USED UINT32_C(0x80000000)

struct pool {
    uint8_t **chunks;
    uint32_t chunk_count;
    uint32_t chunk_room;               /* pointers that chunks has room for */
    uint32_t next;                     /* the first unit never given out */
    uint32_t end;                      /* the first unit beyond the last chunk */
    uint32_t touched;                  /* the first whose page was never used */
    uint32_t free_heads[POOL_CLASSES]; /* by size, 0: none */
    size_t held_bytes;                 /* of the heap, chunks and their list */
};

/* A pool of nothing; takes no memory yet. */
void pool_init(struct pool *pool);

/* Gives all memory back, the blocks' too; the pool is as after pool_init(). */
void pool_release(struct pool *pool);

/* A block of at least size bytes, 1 <= size <= POOL_BLOCK_MAX, aligned to 8, or
 * 0 without memory. Pointers into other blocks may be stale afterwards. The
 * caller writes the block's first word before it calls again. */
uint32_t pool_alloc(struct pool *pool, size_t size);

/* Gives back a block that was had for size bytes. */
void pool_free(struct pool *pool, uint32_t ref, size_t size);

/* What a block had for size bytes takes. */
size_t pool_block_bytes(size_t size);

/* Bytes on the free lists, counted by walking them. */
size_t pool_free_bytes(const struct pool *pool);

/* The block's memory, until the next pool_alloc(). */
static inline void *pool_at(const struct pool *pool, uint32_t ref)
{
    return pool->chunks[ref >> POOL_CHUNK_BITS] +
           (size_t)(ref & (POOL_CHUNK_UNITS - 1)) * POOL_UNIT_BYTES;
}

#endif
