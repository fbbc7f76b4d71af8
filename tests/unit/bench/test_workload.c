#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/bench/workload.h"
#include "client/bench/zipf.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

/* Runs all generators of a workload and says of each number how often it came. */
static uint64_t run_all(const struct workload *workload, uint32_t count, unsigned *seen,
                        uint64_t bound)
{
    uint64_t events = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct generator generator;
        generator_begin(&generator, workload, i, count);
        while (generator_next(&generator)) {
            ck_assert_uint_lt(generator.event.number, bound);
            seen[generator.event.number]++;
            events++;
        }
    }
    return events;
}

START_TEST(workloads_have_names)
{
    enum workload_kind kind = WORKLOAD_HOT;
    for (int i = WORKLOAD_HOT; i <= WORKLOAD_MIXED; i++) {
        ck_assert(workload_parse(workload_name((enum workload_kind)i), &kind));
        ck_assert_int_eq(kind, i);
    }
    ck_assert(!workload_parse("cold", &kind));
    ck_assert_int_eq(kind, WORKLOAD_MIXED);
}
END_TEST

START_TEST(hot_has_every_value_once_however_many_share_it)
{
    const struct workload workload = {
        .kind = WORKLOAD_HOT, .values = 1000, .keys = 1, .columns = 1, .seed = 1, .zipf = NULL
    };
    for (uint32_t count = 1; count < 8; count++) {
        unsigned seen[1000] = { 0 };
        ck_assert_uint_eq(run_all(&workload, count, seen, 1000), 1000);
        for (size_t i = 0; i < 1000; i++)
            ck_assert_uint_eq(seen[i], 1);
    }
}
END_TEST

START_TEST(wide_has_a_key_a_row_and_a_value_a_cell)
{
    const struct workload workload = {
        .kind = WORKLOAD_WIDE, .values = 999, .keys = 0, .columns = 9, .seed = 1, .zipf = NULL
    };
    for (uint32_t count = 1; count < 8; count++) {
        unsigned seen[999] = { 0 };
        ck_assert_uint_eq(run_all(&workload, count, seen, 999), 999);
        for (size_t i = 0; i < 999; i++)
            ck_assert_uint_eq(seen[i], 1);
    }
    struct generator generator;
    generator_begin(&generator, &workload, 2, 5);
    for (uint32_t i = 0; i < 18; i++) {
        ck_assert(generator_next(&generator));
        ck_assert_uint_eq(generator.event.column, i % 9);
        ck_assert_uint_eq(generator.event.rank, 2 + i / 9 * 5);
    }
    ck_assert_mem_eq(generator.event.key, "key-00000007", WORKLOAD_KEY_BYTES);
}
END_TEST

START_TEST(grouped_takes_the_keys_in_turn)
{
    const struct workload workload = {
        .kind = WORKLOAD_GROUPED, .values = 40, .keys = 3, .columns = 2, .seed = 1, .zipf = NULL
    };
    struct generator generator;
    generator_begin(&generator, &workload, 0, 1);
    for (uint32_t row = 0; row < 20; row++) {
        ck_assert(generator_next(&generator) && generator_next(&generator));
        ck_assert_uint_eq(generator.event.rank, row % 3);
    }
    ck_assert(!generator_next(&generator));
}
END_TEST

START_TEST(many_is_the_same_each_time)
{
    struct zipf *zipf = zipf_new(100, 1);
    const struct workload workload = {
        .kind = WORKLOAD_MANY, .values = 500, .keys = 100, .columns = 1, .seed = 42, .zipf = zipf
    };
    struct generator a;
    struct generator b;
    generator_begin(&a, &workload, 1, 2);
    generator_begin(&b, &workload, 1, 2);
    for (int i = 0; i < 250; i++) {
        ck_assert(generator_next(&a) && generator_next(&b));
        ck_assert_uint_eq(a.event.rank, b.event.rank);
        ck_assert_mem_eq(a.event.key, b.event.key, WORKLOAD_KEY_BYTES);
        ck_assert_mem_eq(a.event.value, b.event.value, WORKLOAD_VALUE_BYTES);
        ck_assert_uint_lt(a.event.number, 500);
    }
    ck_assert(!generator_next(&a));
    zipf_free(zipf);
}
END_TEST

START_TEST(values_are_distinct_where_numbers_are)
{
    const struct workload workload = {
        .kind = WORKLOAD_HOT, .values = 300, .keys = 1, .columns = 1, .seed = 1, .zipf = NULL
    };
    struct generator generator;
    uint8_t last[WORKLOAD_VALUE_BYTES] = { 0 };
    generator_begin(&generator, &workload, 0, 1);
    while (generator_next(&generator)) {
        ck_assert_mem_ne(generator.event.value, last, sizeof last);
        memcpy(last, generator.event.value, sizeof last);
    }
}
END_TEST

START_TEST(keys_to_be_asked_for_share_no_value)
{
    enum { KEYS = 7, EACH = 5 };
    const struct workload workload = { .kind = WORKLOAD_UNION, .keys = KEYS, .per_key = EACH };
    unsigned seen[KEYS * EACH] = { 0 };
    struct event event = { 0 };
    for (uint32_t rank = 0; rank < KEYS; rank++) {
        for (uint32_t i = 0; i < EACH; i++) {
            workload_fill(&workload, rank, i, &event);
            ck_assert_uint_lt(event.number, KEYS * EACH);
            ck_assert_uint_eq(seen[event.number]++, 0);
            ck_assert_uint_eq(event.rank, rank);
        }
    }
    ck_assert_mem_eq(event.key, "key-00000006", WORKLOAD_KEY_BYTES);
}
END_TEST

START_TEST(questions_are_as_many_as_values_and_of_keys_that_exist)
{
    const struct workload workload = { .kind = WORKLOAD_SCAN, .values = 100, .keys = 3, .seed = 9 };
    unsigned seen[3] = { 0 };
    for (uint32_t i = 0; i < 3; i++) {
        struct generator generator;
        generator_begin(&generator, &workload, i, 3);
        while (generator_next(&generator)) {
            ck_assert_uint_lt(generator.event.rank, 3);
            seen[generator.event.rank]++;
        }
    }
    ck_assert_uint_eq(seen[0] + seen[1] + seen[2], 100);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_gt(seen[i], 0);
}
END_TEST

/* Each rank within 5 sigma of its expectation. */
static void assert_zipf(uint32_t count, double s)
{
    enum { TRIALS = 200000 };
    uint32_t *seen = calloc(count, sizeof *seen);
    struct zipf *zipf = zipf_new(count, s);
    struct random random = { 3 };
    double sum = 0;
    for (unsigned i = 0; i < TRIALS / ZIPF_BLOCK; i++) {
        uint32_t ranks[ZIPF_BLOCK];
        zipf_draw(zipf, &random, ranks);
        for (unsigned j = 0; j < ZIPF_BLOCK; j++)
            seen[ranks[j]]++;
    }
    for (uint32_t i = 0; i < count; i++)
        sum += pow((double)i + 1, -s);
    for (uint32_t i = 0; i < count; i++) {
        double p = pow((double)i + 1, -s) / sum;
        double sigma = sqrt(TRIALS * p * (1 - p)) + 1e-9;
        ck_assert_double_le(fabs(seen[i] - TRIALS * p), 5 * sigma);
    }
    zipf_free(zipf);
    free(seen);
}

START_TEST(zipf_ranks_come_as_often_as_they_should)
{
    assert_zipf(1, 1);
    assert_zipf(2, 1);
    assert_zipf(100, 0);
    assert_zipf(100, 1);
    assert_zipf(37, 0.5);
    assert_zipf(20, 3);
}
END_TEST

START_TEST(zipf_survives_failing_allocations)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        failing_alloc_arm(n);
        struct zipf *zipf = zipf_new(10, 1);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(zipf == NULL, failed);
        zipf_free(zipf);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        workloads_have_names,
        hot_has_every_value_once_however_many_share_it,
        wide_has_a_key_a_row_and_a_value_a_cell,
        grouped_takes_the_keys_in_turn,
        many_is_the_same_each_time,
        values_are_distinct_where_numbers_are,
        keys_to_be_asked_for_share_no_value,
        questions_are_as_many_as_values_and_of_keys_that_exist,
        zipf_ranks_come_as_often_as_they_should,
        zipf_survives_failing_allocations,
    };
    return RUN_SUITE("workload", tests);
}
