/* A new token's way into PACKED. Compiled twice, under two names: for any CPU,
 * and for x86-64-v3, which counts and selects bits in an instruction. */
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/array.h"
#include "daemon/sketch/packed_block.h"

#ifndef PACKED_ADD
#define PACKED_ADD packed_add_any
#endif

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

/* Where the room of a group ends. */
static inline uint32_t group_limit(const struct packed *packed, uint32_t group)
{
    return group + 1 < COUNTS_GROUPS ? packed->counts->start[group + 1] : packed->room;
}

static inline uint32_t group_spare(const struct packed *packed, uint32_t group)
{
    return group_limit(packed, group) - counts_group_end(packed->counts, group);
}

/* Moves the lows of groups first to last up by so many places, down where that is
 * negative. */
static void move_groups(struct packed *packed, uint32_t first, uint32_t last, int32_t by)
{
    uint16_t *start = packed->counts->start;
    uint32_t from = start[first];
    uint32_t end = counts_group_end(packed->counts, last);
    memmove(packed->lows + (int64_t)from + by, packed->lows + from,
            (end - from) * sizeof *packed->lows);
    for (uint32_t group = first; group <= last; group++)
        start[group] = (uint16_t)(start[group] + by);
}

/* Gives a full group half of what the nearest group with room has to spare. */
static void borrow_room(struct packed *packed, uint32_t group)
{
    for (uint32_t distance = 1; distance < COUNTS_GROUPS; distance++) {
        uint32_t above = group + distance;
        uint32_t below = group - distance;
        uint32_t spare = above < COUNTS_GROUPS ? group_spare(packed, above) : 0;
        if (spare > 0) {
            move_groups(packed, group + 1, above, (int32_t)(spare + 1) / 2);
            return;
        }
        spare = below < COUNTS_GROUPS ? group_spare(packed, below) : 0;
        if (spare > 0) {
            move_groups(packed, below + 1, group, -((int32_t)(spare + 1) / 2));
            return;
        }
    }
}

/* Puts a new token's low at place `at`; there is room. */
static inline __attribute__((always_inline)) void insert(struct packed *packed, uint32_t count,
                                                         uint32_t at, uint32_t token)
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

/* A token on its way in. */
struct arrival {
    uint32_t token;
    uint32_t count;     /* of tokens before it */
    uint32_t rho_count; /* of rhos with it */
    uint32_t below;     /* lows of its bucket that come before it */
};

/* The rest where the token finds no room. */
static __attribute__((noinline)) enum packed_result
add_with_room(uint64_t *word, const struct sketch_shape *shape, const struct arrival *arrival)
{
    uint32_t bucket = arrival->token >> BUCKET_SHIFT;
    struct packed packed = packed_open(*word);
    if (packed_has_room(&packed, arrival->count, arrival->rho_count)) {
        borrow_room(&packed, bucket / COUNTS_GROUP);
    } else {
        struct packed grown;
        enum packed_result result =
            packed_grow(&packed, shape, arrival->count, arrival->rho_count, &grown);
        if (result != PACKED_CHANGED)
            return result;
        heap_free(packed.head);
        packed = grown;
    }
    insert(&packed, arrival->count, find_bucket(&packed, bucket).start + arrival->below,
           arrival->token);
    *word = word_of_list(CELL_PACKED, packed.head, arrival->count + 1);
    return PACKED_CHANGED;
}

enum packed_result PACKED_ADD(uint64_t *word, const struct sketch_shape *shape, uint32_t token)
{
    uint32_t count = word_count(*word);
    uint32_t bucket = token >> BUCKET_SHIFT;
    struct packed packed = packed_open(*word);
    struct span span = find_bucket(&packed, bucket);
    uint16_t low = (uint16_t)(token >> TOKEN_RHO_BITS);
    uint32_t below = lows_below(packed.lows + span.start, span.count, low);
    if (below < span.count && packed.lows[span.start + below] == low)
        return raise_rho(&packed, token);

    uint32_t rho_count = packed.head->rho_count + (uint32_t)((token & TOKEN_RHO_MASK) != 0);
    if (span.count == BUCKET_MAX || !packed_fits(shape, count + 1, rho_count))
        return PACKED_FULL;
    uint32_t group = bucket / COUNTS_GROUP;
    if (!packed_has_room(&packed, count, rho_count) ||
        (packed.counts != NULL && group_spare(&packed, group) == 0)) {
        struct arrival arrival = { token, count, rho_count, below };
        return add_with_room(word, shape, &arrival);
    }
    insert(&packed, count, span.start + below, token);
    *word = word_of_list(CELL_PACKED, packed.head, count + 1);
    return PACKED_CHANGED;
}
