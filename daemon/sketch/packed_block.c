#include "daemon/sketch/packed_block.h"

#include <string.h>

#include "daemon/memory/heap.h"

/* Tokens that a group of buckets has to spare when it is laid out: 4 % in all. */
static uint32_t spare_of(uint32_t count)
{
    return count < 4 * 200 ? 4 : count / 200;
}

size_t packed_bytes(uint64_t word)
{
    struct packed packed = packed_open(word);
    return heap_block_bytes(
        packed_block_bytes(word_count(word), packed.room, packed.head->rho_count));
}

static void place_groups(struct counts *counts, const uint32_t *in_group, uint32_t spare)
{
    uint32_t at = 0;
    for (uint32_t group = 0; group < COUNTS_GROUPS; group++) {
        counts->start[group] = (uint16_t)at;
        at += in_group[group] + spare;
    }
}

enum packed_result packed_new_block(struct packed *packed, const struct sketch_shape *shape,
                                    uint32_t count, uint32_t rho_count,
                                    const uint32_t in_group[COUNTS_GROUPS])
{
    bool is_bitmap = count <= BITMAP_TOKENS_MAX;
    uint32_t room =
        is_bitmap ? bitmap_room(count) : (count + COUNTS_GROUPS * spare_of(count) + 1) & ~1u;
    if (!packed_fits(shape, count, rho_count) || room > WORD_COUNT_MAX)
        return PACKED_FULL;
    struct packed_head *head = heap_alloc(packed_block_bytes(count, room, rho_count));
    if (head == NULL)
        return PACKED_NO_MEMORY;
    memset(head, 0, sizeof *head + packed_index_bytes(count));
    head->room = (uint16_t)room;
    *packed = packed_at(head, count);
    if (!is_bitmap)
        place_groups(packed->counts, in_group, spare_of(count));
    return PACKED_CHANGED;
}

/* The tokens of each bucket, from either index. */
static void count_buckets(const struct packed *packed, uint8_t in[PACKED_BUCKETS])
{
    if (packed->counts != NULL) {
        memcpy(in, packed->counts->in, PACKED_BUCKETS);
        return;
    }
    uint32_t bit = 0;
    for (uint32_t bucket = 0; bucket < PACKED_BUCKETS; bucket++, bit++) {
        uint32_t start = bit;
        while (bitmap_get(packed->bitmap, bit))
            bit++;
        in[bucket] = (uint8_t)(bit - start);
    }
}

/* Copies lows and counts to where the groups of to begin. */
static void copy_groups(const struct packed *from, struct packed *to,
                        const uint32_t in_group[COUNTS_GROUPS])
{
    uint32_t close = 0; /* where a group begins while they lie close */
    for (uint32_t group = 0; group < COUNTS_GROUPS; group++) {
        uint32_t start = from->counts != NULL ? from->counts->start[group] : close;
        memcpy(to->lows + to->counts->start[group], from->lows + start,
               in_group[group] * sizeof *to->lows);
        close += in_group[group];
    }
}

enum packed_result packed_grow(const struct packed *from, const struct sketch_shape *shape,
                               uint32_t count, uint32_t rho_count, struct packed *to)
{
    uint8_t in[PACKED_BUCKETS] = { 0 };
    uint32_t in_group[COUNTS_GROUPS] = { 0 };
    bool to_counts = count + 1 > BITMAP_TOKENS_MAX;
    if (to_counts) {
        count_buckets(from, in);
        for (uint32_t group = 0; group < COUNTS_GROUPS; group++)
            in_group[group] = sum_first(in + (size_t)group * COUNTS_GROUP, COUNTS_GROUP);
    }
    enum packed_result result = packed_new_block(to, shape, count + 1, rho_count, in_group);
    if (result != PACKED_CHANGED)
        return result;
    to->head->rho_count = from->head->rho_count;
    memcpy(packed_rhos(to), packed_rhos(from), from->head->rho_count * sizeof(uint32_t));
    if (to_counts) {
        memcpy(to->counts->in, in, sizeof in);
        copy_groups(from, to, in_group);
    } else {
        memcpy(to->bitmap, from->bitmap, bitmap_words(from->room) * sizeof *to->bitmap);
        memcpy(to->lows, from->lows, count * sizeof *to->lows);
    }
    return PACKED_CHANGED;
}
