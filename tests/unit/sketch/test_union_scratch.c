#include <math.h>

#include "daemon/sketch/union_parts.h"
#include "tests/unit/failing_alloc.h"
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

START_TEST(a_union_has_the_registers_of_all_its_values)
{
    static const uint64_t sizes[] = { 1, 2, 12, 100, 1200, 2500, 1200, 100, 9000, 1200, 3, 60000 };
    uint64_t seed = test_seed();
    static const unsigned precisions[] = { 4, 7, 8, 11, 14, 18 };
    for (size_t p = 0; p < 6; p++) {
        static struct reference reference;
        static uint8_t ranks[REFERENCE_REGISTERS_MAX];
        struct sketch_shape shape = shape_of(precisions[p]);
        struct union_scratch *scratch = union_scratch_new(&shape);
        reference_init(&reference, precisions[p]);
        for (uint64_t i = 0; i < 12; i++) {
            struct cell cell = { 0 };
            add_stream(&cell, &shape, &reference, seed, i * 700, i * 700 + sizes[i]);
            ck_assert_int_eq(union_scratch_add(scratch, &cell), ST_OK);
            cell_release(&cell);
            union_scratch_ranks(scratch, ranks);
            ck_assert_mem_eq(ranks, reference.registers, shape.registers);
        }
        union_scratch_free(scratch);
    }
}
END_TEST

START_TEST(tokens_of_equal_high_bits_go_on_as_registers)
{
    static struct reference reference;
    static uint8_t ranks[REFERENCE_REGISTERS_MAX];
    struct sketch_shape shape = shape_of(14);
    struct union_scratch *scratch = union_scratch_new(&shape);
    reference_init(&reference, 14);
    for (uint64_t i = 0; i < 300; i++) {
        struct cell cell = { 0 };
        uint64_t hash = (i + 1) << 14 | 77; /* all of one register */
        add_hash(&cell, &shape, hash);
        reference_add(&reference, hash);
        ck_assert_int_eq(union_scratch_add(scratch, &cell), ST_OK);
        cell_release(&cell);
    }
    ck_assert(scratch->has_registers);
    union_scratch_ranks(scratch, ranks);
    ck_assert_mem_eq(ranks, reference.registers, shape.registers);
    union_scratch_free(scratch);
}
END_TEST

START_TEST(a_union_says_so_without_memory)
{
    static const uint64_t sizes[] = { 1, 1200, 3000, 9000 };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct cell cells[4] = { { 0 } };
    for (uint64_t i = 0; i < 4; i++)
        add_stream(&cells[i], &shape, NULL, seed, i * 10000, i * 10000 + sizes[i]);
    bool failed = true;
    for (long n = 0; failed; n++) {
        failing_alloc_arm(n);
        struct union_scratch *scratch = union_scratch_new(&shape);
        enum status status = scratch == NULL ? ST_RESOURCE_EXHAUSTED : ST_OK;
        for (size_t i = 0; i < 4 && status == ST_OK; i++)
            status = union_scratch_add(scratch, &cells[i]);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        union_scratch_free(scratch);
    }
    for (size_t i = 0; i < 4; i++)
        cell_release(&cells[i]);
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
        a_union_has_the_registers_of_all_its_values,
        tokens_of_equal_high_bits_go_on_as_registers,
        a_union_says_so_without_memory,
    };
    return RUN_SUITE("union_scratch", tests);
}
