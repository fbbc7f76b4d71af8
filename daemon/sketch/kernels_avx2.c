#include "daemon/sketch/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

AVX2 static inline void store(uint8_t *at, __m256i value)
{
    _mm256_storeu_si256((__m256i *)(void *)at, value);
}

AVX2 static inline __m256i low_nibbles(__m256i bytes)
{
    return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}

AVX2 static inline __m256i high_nibbles(__m256i bytes)
{
    return low_nibbles(_mm256_srli_epi16(bytes, 4));
}

AVX2 static inline uint64_t sum_lanes(__m256i sums)
{
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

/* Equal bases: a nibble in the high half compares where it stands. */
AVX2 static bool exceed_level(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    const __m256i high = _mm256_set1_epi8((char)0xf0);
    for (size_t block = 0; block < bytes;) {
        size_t end = bytes - block < 1024 ? bytes : block + 1024;
        __m256i more = _mm256_setzero_si256();
        for (; block < end; block += 32) {
            __m256i mine = load(a + block);
            __m256i theirs = load(b + block);
            __m256i low_more = _mm256_subs_epu8(low_nibbles(theirs), low_nibbles(mine));
            __m256i high_more =
                _mm256_subs_epu8(_mm256_and_si256(theirs, high), _mm256_and_si256(mine, high));
            more = _mm256_or_si256(more, _mm256_or_si256(low_more, high_more));
        }
        if (!_mm256_testz_si256(more, more))
            return true;
    }
    return false;
}

AVX2 static inline __m256i lowered_mine(__m256i nibbles, __m256i down)
{
    const __m256i listed = _mm256_set1_epi8(15);
    __m256i keep = _mm256_and_si256(_mm256_cmpeq_epi8(nibbles, listed), listed);
    return _mm256_or_si256(_mm256_subs_epu8(nibbles, down), keep);
}

AVX2 static inline __m256i lowered_theirs(__m256i nibbles, __m256i down)
{
    __m256i listed = _mm256_cmpeq_epi8(nibbles, _mm256_set1_epi8(15));
    return _mm256_andnot_si256(listed, _mm256_subs_epu8(nibbles, down));
}

AVX2 static bool nibbles_exceed(const uint8_t *a, const uint8_t *b, size_t bytes, unsigned down)
{
    if (down == 0)
        return exceed_level(a, b, bytes);
    const __m256i lower = _mm256_set1_epi8((char)(down < 15 ? down : 15));
    __m256i more = _mm256_setzero_si256();
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i mine = load(a + block);
        __m256i theirs = load(b + block);
        __m256i low = lowered_theirs(low_nibbles(theirs), lower);
        __m256i high = lowered_theirs(high_nibbles(theirs), lower);
        more = _mm256_or_si256(more, _mm256_subs_epu8(low, low_nibbles(mine)));
        more = _mm256_or_si256(more, _mm256_subs_epu8(high, high_nibbles(mine)));
    }
    return !_mm256_testz_si256(more, more);
}

AVX2 static void nibbles_max(uint8_t *a, const uint8_t *b, size_t bytes, unsigned a_down,
                             unsigned b_down)
{
    const __m256i a_lower = _mm256_set1_epi8((char)(a_down < 15 ? a_down : 15));
    const __m256i b_lower = _mm256_set1_epi8((char)(b_down < 15 ? b_down : 15));
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i mine = load(a + block);
        __m256i theirs = load(b + block);
        __m256i low = _mm256_max_epu8(lowered_mine(low_nibbles(mine), a_lower),
                                      lowered_theirs(low_nibbles(theirs), b_lower));
        __m256i high = _mm256_max_epu8(lowered_mine(high_nibbles(mine), a_lower),
                                       lowered_theirs(high_nibbles(theirs), b_lower));
        store(a + block, _mm256_or_si256(low, _mm256_slli_epi16(high, 4)));
    }
}

/* The weight 2^(14 - d) of d = 0 .. 15 (0 for 15) in two bytes: 256 * upper +
 * lower. */
