#include <check.h>
#include <stdlib.h>

#include "client/bench/histogram.h"
#include "client/bench/random.h"
#include "tests/unit/run_suite.h"

static struct histogram histogram;
static struct histogram other;

START_TEST(histogram_of_nothing_is_zero)
{
    ck_assert_uint_eq(histogram_percentile(&histogram, 50), 0);
    ck_assert_uint_eq(histogram_percentile(&histogram, 100), 0);
    ck_assert_uint_eq(histogram.max, 0);
}
END_TEST

START_TEST(histogram_is_exact_for_small_values)
{
    for (uint64_t i = 1; i <= 100; i++)
        histogram_add(&histogram, i);
    ck_assert_uint_eq(histogram_percentile(&histogram, 50), 50);
    ck_assert_uint_eq(histogram_percentile(&histogram, 99), 99);
    ck_assert_uint_eq(histogram_percentile(&histogram, 99.9), 100);
    ck_assert_uint_eq(histogram_percentile(&histogram, 100), 100);
    ck_assert_uint_eq(histogram_percentile(&histogram, 0), 1);
}
END_TEST

START_TEST(histogram_never_exceeds_the_largest_value)
{
    histogram_add(&histogram, 1000001);
    ck_assert_uint_eq(histogram_percentile(&histogram, 50), 1000001);
    histogram_add(&histogram, UINT64_MAX);
    ck_assert_uint_eq(histogram_percentile(&histogram, 100), UINT64_MAX);
    ck_assert_uint_eq(histogram.max, UINT64_MAX);
}
END_TEST

START_TEST(histogram_is_at_most_a_64th_too_high)
{
    for (unsigned power = 0; power < 64; power++) {
        for (unsigned step = 0; step < 5; step++) {
            uint64_t value = (UINT64_C(1) << power) + step * (UINT64_C(1) << power) / 5;
            other = (struct histogram){ 0 };
            histogram_add(&other, value);
            histogram_add(&other, UINT64_MAX);
            uint64_t bound = histogram_percentile(&other, 50);
            ck_assert_uint_ge(bound, value);
            ck_assert_uint_le(bound - value, value / 64);
        }
    }
}
END_TEST

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

START_TEST(histogram_agrees_with_sorting)
{
    enum { COUNT = 10000 };
    static const double percents[] = { 1, 50, 90, 99, 99.9, 99.99 };
    static uint64_t values[COUNT];
    struct random random = { 7 };
    for (int i = 0; i < COUNT; i++) {
        values[i] = random_next(&random) >> random_below(&random, 60);
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof values[0], compare);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        uint64_t exact = values[(size_t)(percents[i] / 100 * COUNT + 0.5) - 1];
        uint64_t bound = histogram_percentile(&histogram, percents[i]);
        ck_assert_uint_ge(bound, exact);
        ck_assert_uint_le(bound - exact, exact / 64);
    }
}
END_TEST

START_TEST(histograms_merge)
{
    for (uint64_t i = 1; i <= 50; i++)
        histogram_add(&histogram, i);
    for (uint64_t i = 51; i <= 100; i++)
        histogram_add(&other, i);
    histogram_merge(&histogram, &other);
    ck_assert_uint_eq(histogram.total, 100);
    ck_assert_uint_eq(histogram.max, 100);
    ck_assert_uint_eq(histogram_percentile(&histogram, 75), 75);
}
END_TEST

START_TEST(histogram_forgets_what_was_before)
{
    for (uint64_t i = 1; i <= 50; i++)
        histogram_add(&histogram, 1000 * i);
    histogram_merge(&other, &histogram);
    histogram_add(&histogram, 7);
    histogram_add(&histogram, 8);
    histogram_subtract(&histogram, &other);
    ck_assert_uint_eq(histogram.total, 2);
    ck_assert_uint_eq(histogram_percentile(&histogram, 50), 7);
    ck_assert_uint_eq(histogram_percentile(&histogram, 100), 8);
}
END_TEST

START_TEST(histogram_counts_between_edges)
{
    for (uint64_t i = 0; i < 4096; i++)
        histogram_add(&histogram, i);
    ck_assert_uint_eq(histogram_count(&histogram, 0, 4096), 4096);
    ck_assert_uint_eq(histogram_count(&histogram, 1024, 1536), 512);
    ck_assert_uint_eq(histogram_count(&histogram, 4096, 1 << 20), 0);
    ck_assert_uint_eq(histogram_count(&histogram, 10, 10), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        histogram_of_nothing_is_zero,
        histogram_is_exact_for_small_values,
        histogram_never_exceeds_the_largest_value,
        histogram_is_at_most_a_64th_too_high,
        histogram_agrees_with_sorting,
        histograms_merge,
        histogram_forgets_what_was_before,
        histogram_counts_between_edges,
    };
    return RUN_SUITE("histogram", tests);
}
