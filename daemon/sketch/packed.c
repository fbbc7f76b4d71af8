#include "daemon/sketch/packed.h"

#include <assert.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/array.h"
#include "daemon/sketch/packed_block.h"

#define SPARE_SHARE 32u /* of the lows, one is to spare, about */
#define LINE_BYTES 64u
#define LINES_AHEAD 4u /* asked for from where a token may be: what comes after it is moved */

/* A bucket's place among the lows. */
struct span {
    uint32_t start;
    uint32_t count;
};

static struct span find_bucket(const struct packed *packed, uint32_t bucket)
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

static void rho_insert(struct packed *packed, uint32_t token)
{
    bool found;
    uint32_t n = packed->head->rho_count;
    uint32_t *rhos = packed_rhos(packed);
    uint32_t at = tokens_find(rhos, n, token, &found);
    memmove(rhos + at + 1, rhos + at, (n - at) * sizeof *rhos);
    rhos[at] = token;
    packed->head->rho_count = (uint16_t)(n + 1);
}

/* The token is there: it may still raise the rho. */
static enum packed_result raise_rho(struct packed *packed, uint32_t token)
{
    if ((token & TOKEN_RHO_MASK) == 0)
        return PACKED_UNCHANGED;
    bool found;
    uint32_t *rhos = packed_rhos(packed);
    uint32_t at = tokens_find(rhos, packed->head->rho_count, token, &found);
    if (rhos[at] >= token)
        return PACKED_UNCHANGED;
    rhos[at] = token;
    return PACKED_CHANGED;
}

/* Whether a block of count tokens has room for one more in the bucket, and for
 * as many rhos. */
static bool has_room(const struct packed *packed, uint32_t count, uint32_t bucket,
                     uint32_t rho_count)
{
    if (rho_room(rho_count) != rho_room(packed->head->rho_count))
        return false;
    if (packed->bitmap != NULL)
        return count < packed->room;
    uint32_t group = bucket / COUNTS_GROUP;
    uint32_t limit = group + 1 < COUNTS_GROUPS ? packed->counts->start[group + 1] : packed->room;
    return counts_group_end(packed->counts, group) < limit;
}

/* Puts a new token's low at place `at`; there is room. */
static void insert(struct packed *packed, uint32_t count, uint32_t at, uint32_t token)
{
    uint32_t bucket = token >> BUCKET_SHIFT;
    uint32_t end = count;
    if (packed->counts != NULL)
        end = counts_group_end(packed->counts, bucket / COUNTS_GROUP);
    memmove(packed->lows + at + 1, packed->lows + at, (end - at) * sizeof *packed->lows);
    packed->lows[at] = (uint16_t)(token >> TOKEN_RHO_BITS);
    if (packed->counts != NULL)
        packed->counts->in[bucket]++;
    else
        bitmap_insert(packed->bitmap, bitmap_words(packed->room), at + bucket);
    if ((token & TOKEN_RHO_MASK) != 0)
        rho_insert(packed, token);
}

enum packed_result packed_add(uint64_t *word, const struct sketch_shape *shape, uint32_t token)
{
    uint32_t count = word_count(*word);
    uint32_t bucket = token >> BUCKET_SHIFT;
    struct packed packed = packed_open(*word);
    struct span span = find_bucket(&packed, bucket);
    uint16_t low = (uint16_t)(token >> TOKEN_RHO_BITS);
    uint32_t below = lows_below(packed.lows + span.start, span.count, low);
    if (below < span.count && packed.lows[span.start + below] == low)
        return raise_rho(&packed, token);
    if (span.count == BUCKET_MAX)
        return PACKED_FULL;

    uint32_t rho_count = packed.head->rho_count + (uint32_t)((token & TOKEN_RHO_MASK) != 0);
    if (!packed_fits(shape, count + 1, rho_count))
        return PACKED_FULL;
    if (!has_room(&packed, count, bucket, rho_count)) {
        struct packed grown;
        enum packed_result result = packed_grow(&packed, shape, count, rho_count, &grown);
        if (result != PACKED_CHANGED)
            return result;
        heap_free(packed.head);
        packed = grown;
        span = find_bucket(&packed, bucket);
    }
    insert(&packed, count, span.start + below, token);
    *word = word_of_list(CELL_PACKED, packed.head, count + 1);
    return PACKED_CHANGED;
}

enum packed_need packed_need(uint64_t word, uint32_t token)
{
    uint32_t bucket = token >> BUCKET_SHIFT;
    struct packed packed = packed_open(word);
    struct span span = find_bucket(&packed, bucket);
    uint16_t low = (uint16_t)(token >> TOKEN_RHO_BITS);
    uint32_t below = lows_below(packed.lows + span.start, span.count, low);
    if (below < span.count && packed.lows[span.start + below] == low)
        return PACKED_NEEDS_NOTHING;
    if (span.count > BUCKET_MAX / 2)
        return PACKED_OVERFLOWS;
    uint32_t rho_count = packed.head->rho_count + (uint32_t)((token & TOKEN_RHO_MASK) != 0);
    return has_room(&packed, word_count(word), bucket, rho_count) ? PACKED_HAS_ROOM : PACKED_GROWS;
}

/* Counts the tokens with a rho, and those of each group; false if a bucket has
 * too many. */
