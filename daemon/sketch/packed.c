#include "daemon/sketch/packed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/array.h"
#include "daemon/sketch/packed_index.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

#define BUCKET_SHIFT (TOKEN_BITS - 8)
#define BITMAP_ROOM_MAX 496u /* tokens; from there on 256 counts take less time */
#define HEADER_BYTES 8u
#define BUCKET_MAX 255u

/* A block's parts, found from its room. */
struct packed {
    uint16_t *rho_count;
    uint64_t *bitmap;      /* NULL: counts */
    struct counts *counts; /* NULL: bitmap */
    uint16_t *lows;
    uint32_t *rhos;
};

static uint32_t room_of(uint32_t n)
{
    uint32_t step_bits = n < 256 ? 3 : 27 - (uint32_t)__builtin_clz(n);
    uint32_t step = 1u << step_bits;
    return (n + step - 1) & ~(step - 1);
}

static uint32_t rho_room_of(uint32_t rho_count)
{
    return (rho_count + 3) / 4 * 4;
}

static size_t bitmap_words(uint32_t room)
{
    return (room + PACKED_BUCKETS + 63) / 64;
}

static size_t index_bytes(uint32_t room)
{
    return room <= BITMAP_ROOM_MAX ? bitmap_words(room) * sizeof(uint64_t) : sizeof(struct counts);
}

static size_t block_bytes(uint32_t room, uint32_t rho_room)
{
    return HEADER_BYTES + index_bytes(room) + room * sizeof(uint16_t) + rho_room * sizeof(uint32_t);
}

static struct packed packed_at(void *block, uint32_t room)
{
    uint8_t *index = (uint8_t *)block + HEADER_BYTES;
    uint8_t *lows = index + index_bytes(room);
    bool is_bitmap = room <= BITMAP_ROOM_MAX;
    return (struct packed){
        .rho_count = block,
        .bitmap = is_bitmap ? (uint64_t *)(void *)index : NULL,
        .counts = is_bitmap ? NULL : (struct counts *)(void *)index,
        .lows = (uint16_t *)(void *)lows,
        .rhos = (uint32_t *)(void *)(lows + room * sizeof(uint16_t)),
    };
}

static struct packed packed_open(uint64_t word)
{
    return packed_at(word_address(word), room_of(word_count(word)));
}

size_t packed_bytes(uint64_t word)
{
    const uint16_t *rho_count = word_address(word);
    return allocated_bytes(block_bytes(room_of(word_count(word)), rho_room_of(*rho_count)));
}

/* A bucket's place among the lows. */
struct span {
    uint32_t start;
    uint32_t count;
};

static struct span find_bucket(const struct packed *packed, uint32_t bucket)
{
    struct span span = { 0, 0 };
    if (packed->bitmap != NULL) {
        uint32_t bit = bitmap_bucket_start(packed->bitmap, bucket);
        span.start = bit - bucket;
        while (bitmap_get(packed->bitmap, bit + span.count))
            span.count++;
        return span;
    }
    assert(packed->counts != NULL);
    span.start = counts_before(packed->counts, bucket);
    span.count = packed->counts->in[bucket];
    return span;
}

/* Copies count tokens from one layout to another. */
static void copy_block(const struct packed *from, uint32_t from_room, struct packed *to,
                       uint32_t to_room, uint32_t count)
{
    *to->rho_count = *from->rho_count;
    memcpy(to->lows, from->lows, count * sizeof *to->lows);
    memcpy(to->rhos, from->rhos, *from->rho_count * sizeof *to->rhos);
    if (from->counts != NULL) {
        assert(to->counts != NULL); /* rooms only grow */
        *to->counts = *from->counts;
    } else if (to->bitmap != NULL) {
        memset(to->bitmap, 0, bitmap_words(to_room) * sizeof *to->bitmap);
        memcpy(to->bitmap, from->bitmap, bitmap_words(from_room) * sizeof *to->bitmap);
    } else {
        uint32_t bit = 0;
        for (uint32_t bucket = 0; bucket < PACKED_BUCKETS; bucket++, bit++) {
            uint32_t start = bit;
            while (bitmap_get(from->bitmap, bit))
                bit++;
            if (bucket % COUNTS_GROUP == 0)
                to->counts->before[bucket / COUNTS_GROUP] = (uint16_t)(start - bucket);
            to->counts->in[bucket] = (uint8_t)(bit - start);
        }
    }
}

