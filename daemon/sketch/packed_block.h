/* packed_block: the memory of a PACKED cell, laid out as
 *
 *   u16 rho_count, u16 room, 4 bytes unused
 *   u64 bitmap[(room + 256) / 64 rounded up]    or    struct counts
 *   u16 lows[room]
 *   u32 rhos[rho room]                          tokens with a rho, sorted
 *
 * With a bitmap, room is a function of the count and the lows lie close. With
 * counts, each group of buckets has room to spare behind its lows, so that a
 * new token moves those of its group only; room is what all groups have. A
 * group that is full borrows of the nearest one that is not. */
#ifndef CARDINAL_SKETCH_PACKED_BLOCK_H
#define CARDINAL_SKETCH_PACKED_BLOCK_H

#include <assert.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/packed.h"
#include "daemon/sketch/packed_index.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

#define BITMAP_TOKENS_MAX 496u /* from there on counts take less time */
#define BUCKET_SHIFT (TOKEN_BITS - 8)
#define BUCKET_MAX 255u

struct packed_head {
    uint16_t rho_count;
    uint16_t room; /* of lows; with counts only */
    uint32_t unused;
};

/* A block's parts. */
struct packed {
    struct packed_head *head;
    uint64_t *bitmap;      /* NULL: counts */
    struct counts *counts; /* NULL: bitmap */
    uint16_t *lows;
    uint32_t room;
};

static inline uint32_t bitmap_room(uint32_t count)
{
    uint32_t step = count < 256 ? 8 : 16;
    return (count + step - 1) & ~(step - 1);
}

static inline size_t bitmap_words(uint32_t room)
{
    return (room + PACKED_BUCKETS + 63) / 64;
}

static inline uint32_t rho_room(uint32_t rho_count)
{
    return (rho_count + 3) / 4 * 4;
}

/* The parts of a block of count tokens; room is read where it is with counts. */
static inline struct packed packed_at(void *block, uint32_t count)
{
    struct packed packed = { .head = block };
    uint8_t *index = (uint8_t *)block + sizeof(struct packed_head);
    if (count <= BITMAP_TOKENS_MAX) {
        packed.room = bitmap_room(count);
        packed.bitmap = (uint64_t *)(void *)index;
        packed.lows = (uint16_t *)(void *)(index + bitmap_words(packed.room) * sizeof(uint64_t));
    } else {
        packed.room = packed.head->room;
        packed.counts = (struct counts *)(void *)index;
        packed.lows = (uint16_t *)(void *)(index + sizeof(struct counts));
    }
    return packed;
}

static inline struct packed packed_open(uint64_t word)
{
    return packed_at(word_address(word), word_count(word));
}

static inline uint32_t *packed_rhos(const struct packed *packed)
{
    return (uint32_t *)(void *)(packed->lows + packed->room);
}

static inline size_t packed_index_bytes(uint32_t count)
{
    return count <= BITMAP_TOKENS_MAX ? bitmap_words(bitmap_room(count)) * sizeof(uint64_t)
                                      : sizeof(struct counts);
}

static inline size_t packed_block_bytes(uint32_t count, uint32_t room, uint32_t rho_count)
{
    return sizeof(struct packed_head) + packed_index_bytes(count) + room * sizeof(uint16_t) +
           rho_room(rho_count) * sizeof(uint32_t);
}

/* May a PACKED have that many tokens and rhos? It does not matter what room a block
 * has left, so that a cell's form follows from its tokens alone. */
static inline bool packed_fits(const struct sketch_shape *shape, uint32_t count, uint32_t rho_count)
{
    uint32_t room = count <= BITMAP_TOKENS_MAX ? bitmap_room(count) : count;
    return packed_block_bytes(count, room, rho_count) <= shape->token_bytes_max;
}

/* Whether a block of count tokens has room for one more, and for as many rhos. */
static inline bool packed_has_room(const struct packed *packed, uint32_t count, uint32_t rho_count)
{
    return count < packed->room && rho_room(rho_count) == rho_room(packed->head->rho_count);
}

/* A bucket's place among the lows. */
struct span {
    uint32_t start;
    uint32_t count;
};

/* Inlined always: else the parts of a block go through memory. */
static inline __attribute__((always_inline)) struct span find_bucket(const struct packed *packed,
                                                                     uint32_t bucket)
{
    struct span span = { 0, 0 };
    if (packed->bitmap != NULL) {
        uint32_t bit = bitmap_bucket_start(packed->bitmap, bitmap_words(packed->room), bucket);
        span.start = bit - bucket;
        span.count = bitmap_run(packed->bitmap, bit);
        return span;
    }
    assert(packed->counts != NULL);
    span.start = counts_bucket_start(packed->counts, bucket);
    span.count = packed->counts->in[bucket];
    return span;
}

/* An empty block for count tokens, of which in_group[g] are to be in group g,
 * and rho_count rhos; a bitmap is all zero, the counts of buckets too.
 * PACKED_FULL if that is more than the shape allows. */
enum packed_result packed_new_block(struct packed *packed, const struct sketch_shape *shape,
                                    uint32_t count, uint32_t rho_count,
                                    const uint32_t in_group[COUNTS_GROUPS]);

/* Copies a block of count tokens to a new one for count + 1 and rho_count rhos;
 * the old one stays. */
enum packed_result packed_grow(const struct packed *from, const struct sketch_shape *shape,
                               uint32_t count, uint32_t rho_count, struct packed *to);

#endif