static bool survey(const uint32_t *tokens, uint32_t n, uint32_t *rho_count,
                   uint32_t in_group[COUNTS_GROUPS])
{
    uint32_t in_bucket = 0;
    *rho_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bucket = tokens[i] >> BUCKET_SHIFT;
        *rho_count += (uint32_t)((tokens[i] & TOKEN_RHO_MASK) != 0);
        in_group[bucket / COUNTS_GROUP]++;
        bool same = i > 0 && bucket == tokens[i - 1] >> BUCKET_SHIFT;
        in_bucket = same ? in_bucket + 1 : 1;
        if (in_bucket > BUCKET_MAX)
            return false;
    }
    return n <= WORD_COUNT_MAX;
}

static void fill(struct packed *packed, const uint32_t *tokens, uint32_t n)
{
    uint32_t at = 0;
    uint32_t group = COUNTS_GROUPS; /* none yet */
    uint32_t *rhos = packed_rhos(packed);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bucket = tokens[i] >> BUCKET_SHIFT;
        if (packed->counts != NULL) {
            if (bucket / COUNTS_GROUP != group) {
                group = bucket / COUNTS_GROUP;
                at = packed->counts->start[group];
            }
            packed->counts->in[bucket]++;
        } else {
            packed->bitmap[(i + bucket) / 64] |= 1ull << (i + bucket) % 64;
        }
        packed->lows[at++] = (uint16_t)(tokens[i] >> TOKEN_RHO_BITS);
        if ((tokens[i] & TOKEN_RHO_MASK) != 0)
            rhos[packed->head->rho_count++] = tokens[i];
    }
}

enum packed_result packed_build(uint64_t *word, const struct sketch_shape *shape,
                                const uint32_t *tokens, uint32_t n)
{
    uint32_t rho_count;
    uint32_t in_group[COUNTS_GROUPS] = { 0 };
    struct packed packed;
    if (!survey(tokens, n, &rho_count, in_group))
        return PACKED_FULL;
    enum packed_result result = packed_new_block(&packed, shape, n, rho_count, in_group);
    if (result != PACKED_CHANGED)
        return result;
    fill(&packed, tokens, n);
    *word = word_of_list(CELL_PACKED, packed.head, n);
    return PACKED_CHANGED;
}

/* Asks for the lows from number first on, that are to be read or moved. */
static inline void prefetch_lows(const uint8_t *lows, uint64_t first, uint64_t count)
{
    const uint8_t *at = lows + first * sizeof(uint16_t);
    const uint8_t *end = lows + count * sizeof(uint16_t);
    for (uint32_t line = 0; line < LINES_AHEAD && at < end; line++, at += LINE_BYTES)
        __builtin_prefetch(at, 1);
}

void packed_prefetch(uint64_t word, uint32_t token)
{
    const uint8_t *block = word_address(word);
    const uint8_t *index = block + sizeof(struct packed_head);
    uint32_t count = word_count(word);
    uint64_t guess = (uint64_t)count * (token >> TOKEN_RHO_BITS) >> TOKEN_HASH_BITS;
    __builtin_prefetch(block, 1);
    if (count <= BITMAP_TOKENS_MAX) {
        size_t bytes = bitmap_words(bitmap_room(count)) * sizeof(uint64_t);
        __builtin_prefetch(index + bytes - 1, 1);
        prefetch_lows(index + bytes, guess, count);
        return;
    }
    const struct counts *counts = (const void *)index;
    const uint16_t *lows = (const void *)(counts + 1);
    uint32_t bucket = token >> BUCKET_SHIFT;
    uint32_t spread = count + count / SPARE_SHARE; /* what groups have to spare lies between */
    uint64_t first = (uint64_t)spread * (token >> TOKEN_RHO_BITS) >> TOKEN_HASH_BITS;
    uint64_t end = (uint64_t)spread * (bucket / COUNTS_GROUP + 1) / COUNTS_GROUPS;
    __builtin_prefetch(counts->in + bucket, 1);
    for (uint64_t at = first < 16 ? 0 : first - 16; at < end; at += 32)
        __builtin_prefetch(lows + at, 1);
}

void packed_iter_init(struct packed_iter *iter, uint64_t word, const struct sketch_shape *shape)
{
    struct packed packed = packed_open(word);
    *iter = (struct packed_iter){
        .low = packed.lows,
        .lows = packed.lows,
        .rho = packed_rhos(&packed),
        .bitmap = packed.bitmap,
        .counts = packed.counts,
        .precision = shape->precision,
    };
    if (packed.counts != NULL) {
        iter->low = packed.lows + packed.counts->start[0];
        iter->bucket_left = packed.counts->in[0];
    }
}

/* Goes on to the next bucket that has tokens. */
static void next_bucket(struct packed_iter *iter)
{
    const struct counts *counts = iter->counts;
    do {
        iter->bucket++;
        if (iter->bucket % COUNTS_GROUP == 0)
            iter->low = iter->lows + counts->start[iter->bucket / COUNTS_GROUP];
        iter->bucket_left = counts->in[iter->bucket];
    } while (iter->bucket_left == 0);
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
        if (iter->bucket_left == 0)
            next_bucket(iter);
        iter->bucket_left--;
    }
    uint32_t token = (iter->bucket << 16 | *iter->low++) << TOKEN_RHO_BITS;
    if (token_middle(token, iter->precision) == 0)
        token = *iter->rho++;
    return token;
}
