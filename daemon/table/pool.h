/* pool: a shard's memory for rows, in blocks that 32-bit references name.
 *
 * Blocks are cut from chunks of 16 KiB without a header of their own and
 * rounded to 8 bytes, so that a row of 20 bytes takes 24; a reference takes
 * half of what a pointer does, and indices hold several a row. The first chunk
 * starts small and doubles, so that a shard of few keys stays small; of the others
 * each page counts once it is used. Freed
 * blocks wait on lists by size, and a larger one is cut before a new chunk is
 * taken.
 *
 * Every block begins with a 32-bit word, whose top bit says that it is in use:
 * that of a free one is clear. So the blocks of a chunk can be walked, and a
 * chunk of which little is used can be left: nothing is given out of it any more,
 * the caller moves his blocks elsewhere, and it goes back to the heap. One chunk
 * at a time is left; the first one, stays.
 *
 * Limits: 32 GiB in all, blocks of up to POOL_BLOCK_MAX bytes. Thread safety: none. */
#ifndef CARDINAL_TABLE_POOL_H
#define CARDINAL_TABLE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_UNIT_BYTES 8u
#define POOL_CHUNK_BITS 11u /* log2 of the units of a chunk */
#define POOL_CHUNK_UNITS (1u << POOL_CHUNK_BITS)
#define POOL_CLASSES 73u
#define POOL_BLOCK_MAX ((size_t)672 * POOL_UNIT_BYTES)
#define POOL_BLOCK_USED UINT32_C(0x80000000)
#define POOL_NO_CHUNK UINT32_MAX

struct pool {
    uint8_t **chunks; /* NULL: went back to the heap */
    uint32_t chunk_count;
    uint32_t chunk_room;               /* pointers that chunks has room for */
    uint32_t gone;                     /* chunks that went back */
    uint32_t gone_from;                /* none of them comes before this one */
    uint32_t open;                     /* the chunk that new blocks are cut from */
    uint32_t next;                     /* its first unit never given out */
    uint32_t end;                      /* the first unit beyond it */
    uint32_t touched;                  /* the first of it whose page was never used */
    uint32_t leaving;                  /* the chunk that is left, or POOL_NO_CHUNK */
    uint32_t leaving_at;               /* no block in use of it comes before this unit */
    uint32_t free_units;               /* in free blocks */
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

/* Bytes of free blocks. */
static inline size_t pool_free_bytes(const struct pool *pool)
{
    return (size_t)pool->free_units * POOL_UNIT_BYTES;
}

/* Is so much of it free that chunks could be left? */
bool pool_is_sparse(const struct pool *pool);

/* The bytes that a block in use was had for. */
typedef size_t pool_size_of(const void *block);

/* Begins to leave a chunk that is a quarter free, the first from number *chunk on,
 * of `most` looked at, and moves *chunk past it or them; false if none was. None is
 * being left. */
bool pool_leave(struct pool *pool, uint32_t *chunk, uint32_t most, pool_size_of *size_of);

/* The next block in use of the chunk that is left, which the caller frees before he
 * asks again; 0 if there is none: then the chunk has gone back to the heap. */
uint32_t pool_leave_next(struct pool *pool, pool_size_of *size_of);

/* Stays in the chunk that is being left. */
void pool_stay(struct pool *pool, pool_size_of *size_of);

/* The block's memory, until the next pool_alloc(). */
static inline void *pool_at(const struct pool *pool, uint32_t ref)
{
    return pool->chunks[ref >> POOL_CHUNK_BITS] +
           (size_t)(ref & (POOL_CHUNK_UNITS - 1)) * POOL_UNIT_BYTES;
}

#endif
