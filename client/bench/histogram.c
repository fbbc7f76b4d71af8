#include "client/bench/histogram.h"

#include <math.h>
#include <stddef.h>

#define ROUNDING 1e-12 /* 99.99 % of 10,000 shall be 9,999, not a hair more */
#define PER_POWER (UINT64_C(1) << HISTOGRAM_BITS)

/* Values below 2 * PER_POWER have a bucket each. Above, the index is made of how far
 * the value is shifted to lie between PER_POWER and 2 * PER_POWER, and of what is left
 * of it then. */
static size_t bucket_of(uint64_t value)
{
    if (value < 2 * PER_POWER)
        return (size_t)value;
    unsigned shift = 63u - HISTOGRAM_BITS - (unsigned)__builtin_clzll(value);
    return (size_t)(shift * PER_POWER + (value >> shift));
}

/* The largest value that falls into the bucket. */
static uint64_t upper_bound(size_t bucket)
{
    if (bucket < 2 * PER_POWER)
        return bucket;
    unsigned shift = (unsigned)(bucket / PER_POWER) - 1;
    uint64_t left = bucket % PER_POWER + PER_POWER;
    return (left << shift) + ((UINT64_C(1) << shift) - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    if (value > histogram->max)
        histogram->max = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] += other->counts[i];
    histogram->total += other->total;
    if (other->max > histogram->max)
        histogram->max = other->max;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
    double exact = percent / 100 * (double)histogram->total;
    uint64_t rank = (uint64_t)ceil(exact * (1 - ROUNDING));
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= rank && seen > 0) {
            uint64_t bound = upper_bound(i);
            return bound < histogram->max ? bound : histogram->max;
        }
    }
    return histogram->max;
}