/* A block for one token more, with room for a rho more if told; the old block
 * stays. */
static enum packed_result grow(uint64_t word, const struct sketch_shape *shape, uint32_t rho_count,
                               void **block)
{
    uint32_t count = word_count(word);
    uint32_t room = room_of(count + 1);
    size_t bytes = block_bytes(room, rho_room_of(rho_count));
    if (bytes > shape->token_bytes_max)
        return PACKED_FULL;
    void *memory = malloc(bytes);
    if (memory == NULL)
        return PACKED_NO_MEMORY;
    struct packed from = packed_open(word);
    struct packed to = packed_at(memory, room);
    copy_block(&from, room_of(count), &to, room, count);
    *block = memory;
    return PACKED_CHANGED;
}

static void rho_insert(struct packed *packed, uint32_t token)
{
    bool found;
    uint32_t n = *packed->rho_count;
    uint32_t at = tokens_find(packed->rhos, n, token, &found);
    memmove(packed->rhos + at + 1, packed->rhos + at, (n - at) * sizeof *packed->rhos);
    packed->rhos[at] = token;
    *packed->rho_count = (uint16_t)(n + 1);
}

/* The token is there: it may still raise the rho. */
static enum packed_result raise_rho(struct packed *packed, uint32_t token)
{
    if ((token & TOKEN_RHO_MASK) == 0)
        return PACKED_UNCHANGED;
    bool found;
    uint32_t at = tokens_find(packed->rhos, *packed->rho_count, token, &found);
    if (packed->rhos[at] >= token)
        return PACKED_UNCHANGED;
    packed->rhos[at] = token;
    return PACKED_CHANGED;
}

/* Puts a new token at place `at` among count lows; there is room. */
static void insert(struct packed *packed, uint32_t count, uint32_t room, uint32_t at,
                   uint32_t token)
{
    uint32_t bucket = token >> BUCKET_SHIFT;
    memmove(packed->lows + at + 1, packed->lows + at, (count - at) * sizeof *packed->lows);
    packed->lows[at] = (uint16_t)(token >> TOKEN_RHO_BITS);
    if (packed->bitmap != NULL)
        bitmap_insert(packed->bitmap, bitmap_words(room), at + bucket);
    else
        counts_add(packed->counts, bucket);
    if ((token & TOKEN_RHO_MASK) != 0)
        rho_insert(packed, token);
}

enum packed_result packed_add(uint64_t *word, const struct sketch_shape *shape, uint32_t token)
{
    uint32_t count = word_count(*word);
    struct packed packed = packed_open(*word);
    struct span span = find_bucket(&packed, token >> BUCKET_SHIFT);
    uint16_t low = (uint16_t)(token >> TOKEN_RHO_BITS);
    uint32_t at = span.start + lows_below(packed.lows + span.start, span.count, low);
    if (at < span.start + span.count && packed.lows[at] == low)
        return raise_rho(&packed, token);
    if (span.count == BUCKET_MAX)
        return PACKED_FULL;

    uint32_t rho_count = *packed.rho_count + (uint32_t)((token & TOKEN_RHO_MASK) != 0);
    void *block = word_address(*word);
    if (room_of(count + 1) != room_of(count) ||
        rho_room_of(rho_count) != rho_room_of(*packed.rho_count)) {
        enum packed_result result = grow(*word, shape, rho_count, &block);
        if (result != PACKED_CHANGED)
            return result;
        free(word_address(*word));
        packed = packed_at(block, room_of(count + 1));
    }
    insert(&packed, count, room_of(count + 1), at, token);
    *word = word_of_list(CELL_PACKED, block, count + 1);
    return PACKED_CHANGED;
}

