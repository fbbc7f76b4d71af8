/* The kernels over ranks, a byte each, for AVX2. */
#include "daemon/sketch/kernels_avx2.h"

#if defined(__x86_64__)

#define LEAST_BLOCK 2048u /* ranks to look at before it is asked whether one is 0 */

/* The least byte of all lanes. */
AVX2 static inline uint8_t least_lane(__m256i bytes)
{
    __m128i least = _mm_min_epu8(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
    least = _mm_min_epu8(least, _mm_srli_epi16(least, 8)); /* the lesser of two, in 16 bits */
    return (uint8_t)_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_and_si128(least, _mm_set1_epi16(0xff))));
}

AVX2 uint8_t avx2_ranks_raise(uint8_t *ranks, const uint8_t *nibbles, size_t bytes, unsigned base)
{
    const __m256i above = _mm256_set1_epi8((char)base);
    __m256i least = _mm256_set1_epi8(-1);
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i both = load(nibbles + block);
        uint8_t *at = ranks + 2 * block;
        __m256i low = _mm256_max_epu8(load(at), _mm256_add_epi8(low_nibbles(both), above));
        __m256i high = _mm256_max_epu8(load(at + 32), _mm256_add_epi8(high_nibbles(both), above));
        least = _mm256_min_epu8(least, _mm256_min_epu8(low, high));
        store(at, low);
        store(at + 32, high);
    }
    return least_lane(least);
}

/* The least of 128 bytes, lane by lane. */
AVX2 static inline __m256i least_of_128(const uint8_t *ranks)
{
    return _mm256_min_epu8(_mm256_min_epu8(load(ranks), load(ranks + 32)),
                           _mm256_min_epu8(load(ranks + 64), load(ranks + 96)));
}

AVX2 uint8_t avx2_ranks_least(const uint8_t *ranks, size_t n)
{
    if (n < 128)
        return kernels_portable.ranks_least(ranks, n);
    __m256i least = load(ranks);
    for (size_t block = 0; block < n;) {
        size_t end = n - block < LEAST_BLOCK ? n : block + LEAST_BLOCK;
        for (; block < end; block += 128)
            least = _mm256_min_epu8(least, least_of_128(ranks + block));
        if (least_lane(least) == 0)
            return 0; /* there is no less */
    }
    return least_lane(least);
}

/* Weights for ranks base .. base + 13, in units of 2^-13 (lower) and 2^-6 (upper)
 * of base's own, twice in a row: a shuffle looks up the rank modulo 16, so that
 * a table for base begins that much earlier. Two of them fit a byte. */
#define WEIGHED 14u
static const uint8_t upper_of_rank[32] = { 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                           64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t lower_of_rank[32] = { 0, 0, 0, 0, 0, 0, 0, 64, 32, 16, 8, 4, 2, 1, 0, 0,
                                           0, 0, 0, 0, 0, 0, 0, 64, 32, 16, 8, 4, 2, 1, 0, 0 };

AVX2 static inline __m256i table_for(const uint8_t weights[32], unsigned base)
{
    const uint8_t *from = weights + (16 - base % 16) % 16;
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from));
}

/* Puts right what the tables made of ranks beyond them, in 128 ranks. */
AVX2 static __attribute__((noinline)) void correct_high_ranks(const uint8_t *ranks, unsigned base,
                                                              unsigned q, struct rank_sums *sums)
{
    const __m256i last = _mm256_set1_epi8((char)(base + WEIGHED - 1));
    for (size_t block = 0; block < 128; block += 32) {
        __m256i high = _mm256_cmpgt_epi8(load(ranks + block), last);
        for (uint32_t which = (uint32_t)_mm256_movemask_epi8(high); which; which &= which - 1) {
            unsigned rank = ranks[block + (unsigned)__builtin_ctz(which)];
            unsigned taken_for = (rank - base) % 16;
            sums->kx += (1ull << q) >> rank;
            sums->kx -= taken_for < WEIGHED ? (1ull << q) >> (base + taken_for) : 0;
            sums->at_cap += rank == q + 1;
        }
    }
}

/* The weights of 64 ranks, summed in 64-bit lanes. */
struct weight_sums {
    __m256i upper;
    __m256i lower;
};

AVX2 static inline void weigh(struct weight_sums *sums, const struct weight_sums *tables,
                              __m256i first, __m256i second)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i upper = _mm256_add_epi8(_mm256_shuffle_epi8(tables->upper, first),
                                    _mm256_shuffle_epi8(tables->upper, second));
    __m256i lower = _mm256_add_epi8(_mm256_shuffle_epi8(tables->lower, first),
                                    _mm256_shuffle_epi8(tables->lower, second));
    sums->upper = _mm256_add_epi64(sums->upper, _mm256_sad_epu8(upper, zero));
    sums->lower = _mm256_add_epi64(sums->lower, _mm256_sad_epu8(lower, zero));
}

/* Zeros among four times 32 ranks, in 64-bit lanes. */
AVX2 static inline __m256i count_zeros(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i none =
        _mm256_add_epi8(_mm256_add_epi8(_mm256_cmpeq_epi8(a, zero), _mm256_cmpeq_epi8(b, zero)),
                        _mm256_add_epi8(_mm256_cmpeq_epi8(c, zero), _mm256_cmpeq_epi8(d, zero)));
    return _mm256_sad_epu8(_mm256_sub_epi8(zero, none), zero);
}

AVX2 static inline __attribute__((always_inline)) struct rank_sums
sum_ranks(const uint8_t *ranks, size_t n, unsigned base, unsigned q, bool with_zeros)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i last = _mm256_set1_epi8((char)(base + WEIGHED - 1));
    const struct weight_sums tables = { table_for(upper_of_rank, base),
                                        table_for(lower_of_rank, base) };
    struct weight_sums weights = { zero, zero };
    struct rank_sums sums = { 0, 0, 0 };
    __m256i zeros = zero;
    for (size_t block = 0; block < n; block += 128) {
        __m256i a = load(ranks + block);
        __m256i b = load(ranks + block + 32);
        __m256i c = load(ranks + block + 64);
        __m256i d = load(ranks + block + 96);
        weigh(&weights, &tables, a, b);
        weigh(&weights, &tables, c, d);
        if (with_zeros)
            zeros = _mm256_add_epi64(zeros, count_zeros(a, b, c, d));
        __m256i most = _mm256_max_epu8(_mm256_max_epu8(a, b), _mm256_max_epu8(c, d));
        if (_mm256_movemask_epi8(_mm256_cmpgt_epi8(most, last)) != 0)
            correct_high_ranks(ranks + block, base, q, &sums);
    }
    sums.kx += ((sum_lanes(weights.upper) << 7) + sum_lanes(weights.lower)) << (q - base - 13);
    sums.zeros = (uint32_t)sum_lanes(zeros);
    return sums;
}

AVX2 struct rank_sums avx2_ranks_sum(const uint8_t *ranks, size_t n, unsigned base, unsigned q)
{
    if (base + WEIGHED > q || n < 128)
        return kernels_portable.ranks_sum(ranks, n, base, q);
    return base == 0 ? sum_ranks(ranks, n, 0, q, true) : sum_ranks(ranks, n, base, q, false);
}

#endif
