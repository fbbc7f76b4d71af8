#include "proto/murmur64a.h"

#define MULTIPLIER UINT64_C(0xc6a4a7935bd1e995)
#define SHIFT 47

/* The first n <= 8 bytes as a little-endian number. */
static uint64_t load(const uint8_t *bytes, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static uint64_t fold(uint64_t x)
{
    return x ^ (x >> SHIFT);
}

uint64_t murmur64a(const void *bytes, size_t len, uint64_t seed)
{
    const uint8_t *in = bytes;
    uint64_t h = seed ^ ((uint64_t)len * MULTIPLIER);

    for (; len >= 8; in += 8, len -= 8)
        h = (h ^ (fold(load(in, 8) * MULTIPLIER) * MULTIPLIER)) * MULTIPLIER;
    if (len > 0)
        h = (h ^ load(in, len)) * MULTIPLIER;
    return fold(fold(h) * MULTIPLIER);
}
