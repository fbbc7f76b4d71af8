/* Statistics over many streams. A bound is what is promised, widened by four
 * standard errors of its own measurement. */
#include <math.h>

#include "tests/bench/sketch/accuracy_trials.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define SIGMAS 4.0
#define MANY 1500u

static void run(unsigned precision, struct accuracy *points, size_t count, size_t trials,
                bool with_halves)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    ck_assert_int_eq(accuracy_run(&shape, points, count, trials, test_seed(), with_halves), ST_OK);
}

/* The factor by which a measured RMSE may be above its bound. */
static double widening(size_t trials)
{
    return 1 + SIGMAS / sqrt(2.0 * (double)trials);
}

static void check_mean(const struct error_stats *stats, uint64_t values)
{
    double error_of_mean = error_rmse(stats) / sqrt((double)stats->trials);
    if (fabs(error_mean(stats)) > SIGMAS * error_of_mean)
        ck_abort_msg("%llu values: mean error %g, its standard error %g",
                     (unsigned long long)values, error_mean(stats), error_of_mean);
}

/* RMSE over reported error within 0.9 .. 1.1. */
static void check_ratio(const struct error_stats *stats, uint64_t values)
{
    double slack = SIGMAS * error_ratio_error(stats);
    double ratio = error_ratio(stats);
    if (ratio > 1.1 + slack || ratio < 0.9 - slack)
        ck_abort_msg("%llu values: RMSE is %g of what was reported, its standard error %g",
                     (unsigned long long)values, ratio, slack / SIGMAS);
}

START_TEST(errors_at_precision_14_are_within_their_bounds)
{
    static const struct {
        uint64_t values;
        double rmse;   /* of a point */
        double halves; /* of a union of two halves */
    } bars[] = {
        { 10, 1e-9, 1e-9 },         { 100, 0.0005, 0.0005 },  { 1000, 0.00022, 0.00022 },
        { 3000, 0.0005, 0.0005 },   { 5000, 0.0032, 0.0085 }, { 10000, 0.0046, 0.0085 },
        { 100000, 0.0061, 0.0085 },
    };
    enum { COUNT = sizeof bars / sizeof bars[0] };
    struct accuracy points[COUNT] = { { 0 } };
    for (size_t i = 0; i < COUNT; i++)
        points[i].values = bars[i].values;
    run(14, points, COUNT, MANY, true);
    for (size_t i = 0; i < COUNT; i++) {
        printf("%llu values: %.4f %%, union %.4f %%\n", (unsigned long long)bars[i].values,
               100 * error_rmse(&points[i].point), 100 * error_rmse(&points[i].halves));
        ck_assert_double_le(error_rmse(&points[i].point), bars[i].rmse * widening(MANY));
        ck_assert_double_le(error_rmse(&points[i].halves), bars[i].halves * widening(MANY));
        if (bars[i].values >= 3000) {
            check_mean(&points[i].point, bars[i].values);
            check_mean(&points[i].halves, bars[i].values);
        }
    }
}
END_TEST

START_TEST(reported_errors_are_those_measured)
{
    for (unsigned p = 6; p <= 14; p += 4) {
        struct accuracy points[40] = { { 0 } };
        size_t count = 0;
        uint64_t first = 1ull << (p - 1);
        for (uint64_t n = first < 1000 ? 1000 : first; n < (8ull << p) + 5000; n += n / 6)
            points[count++].values = n;
        run(p, points, count, MANY, true);
        for (size_t i = 0; i < count; i++) {
            check_ratio(&points[i].point, points[i].values);
            check_ratio(&points[i].halves, points[i].values);
        }
    }
}
END_TEST

/* One in a hundred of these sketches is off at all, so that it takes many. */
START_TEST(reported_errors_of_tokens_are_those_measured)
{
    enum { TRIALS = 40000 };
    struct accuracy points[] = { { .values = 200 }, { .values = 500 } };
    run(14, points, 2, TRIALS, false);
    for (size_t i = 0; i < 2; i++) {
        check_ratio(&points[i].point, points[i].values);
        check_mean(&points[i].point, points[i].values);
    }
}
END_TEST

START_TEST(estimates_have_no_bump_where_forms_change)
{
    struct accuracy points[120] = { { 0 } };
    size_t count = 0;
    for (uint64_t n = 2000; n <= 60000; n += n < 6000 ? 100 : n / 20)
        points[count++].values = n;
    run(14, points, count, MANY, true);
    for (size_t i = 0; i < count; i++) {
        check_mean(&points[i].point, points[i].values);
        check_mean(&points[i].halves, points[i].values);
        check_ratio(&points[i].point, points[i].values);
        check_ratio(&points[i].halves, points[i].values);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        errors_at_precision_14_are_within_their_bounds,
        reported_errors_are_those_measured,
        reported_errors_of_tokens_are_those_measured,
        estimates_have_no_bump_where_forms_change,
    };
    return RUN_SUITE("accuracy", tests);
}
