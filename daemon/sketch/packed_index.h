/* packed_index: how PACKED finds a bucket among its lows.
 *
 * Few tokens have a bitmap, a 1 for each token and a 0 at the end of each of
 * the 256 buckets; more have the count of each bucket in a byte, and of each
 * group of 32 buckets where its lows begin, so that a look takes no loop. */
#ifndef CARDINAL_SKETCH_PACKED_INDEX_H
#define CARDINAL_SKETCH_PACKED_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__BMI2__)
#include <immintrin.h>
#endif

#define PACKED_BUCKETS 256u
#define COUNTS_GROUP 32u /* buckets */
#define COUNTS_GROUPS (PACKED_BUCKETS / COUNTS_GROUP)

struct counts {
    uint16_t start[COUNTS_GROUPS]; /* where the group's lows begin */
    uint8_t in[PACKED_BUCKETS];    /* tokens in the bucket */
};

static inline uint32_t count_ones(uint64_t x)
{
#if defined(__POPCNT__)
    return (uint32_t)__builtin_popcountll(x);
#else
    x -= x >> 1 & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return (uint32_t)(x * 0x0101010101010101ull >> 56);
#endif
}

/* The sum of 32 bytes' first n. */
static inline uint32_t sum_first(const uint8_t *bytes, uint32_t n)
{
#if defined(__SSE2__)
    static const uint8_t ones_then_zeros[64] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    const __m128i *at = (const __m128i *)(const void *)bytes;
    const __m128i *mask = (const __m128i *)(const void *)(ones_then_zeros + 32 - n);
    const __m128i zero = _mm_setzero_si128();
    __m128i low = _mm_and_si128(_mm_loadu_si128(at), _mm_loadu_si128(mask));
    __m128i high = _mm_and_si128(_mm_loadu_si128(at + 1), _mm_loadu_si128(mask + 1));
    __m128i sums = _mm_add_epi64(_mm_sad_epu8(low, zero), _mm_sad_epu8(high, zero));
    return (uint32_t)_mm_cvtsi128_si32(sums) + (uint32_t)_mm_extract_epi16(sums, 4);
#else
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += bytes[i];
    return sum;
#endif
}

/* Where a bucket's lows begin. */
static inline uint32_t counts_bucket_start(const struct counts *counts, uint32_t bucket)
{
    uint32_t group = bucket / COUNTS_GROUP;
    return counts->start[group] +
           sum_first(counts->in + (size_t)group * COUNTS_GROUP, bucket % COUNTS_GROUP);
}

/* Where a group's lows end. */
static inline uint32_t counts_group_end(const struct counts *counts, uint32_t group)
{
    return counts->start[group] +
           sum_first(counts->in + (size_t)group * COUNTS_GROUP, COUNTS_GROUP);
}

/* How many of the n sorted lows, with memory of 16 bytes before them, are less
 * than low. */
static inline uint32_t lows_below(const uint16_t *lows, uint32_t n, uint16_t low)
{
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi16((short)low);
    const __m128i zero = _mm_setzero_si128();
    for (uint32_t end = n; end > 0; end = end > 8 ? end - 8 : 0) {
        /* the 8 up to end; the first of them may lie before the bucket */
        __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(lows + end - 8));
        __m128i not_below = _mm_cmpeq_epi16(_mm_subs_epu16(wanted, last), zero);
        uint32_t below = ~(uint32_t)_mm_movemask_epi8(not_below) & 0xffffu;
        if (end < 8)
            below &= 0xffffu << 2 * (8 - end);
        below &= 0xffffu;
        if (below != 0)
            return end - 8 + (32 - (uint32_t)__builtin_clz(below)) / 2;
    }
    return 0;
#else
    uint32_t at = 0;
    while (at < n && lows[at] < low)
        at++;
    return at;
#endif
}

/* The place of the k-th 1 of a word, counted from 0; there are more than k. */
static inline uint32_t select_one(uint64_t x, uint32_t k)
{
#if defined(__BMI2__)
    return (uint32_t)__builtin_ctzll(_pdep_u64(UINT64_C(1) << k, x));
#else
    const uint64_t ones = 0x0101010101010101ull;
    const uint64_t tops = 0x8080808080808080ull;
    uint64_t sums = x - (x >> 1 & 0x5555555555555555ull);
    sums = (sums & 0x3333333333333333ull) + (sums >> 2 & 0x3333333333333333ull);
    sums = ((sums + (sums >> 4)) & 0x0f0f0f0f0f0f0f0full) * ones; /* each byte: 1s up to its end */
    uint64_t beyond = ((sums | tops) - (k + 1) * ones) & tops;
    uint32_t shift = (uint32_t)__builtin_ctzll(beyond) & 56u;
    k -= (uint32_t)(sums << 8 >> shift) & 255u;
    uint64_t bits = (x >> shift & 255u) * ones & 0x8040201008040201ull; /* one in each byte */
    sums = ((bits + ~tops) >> 7 & ones) * ones;
    beyond = ((sums | tops) - (k + 1) * ones) & tops;
    return shift + (uint32_t)__builtin_ctzll(beyond) / 8;
#endif
}

/* The bit after the one that ends the bucket before this one. All words are gone
 * through, since it cannot be foretold which one it is in. */
static inline uint32_t bitmap_bucket_start(const uint64_t *bitmap, size_t words, uint32_t bucket)
{
    uint32_t at = 0;
    uint32_t before = 0; /* zeros in words before at */
    uint32_t zeros = 0;
    if (bucket == 0)
        return 0;
    for (size_t i = 0; i < words; i++) {
        zeros += 64 - count_ones(bitmap[i]);
        at += zeros < bucket;
        before = zeros < bucket ? zeros : before;
    }
    return 64 * at + select_one(~bitmap[at], bucket - before - 1) + 1;
}

/* How many 1s there are from a bit on, to the next 0, which there is. */
static inline uint32_t bitmap_run(const uint64_t *bitmap, uint32_t bit)
{
    uint64_t zeros = ~bitmap[bit / 64] >> bit % 64;
    uint32_t run = 64 - bit % 64;
    if (zeros != 0)
        return (uint32_t)__builtin_ctzll(zeros);
    for (bitmap += bit / 64 + 1; *bitmap == UINT64_MAX; bitmap++)
        run += 64;
    return run + (uint32_t)__builtin_ctzll(~*bitmap);
}

static inline bool bitmap_get(const uint64_t *bitmap, uint32_t bit)
{
    return bitmap[bit / 64] >> bit % 64 & 1;
}

/* Inserts a 1 before the bit, moving those from there on up by one. */
static inline void bitmap_insert(uint64_t *bitmap, size_t words, uint32_t bit)
{
    size_t at = bit / 64;
    for (size_t i = words - 1; i > at; i--)
        bitmap[i] = bitmap[i] << 1 | bitmap[i - 1] >> 63;
    uint64_t below = (1ull << bit % 64) - 1;
    uint64_t word = bitmap[at];
    bitmap[at] = (word & below) | (word & ~below) << 1 | 1ull << bit % 64;
}

#endif