AVX2 static inline __m256i upper_weights(void)
{
    return _mm256_setr_epi8(64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 32, 16, 8, 4, 2,
                            1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

AVX2 static inline __m256i lower_weights(void)
{
    return _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, -128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0,
                            0, -128, 64, 32, 16, 8, 4, 2, 1, 0);
}

AVX2 static struct nibble_sums nibbles_sum(const uint8_t *nibbles, size_t bytes)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i upper = upper_weights();
    const __m256i lower = lower_weights();
    __m256i upper_sum = zero;
    __m256i lower_sum = zero;
    __m256i zeros = zero;
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i both = load(nibbles + block);
        __m256i low = low_nibbles(both);
        __m256i high = high_nibbles(both);
        __m256i up =
            _mm256_add_epi8(_mm256_shuffle_epi8(upper, low), _mm256_shuffle_epi8(upper, high));
        upper_sum = _mm256_add_epi64(upper_sum, _mm256_sad_epu8(up, zero));
        lower_sum =
            _mm256_add_epi64(lower_sum, _mm256_sad_epu8(_mm256_shuffle_epi8(lower, low), zero));
        lower_sum =
            _mm256_add_epi64(lower_sum, _mm256_sad_epu8(_mm256_shuffle_epi8(lower, high), zero));
        __m256i none = _mm256_add_epi8(_mm256_cmpeq_epi8(low, zero), _mm256_cmpeq_epi8(high, zero));
        zeros = _mm256_add_epi64(zeros, _mm256_sad_epu8(_mm256_sub_epi8(zero, none), zero));
    }
    return (struct nibble_sums){ (sum_lanes(upper_sum) << 8) + sum_lanes(lower_sum),
                                 (uint32_t)sum_lanes(zeros) };
}

AVX2 static void ranks_raise(uint8_t *ranks, const uint8_t *nibbles, size_t bytes, unsigned base)
{
    const __m256i above = _mm256_set1_epi8((char)base);
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i both = load(nibbles + block);
        uint8_t *low = ranks + 2 * block;
        uint8_t *high = low + 32;
        store(low, _mm256_max_epu8(load(low), _mm256_add_epi8(low_nibbles(both), above)));
        store(high, _mm256_max_epu8(load(high), _mm256_add_epi8(high_nibbles(both), above)));
    }
}

/* Ranks base + 15 and more, which have no weight in the tables: one by one. */
static void sum_high_ranks(const uint8_t *ranks, size_t n, unsigned base, unsigned q,
                           struct rank_sums *sums)
{
    for (size_t i = 0; i < n; i++) {
        if (ranks[i] < base + 15)
            continue;
        sums->kx += (1ull << q) >> ranks[i];
        sums->at_cap += ranks[i] == q + 1;
    }
}

AVX2 static struct rank_sums ranks_sum(const uint8_t *ranks, size_t n, unsigned base, unsigned q)
{
    if (base + 15 > q)
        return kernels_portable.ranks_sum(ranks, n, base, q);
    const __m256i zero = _mm256_setzero_si256();
    const __m256i upper = upper_weights();
    const __m256i lower = lower_weights();
    /* d = 0 .. 14 becomes 0x71 .. 0x7f, more sets the top bit, for which a
     * shuffle gives 0; so that the tables start one later than d */
    const __m256i shift = _mm256_set1_epi8((char)(0x71 - base));
    const __m256i upper_by_1 = _mm256_slli_si256(upper, 1);
    const __m256i lower_by_1 = _mm256_slli_si256(lower, 1);
    struct rank_sums sums = { 0, 0 };
    __m256i upper_sum = zero;
    __m256i lower_sum = zero;
    for (size_t block = 0; block < n; block += 64) {
        __m256i first = _mm256_adds_epu8(load(ranks + block), shift);
        __m256i second = _mm256_adds_epu8(load(ranks + block + 32), shift);
        __m256i up = _mm256_add_epi8(_mm256_shuffle_epi8(upper_by_1, first),
                                     _mm256_shuffle_epi8(upper_by_1, second));
        upper_sum = _mm256_add_epi64(upper_sum, _mm256_sad_epu8(up, zero));
        lower_sum = _mm256_add_epi64(lower_sum,
                                     _mm256_sad_epu8(_mm256_shuffle_epi8(lower_by_1, first), zero));
        lower_sum = _mm256_add_epi64(
            lower_sum, _mm256_sad_epu8(_mm256_shuffle_epi8(lower_by_1, second), zero));
        if (_mm256_movemask_epi8(_mm256_or_si256(first, second)) != 0)
            sum_high_ranks(ranks + block, 64, base, q, &sums);
    }
    sums.kx += ((sum_lanes(upper_sum) << 8) + sum_lanes(lower_sum)) << (q - base - 14);
    return sums;
}

AVX2 static uint32_t ranks_count(const uint8_t *ranks, size_t n, uint8_t rank)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i wanted = _mm256_set1_epi8((char)rank);
    __m256i counts = zero;
    for (size_t block = 0; block < n; block += 32) {
        __m256i equal = _mm256_cmpeq_epi8(load(ranks + block), wanted);
        counts = _mm256_add_epi64(counts, _mm256_sad_epu8(_mm256_sub_epi8(zero, equal), zero));
    }
    return (uint32_t)sum_lanes(counts);
}

static const struct kernels avx2 = {
    .name = "avx2",
    .nibbles_exceed = nibbles_exceed,
    .nibbles_max = nibbles_max,
    .nibbles_sum = nibbles_sum,
    .ranks_raise = ranks_raise,
    .ranks_sum = ranks_sum,
    .ranks_count = ranks_count,
};

const struct kernels *kernels_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &avx2 : NULL;
}

#else

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif
