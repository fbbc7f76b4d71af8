#include <math.h>

#include "daemon/sketch/overlap.h"
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

/* Sides of only_a + shared and shared + only_b values. */
static struct overlap overlap_of(unsigned precision, uint64_t seed, uint64_t only_a,
                                 uint64_t shared, uint64_t only_b)
{
    struct sketch_shape shape = shape_of(precision);
    struct union_scratch *a = union_scratch_new(&shape);
    struct union_scratch *b = union_scratch_new(&shape);
    struct overlap overlap;
    add_cell(a, &shape, seed, 0, only_a + shared);
    add_cell(b, &shape, seed, only_a, only_a + shared + only_b);
    ck_assert_int_eq(overlap_estimate(a, b, &overlap), ST_OK);
    union_scratch_free(a);
    union_scratch_free(b);
    return overlap;
}

START_TEST(tokens_overlap_near_exactly)
{
    uint64_t seed = test_seed();
    struct overlap few = overlap_of(14, seed, 3, 2, 1);
    ck_assert_double_eq(few.shared.value, 2);
    ck_assert_double_eq(few.only_a.value, 3);
    ck_assert_double_eq(few.only_b.value, 1);
    ck_assert_double_eq(few.all.value, 6);
    ck_assert_double_eq_tol(few.jaccard.value, 2.0 / 6, 1e-12);
    struct overlap many = overlap_of(14, seed, 1500, 20, 1000);
    ck_assert_double_eq_tol(many.shared.value, 20, 3);
    ck_assert_double_eq_tol(many.only_a.value, 1500, 3);
    ck_assert(!many.is_below_noise);
}
END_TEST

START_TEST(nothing_shares_nothing)
{
    uint64_t seed = test_seed();
    struct overlap empty = overlap_of(14, seed, 0, 0, 0);
    ck_assert_double_eq(empty.all.value, 0);
    ck_assert_double_eq(empty.jaccard.value, 0);
    ck_assert(!empty.is_below_noise);
    struct overlap one_side = overlap_of(14, seed, 100000, 0, 0);
    ck_assert_double_eq(one_side.shared.value, 0);
    ck_assert_double_eq(one_side.shared.error, 0);
    ck_assert_double_eq(one_side.only_a.value, one_side.a.value);
    ck_assert_double_eq(one_side.only_b.value, 0);
    ck_assert_double_eq(overlap_of(14, seed, 5, 0, 5).shared.value, 0);
}
END_TEST

START_TEST(disjoint_sides_are_below_noise)
{
    uint64_t seed = test_seed();
    unsigned above = 0;
    for (uint64_t i = 0; i < 20; i++) {
        struct overlap overlap = overlap_of(12, seed + i, 50000, 0, 50000);
        ck_assert_double_le(overlap.shared.value, 5 * overlap.shared.error);
        ck_assert_double_gt(overlap.shared.error, 0);
        above += !overlap.is_below_noise;
    }
    ck_assert_uint_le(above, 4);
}
END_TEST

START_TEST(equal_sides_share_everything)
{
    uint64_t seed = test_seed();
    for (uint64_t n = 10; n <= 100000; n *= 10) {
        struct overlap overlap = overlap_of(12, seed, 0, n, 0);
        double all = (double)n;
        ck_assert_double_eq_tol(overlap.shared.value, all, 0.1 * all);
        ck_assert_double_le(overlap.only_a.value, 0.01 * all);
        ck_assert_double_le(overlap.only_b.value, 0.01 * all);
        ck_assert_double_ge(overlap.jaccard.value, 0.98);
        ck_assert(!overlap.is_below_noise);
    }
}
END_TEST

START_TEST(every_part_is_within_five_of_its_errors)
{
    static const uint64_t sizes[][3] = { { 20000, 20000, 20000 }, { 50000, 5000, 1000 },
                                         { 0, 3000, 60000 },      { 100, 10, 80000 },
                                         { 9000, 1000, 9000 },    { 200000, 30000, 500 } };
    uint64_t seed = test_seed();
    for (unsigned p = 10; p <= 14; p += 2) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct overlap got = overlap_of(p, seed, sizes[i][0], sizes[i][1], sizes[i][2]);
            const struct measured *parts[] = { &got.only_a, &got.shared, &got.only_b };
            for (unsigned k = 0; k < 3; k++) {
                double off = fabs(parts[k]->value - (double)sizes[i][k]);
                if (off > 5 * parts[k]->error + 1)
                    ck_abort_msg("precision %u, case %zu, part %u: %g, error %g", p, i, k,
                                 parts[k]->value, parts[k]->error);
            }
        }
    }
}
END_TEST

START_TEST(sides_of_different_precision_are_refused)
{
    struct sketch_shape low = shape_of(10);
    struct sketch_shape high = shape_of(12);
    struct union_scratch *a = union_scratch_new(&low);
    struct union_scratch *b = union_scratch_new(&high);
    struct overlap overlap;
    ck_assert_int_eq(overlap_estimate(a, b, &overlap), ST_INVALID_ARGUMENT);
    union_scratch_free(a);
    union_scratch_free(b);
}
END_TEST

START_TEST(an_overlap_without_memory_fails)
{
    struct sketch_shape shape = shape_of(10);
    struct union_scratch *a = union_scratch_new(&shape);
    struct union_scratch *b = union_scratch_new(&shape);
    struct overlap overlap;
    add_cell(a, &shape, 1, 0, 5000);
    add_cell(b, &shape, 1, 0, 10);
    failing_alloc_arm(0);
    enum status status = overlap_estimate(a, b, &overlap);
    ck_assert(failing_alloc_disarm());
    ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
    union_scratch_free(a);
    union_scratch_free(b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tokens_overlap_near_exactly,
        nothing_shares_nothing,
        disjoint_sides_are_below_noise,
        equal_sides_share_everything,
        every_part_is_within_five_of_its_errors,
        sides_of_different_precision_are_refused,
        an_overlap_without_memory_fails,
    };
    return RUN_SUITE("overlap", tests);
}
