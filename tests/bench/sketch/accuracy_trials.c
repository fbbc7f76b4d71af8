#include "tests/bench/sketch/accuracy_trials.h"

#include <math.h>

#include "daemon/sketch/union_scratch.h"

#define BATCH 512u

/* One trial's sketches. */
struct trial {
    uint64_t state;
    uint64_t added;
    struct cell whole;
    struct cell halves[2];
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static enum status grow(struct trial *trial, const struct sketch_shape *shape, uint64_t values,
                        bool with_halves)
{
    uint64_t hashes[BATCH];
    size_t changed;
    enum status status = ST_OK;
    while (trial->added < values && status == ST_OK) {
        size_t n = values - trial->added < BATCH ? (size_t)(values - trial->added) : BATCH;
        for (size_t i = 0; i < n; i++)
            hashes[i] = mix(trial->state += 0x9e3779b97f4a7c15ull);
        status = cell_add(&trial->whole, shape, hashes, n, &changed);
        if (with_halves && status == ST_OK)
            status = cell_add(&trial->halves[0], shape, hashes, n / 2, &changed);
        if (with_halves && status == ST_OK)
            status = cell_add(&trial->halves[1], shape, hashes + n / 2, n - n / 2, &changed);
        trial->added += n;
    }
    return status;
}

static void note(struct error_stats *stats, struct estimate estimate, uint64_t values)
{
    double error = estimate.value / (double)values - 1;
    stats->trials++;
    stats->sum += error;
    stats->sum_squares += error * error;
    stats->sum_fourths += error * error * error * error;
    stats->reported_squares += estimate.rse * estimate.rse;
}

static enum status ask(struct trial *trial, struct union_scratch *scratch,
                       const struct sketch_shape *shape, struct accuracy *point, bool with_halves)
{
    note(&point->point, cell_estimate(&trial->whole, shape), point->values);
    if (!with_halves)
        return ST_OK;
    union_scratch_reset(scratch);
    enum status status = union_scratch_add(scratch, &trial->halves[0]);
    if (status == ST_OK)
        status = union_scratch_add(scratch, &trial->halves[1]);
    if (status == ST_OK)
        note(&point->halves, union_scratch_estimate(scratch), point->values);
    return status;
}

enum status accuracy_run(const struct sketch_shape *shape, struct accuracy *points, size_t count,
                         size_t trials, uint64_t seed, bool with_halves)
{
    struct union_scratch *scratch = union_scratch_new(shape);
    enum status status = scratch != NULL ? ST_OK : ST_RESOURCE_EXHAUSTED;
    for (size_t t = 0; t < trials && status == ST_OK; t++) {
        struct trial trial = { .state = mix(mix(seed) + t) };
        for (size_t i = 0; i < count && status == ST_OK; i++) {
            status = grow(&trial, shape, points[i].values, with_halves);
            if (status == ST_OK)
                status = ask(&trial, scratch, shape, &points[i], with_halves);
        }
        cell_release(&trial.whole);
        cell_release(&trial.halves[0]);
        cell_release(&trial.halves[1]);
    }
    union_scratch_free(scratch);
    return status;
}

double error_mean(const struct error_stats *stats)
{
    return stats->sum / (double)stats->trials;
}

double error_rmse(const struct error_stats *stats)
{
    return sqrt(stats->sum_squares / (double)stats->trials);
}

double error_ratio(const struct error_stats *stats)
{
    if (stats->reported_squares == 0)
        return stats->sum_squares == 0 ? 1 : INFINITY;
    return sqrt(stats->sum_squares / stats->reported_squares);
}

double error_ratio_error(const struct error_stats *stats)
{
    double trials = (double)stats->trials;
    double square = stats->sum_squares / trials;
    if (square == 0)
        return 0;
    double spread = stats->sum_fourths / trials / (square * square) - 1; /* of a square, relative */
    return error_ratio(stats) / 2 * sqrt(fmax(spread, 0) / trials);
}
