/* The error of what two sketches share, over many pairs. A bound is what is
 * promised, widened by four standard errors of its own measurement. */
#include <math.h>

#include "daemon/sketch/overlap.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define SIGMAS 4.0
#define TRIALS 150u

static void add_range(struct cell *cell, const struct sketch_shape *shape, uint64_t seed,
                      uint64_t first, uint64_t last)
{
    uint64_t hashes[512];
    size_t changed;
    while (first < last) {
        size_t n = last - first < 512 ? (size_t)(last - first) : 512;
        for (size_t i = 0; i < n; i++)
            hashes[i] = stream_hash(seed, first++);
        if (cell_add(cell, shape, hashes, n, &changed) != ST_OK)
            ck_abort_msg("out of memory");
    }
}

/* Root mean square of the relative error, and of the error over what was
 * reported. */
struct result {
    double rmse;
    double ratio;
};

static struct result run(uint64_t only_a, uint64_t shared, uint64_t only_b)
{
    struct sketch_shape shape;
    struct result sums = { 0, 0 };
    uint64_t seed = test_seed();
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    struct union_scratch *a = union_scratch_new(&shape);
    struct union_scratch *b = union_scratch_new(&shape);
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        struct cell cells[2] = { { 0 } };
        struct overlap overlap;
        seed = stream_hash(seed, trial);
        add_range(&cells[0], &shape, seed, 0, only_a + shared);
        add_range(&cells[1], &shape, seed, only_a, only_a + shared + only_b);
        union_scratch_reset(a);
        union_scratch_reset(b);
        ck_assert_int_eq(union_scratch_add(a, &cells[0]), ST_OK);
        ck_assert_int_eq(union_scratch_add(b, &cells[1]), ST_OK);
        ck_assert_int_eq(overlap_estimate(a, b, &overlap), ST_OK);
        double off = overlap.shared.value - (double)shared;
        sums.rmse += off * off / TRIALS;
        sums.ratio += pow(off / overlap.shared.error, 2) / TRIALS;
        cell_release(&cells[0]);
        cell_release(&cells[1]);
    }
    union_scratch_free(a);
    union_scratch_free(b);
    struct result result = { sqrt(sums.rmse) / (double)shared, sqrt(sums.ratio) };
    printf("%llu + %llu + %llu: %.2f %%, %.2f of what was reported\n", (unsigned long long)only_a,
           (unsigned long long)shared, (unsigned long long)only_b, 100 * result.rmse, result.ratio);
    return result;
}

static void check(struct result result, double bound)
{
    double widening = 1 + SIGMAS / sqrt(2.0 * TRIALS);
    ck_assert_double_le(result.rmse, bound * widening);
    ck_assert_double_le(result.ratio, 1.1 * widening);
    ck_assert_double_ge(result.ratio, 0.9 / widening);
}

START_TEST(a_tenth_shared_by_equal_sides)
{
    check(run(900000, 100000, 900000), 0.065);
}
END_TEST

START_TEST(a_tenth_of_the_smaller_side_shared)
{
    check(run(990000, 10000, 90000), 0.18);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_tenth_shared_by_equal_sides,
        a_tenth_of_the_smaller_side_shared,
    };
    return RUN_SUITE("overlap_accuracy", tests);
}
