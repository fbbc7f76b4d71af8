#include <math.h>

#include "daemon/sketch/union_scratch.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

static void add_cell(struct union_scratch *scratch, const struct sketch_shape *shape, uint64_t seed,
                     uint64_t first, uint64_t last)
{
    struct cell cell = { 0 };
    add_stream(&cell, shape, NULL, seed, first, last);
    ck_assert_int_eq(union_scratch_add(scratch, &cell), ST_OK);
    cell_release(&cell);
}

START_TEST(nothing_merged_is_no_value)
{
    struct sketch_shape shape = shape_of(14);
    struct union_scratch *scratch = union_scratch_new(&shape);
    ck_assert_double_eq(union_scratch_estimate(scratch).value, 0);
    add_cell(scratch, &shape, 1, 0, 0);
    ck_assert_double_eq(union_scratch_estimate(scratch).value, 0);
    union_scratch_free(scratch);
    union_scratch_free(NULL);
}
END_TEST

START_TEST(one_contributor_keeps_its_own_estimate)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(12);
    struct union_scratch *scratch = union_scratch_new(&shape);
    for (uint64_t n = 1; n < 50000; n *= 3) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, n);
        union_scratch_reset(scratch);
        add_cell(scratch, &shape, seed, 0, 0);
        add_cell(scratch, &shape, seed, 0, n);
        ck_assert_double_eq(union_scratch_estimate(scratch).value,
                            cell_estimate(&cell, &shape).value);
        ck_assert_double_eq(union_scratch_estimate(scratch).rse, cell_estimate(&cell, &shape).rse);
        cell_release(&cell);
    }
    union_scratch_free(scratch);
}
END_TEST

START_TEST(a_union_of_tokens_is_near_exact)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct union_scratch *scratch = union_scratch_new(&shape);
    for (uint64_t i = 0; i < 1000; i++)
        add_cell(scratch, &shape, seed, i, i + 3);
    ck_assert_double_eq_tol(union_scratch_estimate(scratch).value, 1002, 2);
    union_scratch_free(scratch);
}
END_TEST

START_TEST(a_union_is_within_five_standard_errors)
{
    uint64_t seed = test_seed();
    for (unsigned p = 8; p <= 18; p += 2) {
        struct sketch_shape shape = shape_of(p);
        struct union_scratch *scratch = union_scratch_new(&shape);
        for (uint64_t n = 100; n <= 100000; n *= 10) {
            union_scratch_reset(scratch);
            add_cell(scratch, &shape, seed, 0, n / 10);
            add_cell(scratch, &shape, seed, n / 20, n);
            struct estimate estimate = union_scratch_estimate(scratch);
            ck_assert_double_le(fabs(estimate.value / (double)n - 1), 5 * estimate.rse);
        }
        union_scratch_free(scratch);
    }
}
END_TEST

START_TEST(a_union_is_the_same_in_any_order)
{
    static const uint64_t sizes[] = { 2, 10, 500, 3000, 3500, 9000 };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct union_scratch *up = union_scratch_new(&shape);
    struct union_scratch *down = union_scratch_new(&shape);
    for (size_t n = 2; n <= 6; n++) {
        union_scratch_reset(up);
        union_scratch_reset(down);
        for (size_t i = 0; i < n; i++) {
            add_cell(up, &shape, seed, i * 1000, i * 1000 + sizes[i]);
            add_cell(down, &shape, seed, (n - 1 - i) * 1000, (n - 1 - i) * 1000 + sizes[n - 1 - i]);
        }
        ck_assert_double_eq(union_scratch_estimate(up).value, union_scratch_estimate(down).value);
    }
    union_scratch_free(up);
    union_scratch_free(down);
}
END_TEST

START_TEST(a_cell_that_was_expected_changes_nothing_until_it_is_added)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct union_scratch *told = union_scratch_new(&shape);
    struct union_scratch *untold = union_scratch_new(&shape);
    struct cell cells[4] = { { 0 } };
    for (uint64_t i = 0; i < 4; i++)
        add_stream(&cells[i], &shape, NULL, seed, i * 10000, i * 20000 + 3);
    for (size_t i = 0; i < 4; i++) {
        union_scratch_expect(told, &cells[(i + 1) % 4]);
        ck_assert_int_eq(union_scratch_add(told, &cells[i]), ST_OK);
        ck_assert_int_eq(union_scratch_add(untold, &cells[i]), ST_OK);
        ck_assert_double_eq(union_scratch_estimate(told).value,
                            union_scratch_estimate(untold).value);
    }
    for (size_t i = 0; i < 4; i++)
        cell_release(&cells[i]);
    union_scratch_free(told);
    union_scratch_free(untold);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_merged_is_no_value,
        one_contributor_keeps_its_own_estimate,
        a_union_of_tokens_is_near_exact,
        a_union_is_within_five_standard_errors,
        a_union_is_the_same_in_any_order,
        a_cell_that_was_expected_changes_nothing_until_it_is_added,
    };
    return RUN_SUITE("union_scratch", tests);
}
