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

/* Only one thread adds, so that two steps do as well as one that is costly. */
static void raise_by(_Atomic uint64_t *count, uint64_t by)
{
    uint64_t now = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, now + by, memory_order_relaxed);
}

static uint64_t load(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void raise_to(_Atomic uint64_t *max, uint64_t value)
{
    if (value > load(max))
        atomic_store_explicit(max, value, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    raise_by(&histogram->counts[bucket_of(value)], 1);
    raise_by(&histogram->total, 1);
    raise_to(&histogram->max, value);
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        raise_by(&histogram->counts[i], load(&other->counts[i]));
    raise_by(&histogram->total, load(&other->total));
    raise_to(&histogram->max, load(&other->max));
}

void histogram_subtract(struct histogram *histogram, const struct histogram *earlier)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        raise_by(&histogram->counts[i], -load(&earlier->counts[i]));
    raise_by(&histogram->total, -load(&earlier->total));
}

uint64_t histogram_count(const struct histogram *histogram, uint64_t low, uint64_t high)
{
    uint64_t count = 0;
    for (size_t i = bucket_of(low); i < bucket_of(high); i++)
        count += load(&histogram->counts[i]);
    return count;
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
