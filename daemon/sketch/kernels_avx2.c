/* The kernels over nibbles, for AVX2, and the table of all. */
#include "daemon/sketch/kernels_avx2.h"

#if defined(__x86_64__)

#define ZEROS_BLOCK 4096u  /* 128 zeros a byte at most */
#define EXCEED_BLOCK 2048u /* bytes to compare before it is asked how it stands */

/* Where a nibble of theirs is more: a byte that is more as a whole has one
 * that is, and where no whole byte is, only low nibbles are left. */
AVX2 static inline __m256i level_more(const uint8_t *a, const uint8_t *b)
{
    __m256i mine = load(a);
    __m256i theirs = load(b);
    return _mm256_or_si256(_mm256_subs_epu8(theirs, mine),
                           _mm256_subs_epu8(low_nibbles(theirs), low_nibbles(mine)));
}

AVX2 static bool exceed_level(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    for (size_t block = 0; block < bytes; block += 128) {
        __m256i more = _mm256_or_si256(level_more(a + block, b + block),
                                       level_more(a + block + 32, b + block + 32));
        more = _mm256_or_si256(more, level_more(a + block + 64, b + block + 64));
        more = _mm256_or_si256(more, level_more(a + block + 96, b + block + 96));
        if (!_mm256_testz_si256(more, more))
            return true;
    }
    return false;
}

/* How far nibbles of theirs are above ours at most, lane by lane: 16 times and
 * up to 15 more of the high ones; of the low ones, as a number below 0. */
struct excess {
    __m256i high;
    __m256i low;
};

AVX2 static inline void note_excess(struct excess *most, const uint8_t *a, const uint8_t *b)
{
    const __m256i fifteen = _mm256_set1_epi8(15);
    __m256i mine = load(a);
    __m256i theirs = load(b);
    __m256i high = _mm256_subs_epu8(_mm256_or_si256(theirs, fifteen), mine);
    __m256i low = _mm256_sub_epi8(low_nibbles(mine), low_nibbles(theirs));
    most->high = _mm256_max_epu8(most->high, high);
    most->low = _mm256_min_epi8(most->low, low);
}

/* Differences are compared with down at the end of a stretch, so that nothing
 * is lowered nibble by nibble. */
AVX2 static bool exceed_lowered(const uint8_t *a, const uint8_t *b, size_t bytes, unsigned down)
{
    const __m256i zero = _mm256_setzero_si256();
    unsigned capped = down < 15 ? down : 15;
    const __m256i high_limit = _mm256_set1_epi8((char)(capped << 4 | 15));
    const __m256i low_limit = _mm256_set1_epi8((char)(256 - capped));
    for (size_t block = 0; block < bytes;) {
        struct excess most = { zero, zero };
        size_t end = bytes - block < EXCEED_BLOCK ? bytes : block + EXCEED_BLOCK;
        for (; block < end; block += 128) {
            note_excess(&most, a + block, b + block);
            note_excess(&most, a + block + 32, b + block + 32);
            note_excess(&most, a + block + 64, b + block + 64);
            note_excess(&most, a + block + 96, b + block + 96);
        }
        __m256i more = _mm256_or_si256(_mm256_subs_epu8(most.high, high_limit),
                                       _mm256_cmpgt_epi8(low_limit, most.low));
        if (!_mm256_testz_si256(more, more))
            return true;
    }
    return false;
}

AVX2 static bool nibbles_exceed(const uint8_t *a, const uint8_t *b, size_t bytes, unsigned down)
{
    return down == 0 ? exceed_level(a, b, bytes) : exceed_lowered(a, b, bytes, down);
}

/* The greater of a's nibbles and b's, those lowered by low and high / 16. */
AVX2 static inline void raise_block(uint8_t *a, const uint8_t *b, __m256i low, __m256i high)
{
    __m256i mine = load(a);
    __m256i theirs = load(b);
    /* a byte that is more as a whole has the high nibble that is */
    __m256i highs = _mm256_max_epu8(mine, _mm256_subs_epu8(theirs, high));
    __m256i lows = _mm256_max_epi8(low_nibbles(mine), _mm256_sub_epi8(low_nibbles(theirs), low));
    store(a, _mm256_or_si256(_mm256_and_si256(highs, _mm256_set1_epi8((char)0xf0)), lows));
}

/* 64 bytes. To the second level of the cache: more of those lines may be under
 * way than of those asked for to the first. */
AVX2 static inline void raise_line(uint8_t *a, const uint8_t *b, const uint8_t *ahead, __m256i low,
                                   __m256i high)
{
    _mm_prefetch((const char *)ahead, _MM_HINT_T1);
    raise_block(a, b, low, high);
    raise_block(a + 32, b + 32, low, high);
}

AVX2 static void nibbles_raise(uint8_t *a, const uint8_t *b, size_t bytes, unsigned b_down,
                               const uint8_t *ahead)
{
    unsigned capped = b_down < 15 ? b_down : 15;
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_set1_epi8((char)capped);
    const __m256i high = _mm256_set1_epi8((char)(capped << 4));
    if (ahead == NULL)
        ahead = b; /* nothing new */
    if (capped == 0) {
        for (size_t block = 0; block < bytes; block += 64)
            raise_line(a + block, b + block, ahead + block, zero, zero);
        return;
    }
    for (size_t block = 0; block < bytes; block += 64)
        raise_line(a + block, b + block, ahead + block, low, high);
}