/* Counts the tokens with a rho and looks for a bucket of too many. */
static bool fits(const uint32_t *tokens, uint32_t n, uint32_t *rho_count)
{
    uint32_t in_bucket = 0;
    *rho_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        *rho_count += (uint32_t)((tokens[i] & TOKEN_RHO_MASK) != 0);
        bool same = i > 0 && tokens[i] >> BUCKET_SHIFT == tokens[i - 1] >> BUCKET_SHIFT;
        in_bucket = same ? in_bucket + 1 : 1;
        if (in_bucket > BUCKET_MAX)
            return false;
    }
    return n <= WORD_COUNT_MAX;
}

enum packed_result packed_build(uint64_t *word, const struct sketch_shape *shape,
                                const uint32_t *tokens, uint32_t n)
{
    uint32_t rho_count;
    if (!fits(tokens, n, &rho_count))
        return PACKED_FULL;
    uint32_t room = room_of(n);
    size_t bytes = block_bytes(room, rho_room_of(rho_count));
    if (bytes > shape->token_bytes_max)
        return PACKED_FULL;
    void *block = calloc(1, bytes);
    if (block == NULL)
        return PACKED_NO_MEMORY;
    struct packed packed = packed_at(block, room);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bucket = tokens[i] >> BUCKET_SHIFT;
        packed.lows[i] = (uint16_t)(tokens[i] >> TOKEN_RHO_BITS);
        if (packed.bitmap != NULL)
            packed.bitmap[(i + bucket) / 64] |= 1ull << (i + bucket) % 64;
        else
            counts_add(packed.counts, bucket);
        if ((tokens[i] & TOKEN_RHO_MASK) != 0)
            packed.rhos[(*packed.rho_count)++] = tokens[i];
    }
    *word = word_of_list(CELL_PACKED, block, n);
    return PACKED_CHANGED;
}

void packed_prefetch(uint64_t word, uint32_t token)
{
    uint32_t count = word_count(word);
    struct packed packed = packed_open(word);
    uint64_t guess = (uint64_t)count * (token >> TOKEN_RHO_BITS) >> TOKEN_HASH_BITS;
    __builtin_prefetch(packed.rho_count, 1);
    if (packed.counts != NULL)
        __builtin_prefetch(packed.counts->in + (token >> BUCKET_SHIFT), 1);
    __builtin_prefetch(packed.lows + guess, 1);
}

void packed_iter_init(struct packed_iter *iter, uint64_t word, const struct sketch_shape *shape)
{
    struct packed packed = packed_open(word);
    *iter = (struct packed_iter){
        .low = packed.lows,
        .rho = packed.rhos,
        .bitmap = packed.bitmap,
        .counts = packed.counts != NULL ? packed.counts->in : NULL,
        .left = word_count(word),
        .precision = shape->precision,
    };
    if (packed.counts != NULL)
        iter->bucket_left = packed.counts->in[0];
}

uint32_t packed_iter_next(struct packed_iter *iter)
{
    if (iter->bitmap != NULL) {
        while (!bitmap_get(iter->bitmap, iter->bit)) {
            iter->bit++;
            iter->bucket++;
        }
        iter->bit++;
    } else {
        while (iter->bucket_left == 0)
            iter->bucket_left = iter->counts[++iter->bucket];
        iter->bucket_left--;
    }
    iter->left--;
    uint32_t token = (iter->bucket << 16 | *iter->low++) << TOKEN_RHO_BITS;
    if (token_middle(token, iter->precision) == 0)
        token = *iter->rho++;
    return token;
}
