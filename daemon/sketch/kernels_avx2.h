/* What the AVX2 kernels have in common; for kernels_avx2*.c alone. */
#ifndef CARDINAL_SKETCH_KERNELS_AVX2_H
#define CARDINAL_SKETCH_KERNELS_AVX2_H

#include "daemon/sketch/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

/* The compiler is kept from loading what is used twice a second time. */
AVX2 static inline __m256i load(const uint8_t *at)
{
    __m256i value = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __asm__("" : "+x"(value));
    return value;
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

/* As in struct kernels. */
uint8_t avx2_ranks_raise(uint8_t *ranks, const uint8_t *nibbles, size_t bytes, unsigned base);
uint8_t avx2_ranks_least(const uint8_t *ranks, size_t n);
struct rank_sums avx2_ranks_sum(const uint8_t *ranks, size_t n, unsigned base, unsigned q);

#endif

#endif
