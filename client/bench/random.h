/* Numbers that look random and are the same for the same seed: SplitMix64 (Steele,
 * Lea and Flood, "Fast splittable pseudorandom number generators", 2014). */
#ifndef CARDINAL_BENCH_RANDOM_H
#define CARDINAL_BENCH_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

__extension__ typedef unsigned __int128 random_wide;

/* From 0 up to and without bound, which is not 0; the bias is below bound / 2^64. */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
    return (uint64_t)(((random_wide)random_next(random) * bound) >> 64);
}

#endif