/* A table for a shuffle: nibbles lowered by down, but 15. */
AVX2 static inline __m256i lowered_table(unsigned down)
{
    uint8_t table[16];
    for (unsigned nibble = 0; nibble < 15; nibble++)
        table[nibble] = (uint8_t)(nibble > down ? nibble - down : 0);
    table[15] = 15;
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

AVX2 static void nibbles_max(uint8_t *a, const uint8_t *b, size_t bytes, unsigned a_down,
                             unsigned b_down)
{
    const __m256i table = lowered_table(a_down);
    const __m256i by = _mm256_set1_epi8((char)(b_down < 15 ? b_down : 15));
    for (size_t block = 0; block < bytes; block += 32) {
        __m256i mine = load(a + block);
        __m256i theirs = load(b + block);
        __m256i low = _mm256_max_epu8(_mm256_shuffle_epi8(table, low_nibbles(mine)),
                                      _mm256_subs_epu8(low_nibbles(theirs), by));
        __m256i high = _mm256_max_epu8(_mm256_shuffle_epi8(table, high_nibbles(mine)),
                                       _mm256_subs_epu8(high_nibbles(theirs), by));
        store(a + block, _mm256_or_si256(low, _mm256_slli_epi16(high, 4)));
    }
}

/* Weights 2^(14 - d) of d = 0 .. 14, as 128 * upper + lower, so that those of a
 * low and a high nibble add up to 255 at most: a low one of 0 has 127 * 128 + 128.
 * Those of low nibbles are taken from 255, so that a sum of absolute differences
 * adds both. */
static const uint8_t upper_of_low[16] = { 255 - 127, 255 - 64, 255 - 32, 255 - 16, 255 - 8, 255 - 4,
                                          255 - 2,   255,      255,      255,      255,     255,
                                          255,       255,      255,      255 };
static const uint8_t lower_of_low[16] = { 255 - 128, 255,      255,      255,
                                          255,       255,      255,      255 - 128,
                                          255 - 64,  255 - 32, 255 - 16, 255 - 8,
                                          255 - 4,   255 - 2,  255 - 1,  255 };
static const uint8_t upper_of_high[16] = { 128, 64, 32, 16, 8, 4, 2, 1 };
static const uint8_t lower_of_high[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 64, 32, 16, 8, 4, 2, 1, 0 };

AVX2 static inline __m256i shuffle_table(const uint8_t bytes[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

/* What the weights of 32 bytes lack to 255 each, in 64-bit lanes. */
AVX2 static inline __m256i look_up(__m256i low_table, __m256i low, __m256i high_table, __m256i high)
{
    return _mm256_sad_epu8(_mm256_shuffle_epi8(low_table, low),
                           _mm256_shuffle_epi8(high_table, high));
}

AVX2 static inline uint32_t count_top_bits(__m256i bytes)
{
    return (uint32_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(bytes));
}

/* Zeros among low nibbles are counted in bytes, which take those of a stretch;
 * high ones are the only ones with the top bit in their upper weight. */
AVX2 static inline __attribute__((always_inline)) struct nibble_sums
sum_nibbles(const uint8_t *nibbles, size_t bytes, bool with_zeros)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i upper_low = shuffle_table(upper_of_low);
    const __m256i upper_high = shuffle_table(upper_of_high);
    const __m256i lower_low = shuffle_table(lower_of_low);
    const __m256i lower_high = shuffle_table(lower_of_high);
    __m256i upper = zero;
    __m256i lower = zero;
    __m256i zeros = zero;
    uint32_t high_zeros = 0;
    for (size_t block = 0; block < bytes;) {
        size_t end = bytes - block < ZEROS_BLOCK ? bytes : block + ZEROS_BLOCK;
        __m256i few_zeros = zero;
        for (; block < end; block += 32) {
            __m256i both = load(nibbles + block);
            __m256i low = low_nibbles(both);
            __m256i high = high_nibbles(both);
            upper = _mm256_add_epi64(upper, look_up(upper_low, low, upper_high, high));
            lower = _mm256_add_epi64(lower, look_up(lower_low, low, lower_high, high));
            if (with_zeros) {
                few_zeros = _mm256_sub_epi8(few_zeros, _mm256_cmpeq_epi8(low, zero));
                high_zeros += count_top_bits(_mm256_shuffle_epi8(upper_high, high));
            }
        }
        zeros = _mm256_add_epi64(zeros, _mm256_sad_epu8(few_zeros, zero));
    }
    uint64_t uppers = 255 * bytes - sum_lanes(upper);
    uint64_t lowers = 255 * bytes - sum_lanes(lower);
    return (struct nibble_sums){ (uppers << 7) + lowers, high_zeros + (uint32_t)sum_lanes(zeros) };
}

AVX2 static struct nibble_sums nibbles_sum(const uint8_t *nibbles, size_t bytes)
{
    return sum_nibbles(nibbles, bytes, true);
}

AVX2 static uint64_t nibbles_weight(const uint8_t *nibbles, size_t bytes)
{
    return sum_nibbles(nibbles, bytes, false).weight;
}

static const struct kernels avx2 = {
    .name = "avx2",
    .nibbles_exceed = nibbles_exceed,
    .nibbles_max = nibbles_max,
    .nibbles_raise = nibbles_raise,
    .nibbles_sum = nibbles_sum,
    .nibbles_weight = nibbles_weight,
    .ranks_raise = avx2_ranks_raise,
    .ranks_least = avx2_ranks_least,
    .ranks_sum = avx2_ranks_sum,
};

const struct kernels *kernels_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &avx2 : NULL;
}

#else

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif
