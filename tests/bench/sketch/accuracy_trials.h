/* accuracy_trials: how far estimates are off, over many streams of values.
 *
 * Each trial is a stream of distinct values of its own, made from a seed; at
 * given sizes the sketch of the whole stream and the union of the sketches of
 * its two halves are asked. */
#ifndef CARDINAL_TESTS_ACCURACY_TRIALS_H
#define CARDINAL_TESTS_ACCURACY_TRIALS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/cell.h"

/* Errors at one size, relative to it. */
struct error_stats {
    size_t trials;
    double sum;
    double sum_squares;
    double sum_fourths;
    double reported_squares; /* of the relative standard errors that estimates gave */
};

struct accuracy {
    uint64_t values;
    struct error_stats point;
    struct error_stats halves;
};

/* Runs trials at the sizes in points[].values, which ascend. with_halves also
 * asks unions. ST_RESOURCE_EXHAUSTED without memory. */
enum status accuracy_run(const struct sketch_shape *shape, struct accuracy *points, size_t count,
                         size_t trials, uint64_t seed, bool with_halves);

double error_mean(const struct error_stats *stats);
double error_rmse(const struct error_stats *stats);

/* RMSE over the root mean square of what was reported; 1 if both are 0. */
double error_ratio(const struct error_stats *stats);

/* The standard error of that ratio, from the spread of the squares measured. */
double error_ratio_error(const struct error_stats *stats);

#endif
