#include "daemon/sketch/kernels.h"

#include <assert.h>

static bool nibbles_exceed(const uint8_t *a, const uint8_t *b, size_t bytes, unsigned down)
{
    for (size_t i = 0; i < bytes; i++) {
        for (unsigned shift = 0; shift < 8; shift += 4) {
            unsigned mine = (unsigned)a[i] >> shift & 15u;
            unsigned theirs = (unsigned)b[i] >> shift & 15u;
            if (theirs > mine + down)
                return true;
        }
    }
    return false;
}

static unsigned lowered(unsigned nibble, unsigned down)
{
    return nibble > down ? nibble - down : 0;
}

static void nibbles_max(uint8_t *a, const uint8_t *b, size_t bytes, unsigned a_down,
                        unsigned b_down)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned both = 0;
        for (unsigned shift = 0; shift < 8; shift += 4) {
            unsigned mine = (unsigned)a[i] >> shift & 15u;
            unsigned theirs = (unsigned)b[i] >> shift & 15u;
            mine = mine == 15 ? 15 : lowered(mine, a_down);
            theirs = lowered(theirs, b_down);
            both |= (mine > theirs ? mine : theirs) << shift;
        }
        a[i] = (uint8_t)both;
    }
}

static void nibbles_raise(uint8_t *a, const uint8_t *b, size_t bytes, unsigned b_down,
                          const uint8_t *ahead)
{
    enum { STEP = 64 };
    for (size_t block = 0; block < bytes; block += STEP) {
        if (ahead != NULL)
            __builtin_prefetch(ahead + block, 0, 2);
        nibbles_max(a + block, b + block, STEP, 0, b_down);
    }
}

static struct nibble_sums nibbles_sum(const uint8_t *nibbles, size_t bytes)
{
    static const uint16_t weights[16] = { 1 << 14, 1 << 13, 1 << 12, 1 << 11, 1 << 10, 1 << 9,
                                          1 << 8,  1 << 7,  1 << 6,  1 << 5,  1 << 4,  1 << 3,
                                          1 << 2,  1 << 1,  1,       0 };
    struct nibble_sums sums = { 0, 0 };
    for (size_t i = 0; i < bytes; i++) {
        unsigned low = nibbles[i] & 15u;
        unsigned high = nibbles[i] >> 4;
        sums.weight += (uint64_t)weights[low] + weights[high];
        sums.zeros += (uint32_t)(low == 0) + (uint32_t)(high == 0);
    }
    return sums;
}

static uint64_t nibbles_weight(const uint8_t *nibbles, size_t bytes)
{
    return nibbles_sum(nibbles, bytes).weight;
}

static uint8_t ranks_raise(uint8_t *ranks, const uint8_t *nibbles, size_t bytes, unsigned base)
{
    uint8_t least = UINT8_MAX;
    for (size_t block = 0; block < bytes; block += 32) {
        uint8_t *low = ranks + 2 * block;
        uint8_t *high = low + 32;
        for (size_t i = 0; i < 32; i++) {
            uint8_t l = (uint8_t)(base + (nibbles[block + i] & 15u));
            uint8_t h = (uint8_t)(base + (nibbles[block + i] >> 4));
            low[i] = low[i] > l ? low[i] : l;
            high[i] = high[i] > h ? high[i] : h;
            least = low[i] < least ? low[i] : least;
            least = high[i] < least ? high[i] : least;
        }
    }
    return least;
}

static uint8_t ranks_least(const uint8_t *ranks, size_t n)
{
    uint8_t least = ranks[0];
    for (size_t i = 1; i < n; i++)
        least = ranks[i] < least ? ranks[i] : least;
    return least;
}

static struct rank_sums ranks_sum(const uint8_t *ranks, size_t n, unsigned base, unsigned q)
{
    struct rank_sums sums = { 0, 0, 0 };
    (void)base;
    assert(q < 64);
    for (size_t i = 0; i < n; i++) {
        sums.kx += (1ull << q) >> ranks[i];
        sums.zeros += ranks[i] == 0;
        sums.at_cap += ranks[i] == q + 1;
    }
    return sums;
}

const struct kernels kernels_portable = {
    .name = "portable",
    .nibbles_exceed = nibbles_exceed,
    .nibbles_max = nibbles_max,
    .nibbles_raise = nibbles_raise,
    .nibbles_sum = nibbles_sum,
    .nibbles_weight = nibbles_weight,
    .ranks_raise = ranks_raise,
    .ranks_least = ranks_least,
    .ranks_sum = ranks_sum,
};

const struct kernels *kernels_best(void)
{
    const struct kernels *avx2 = kernels_avx2();
    return avx2 != NULL ? avx2 : &kernels_portable;
}
