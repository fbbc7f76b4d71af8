/* All tokens of a PACKED at once, without a branch for each. */
#include <assert.h>
#include <string.h>

#include "daemon/sketch/array.h"
#include "daemon/sketch/packed.h"
#include "daemon/sketch/packed_block.h"

#define STEP 16u /* tokens of a bucket that are given its number at one time */

static inline uint32_t token_at(uint32_t bucket, uint16_t low)
{
    return (bucket << 16 | low) << TOKEN_RHO_BITS;
}

static void read_bitmap(const struct packed *packed, uint32_t count, uint32_t *out)
{
    uint32_t at = 0;
    for (uint32_t word = 0; at < count; word++) {
        for (uint64_t bits = packed->bitmap[word]; bits != 0; bits &= bits - 1) {
            uint32_t bit = word * 64 + (uint32_t)__builtin_ctzll(bits);
            out[at] = token_at(bit - at, packed->lows[at]);
            at++;
        }
    }
}

/* The numbers of the buckets of a group's tokens, one for each; how many. */
static uint32_t spread_buckets(const struct counts *counts, uint32_t group, uint8_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < COUNTS_GROUP; i++) {
        uint32_t bucket = group * COUNTS_GROUP + i;
        uint32_t in = counts->in[bucket];
        memset(out + n, (int)bucket, STEP);
        if (in > STEP)
            memset(out + n + STEP, (int)bucket, in - STEP);
        n += in;
    }
    return n;
}

static void read_counts(const struct packed *packed, uint32_t *out)
{
    assert(packed->counts != NULL);
    uint8_t buckets[COUNTS_GROUP * BUCKET_MAX + STEP];
    for (uint32_t group = 0; group < COUNTS_GROUPS; group++) {
        uint32_t n = spread_buckets(packed->counts, group, buckets);
        const uint16_t *lows = packed->lows + packed->counts->start[group];
        for (uint32_t i = 0; i < n; i++)
            out[i] = token_at(buckets[i], lows[i]);
        out += n;
    }
}

void packed_read(uint64_t word, uint32_t *out)
{
    struct packed packed = packed_open(word);
    uint32_t count = word_count(word);
    const uint32_t *rhos = packed_rhos(&packed);
    uint32_t at = 0;
    if (packed.bitmap != NULL)
        read_bitmap(&packed, count, out);
    else
        read_counts(&packed, out);
    for (uint32_t i = 0; i < packed.head->rho_count; i++) {
        bool found;
        at += tokens_find(out + at, count - at, rhos[i], &found);
        out[at] = rhos[i];
    }
}

void packed_expect(uint64_t word)
{
    const uint8_t *block = word_address(word);
    size_t bytes = sizeof(struct counts) + word_count(word) * sizeof(uint16_t);
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(block + at, 0, 2);
}
