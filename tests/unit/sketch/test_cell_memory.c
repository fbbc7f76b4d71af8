#include "daemon/sketch/union_scratch.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

/* Adds a hash, failing the first allocation if there is one. */
static void add_under_failure(struct cell *cell, const struct sketch_shape *shape, uint64_t hash)
{
    struct cell before = *cell;
    uint64_t digest = cell_digest(cell, shape);
    double estimate = cell_estimate(cell, shape).value;
    size_t changed;
    failing_alloc_arm(0);
    enum status status = cell_add(cell, shape, &hash, 1, &changed);
    if (!failing_alloc_disarm()) {
        ck_assert_int_eq(status, ST_OK);
        return;
    }
    ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(changed, 0);
    ck_assert_uint_eq(cell->word, before.word);
    ck_assert_uint_eq(cell_digest(cell, shape), digest);
    ck_assert_double_eq(cell_estimate(cell, shape).value, estimate);
    ck_assert_int_eq(cell_add(cell, shape, &hash, 1, &changed), ST_OK);
    ck_assert_uint_eq(changed, 1);
}

START_TEST(a_failed_addition_leaves_the_cell_as_it_was)
{
    static struct reference ref;
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 12; p += 2) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        reference_init(&ref, p);
        for (uint64_t n = 0; n < 3000; n++) {
            /* many trailing zeros: exceptions, and then bytes */
            uint64_t hash = n < 1500 ? stream_hash(seed, n) : n << 40 | n % shape.registers;
            add_under_failure(&cell, &shape, hash);
            reference_add(&ref, hash);
        }
        ck_registers(&cell, &shape, &ref);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(a_failed_batch_says_how_far_it_came)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    uint64_t hashes[8];
    size_t changed;
    for (uint64_t n = 0; n < 8; n++)
        hashes[n] = stream_hash(seed, n);
    failing_alloc_arm(0);
    ck_assert_int_eq(cell_add(&cell, &shape, hashes, 8, &changed), ST_RESOURCE_EXHAUSTED);
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(changed, 2);
    ck_assert_double_eq(cell_estimate(&cell, &shape).value, 2);
    cell_release(&cell);
}
END_TEST

START_TEST(a_failed_merge_leaves_the_cell_as_it_was)
{
    static const uint64_t sizes[] = { 1, 2, 10, 16, 100, 2000, 3800, 10000 };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    for (size_t i = 0; i < 64; i++) {
        struct cell into = { 0 };
        struct cell from = { 0 };
        add_stream(&into, &shape, NULL, seed, 0, sizes[i / 8]);
        add_stream(&from, &shape, NULL, seed, 5, 5 + sizes[i % 8]);
        struct cell before = into;
        uint64_t digest = cell_digest(&into, &shape);
        double estimate = cell_estimate(&into, &shape).value;
        for (long fail = 0;; fail++) {
            failing_alloc_arm(fail);
            enum status status = cell_merge(&into, &from, &shape);
            if (!failing_alloc_disarm()) {
                ck_assert_int_eq(status, ST_OK);
                break;
            }
            ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
            ck_assert_uint_eq(into.word, before.word);
            ck_assert_uint_eq(cell_digest(&into, &shape), digest);
            ck_assert_double_eq(cell_estimate(&into, &shape).value, estimate);
        }
        cell_release(&into);
        cell_release(&from);
    }
}
END_TEST

START_TEST(a_failed_union_leaves_the_scratch_as_it_was)
{
    static const uint64_t sizes[] = { 2, 100, 3800, 1500, 10000 };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    failing_alloc_arm(0);
    ck_assert_ptr_null(union_scratch_new(&shape));
    ck_assert(failing_alloc_disarm());

    for (size_t first = 0; first < 5; first++) {
        struct union_scratch *scratch = union_scratch_new(&shape);
        for (size_t i = first; i < 5; i++) {
            struct cell cell = { 0 };
            add_stream(&cell, &shape, NULL, seed, i * 1000, i * 1000 + sizes[i]);
            double before = union_scratch_estimate(scratch).value;
            for (long fail = 0;; fail++) {
                failing_alloc_arm(fail);
                enum status status = union_scratch_add(scratch, &cell);
                if (!failing_alloc_disarm()) {
                    ck_assert_int_eq(status, ST_OK);
                    break;
                }
                ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
                ck_assert_double_eq(union_scratch_estimate(scratch).value, before);
            }
            cell_release(&cell);
        }
        union_scratch_free(scratch);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_failed_addition_leaves_the_cell_as_it_was,
        a_failed_batch_says_how_far_it_came,
        a_failed_merge_leaves_the_cell_as_it_was,
        a_failed_union_leaves_the_scratch_as_it_was,
    };
    return RUN_SUITE("cell_memory", tests);
}
