/* A histogram of times with a bounded relative error.
 *
 * Log-linear: each power of two is cut into 64 equal buckets, so that a percentile is
 * at most 1.6 % above the true one, from a nanosecond to centuries, in 30 KiB. Adding
 * is a shift and an increment.
 *
 * Thread safety: one thread adds; others may merge it into one of their own meanwhile,
 * and see each bucket as it was at some time. */
#ifndef CARDINAL_BENCH_HISTOGRAM_H
#define CARDINAL_BENCH_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BITS 6u /* log2 of the buckets per power of two */
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_BITS + 1u) << HISTOGRAM_BITS)

/* All zero is an empty one. */
struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t total;
    _Atomic uint64_t max; /* exact */
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* Adds what another one holds. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* Takes out what was in it earlier; its largest value stays. */
void histogram_subtract(struct histogram *histogram, const struct histogram *earlier);

/* How many of its values are from low up to and without high, as far as buckets tell. */
uint64_t histogram_count(const struct histogram *histogram, uint64_t low, uint64_t high);

/* The least bound that `percent` of the values do not exceed, as far as buckets tell,
 * and never above the largest value; 0 for an empty one. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

#endif
