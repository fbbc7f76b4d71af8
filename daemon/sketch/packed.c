#include "daemon/sketch/packed.h"

#include <assert.h>

#include "daemon/sketch/packed_block.h"

#define SPARE_SHARE 32u /* of the lows, one is to spare, about */
#define LINE_BYTES 64u
#define LINES_AHEAD 4u /* asked for from where a token may be: what comes after it is moved */

enum packed_result (*packed_add)(uint64_t *word, const struct sketch_shape *shape,
                                 uint32_t token) = packed_add_any;

#if defined(__x86_64__)
/* Before main(), so that nobody sees it change. */
__attribute__((constructor)) static void choose_packed_add(void)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
        packed_add = packed_add_v3;
}
#endif

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
    return packed_has_room(&packed, word_count(word), rho_count) ? PACKED_HAS_ROOM : PACKED_GROWS;
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
