#include <math.h>

#include "daemon/sketch/entries.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct reference ref;

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

static void reference_stream(unsigned precision, uint64_t seed, uint64_t first, uint64_t last)
{
    reference_init(&ref, precision);
    for (uint64_t n = first; n < last; n++)
        reference_add(&ref, stream_hash(seed, n));
}

static struct cell cell_of_reference(const struct sketch_shape *shape)
{
    struct cell cell = { 0 };
    ck_assert_int_eq(cell_from_registers(&cell, shape, ref.registers), ST_OK);
    return cell;
}

START_TEST(registers_come_back_as_they_went_in)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 0; n < 100000; n = n * 9 + 1) {
            reference_stream(p, seed, 0, n);
            struct cell cell = cell_of_reference(&shape);
            struct cell counted = { 0 };
            add_stream(&counted, &shape, NULL, seed, 0, n);
            ck_registers(&cell, &shape, &ref);
            ck_assert_uint_eq(cell_digest(&cell, &shape), cell_digest(&counted, &shape));
            cell_release(&cell);
            cell_release(&counted);
        }
    }
}
END_TEST

START_TEST(a_list_of_registers_is_the_cell_of_them)
{
    uint64_t seed = test_seed();
    uint32_t *entries = malloc(REFERENCE_REGISTERS_MAX * sizeof *entries);
    ck_assert_ptr_nonnull(entries);
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 0; n < 100000; n = n * 9 + 1) {
            struct cell listed = { 0 };
            uint32_t count = 0;
            reference_stream(p, seed, 0, n);
            for (uint32_t i = 0; i < shape.registers; i++) {
                if (ref.registers[i] != 0)
                    entries[count++] = entry_make(i, ref.registers[i]);
            }
            struct cell cell = cell_of_reference(&shape);
            ck_assert_int_eq(cell_from_entries(&listed, &shape, entries, count), ST_OK);
            ck_assert_int_eq(cell_state(&listed), cell_state(&cell));
            ck_registers(&listed, &shape, &ref);
            cell_release(&cell);
            cell_release(&listed);
        }
    }
    free(entries);
}
END_TEST

START_TEST(few_registers_are_sparse_and_small)
{
    struct sketch_shape shape = shape_of(14);
    reference_stream(14, test_seed(), 0, 10);
    struct cell cell = cell_of_reference(&shape);
    ck_assert_int_eq(cell_state(&cell), CELL_SPARSE);
    ck_assert_uint_le(cell_bytes(&cell), 64);
    cell_release(&cell);
}
END_TEST

START_TEST(registers_of_many_values_take_half_a_byte_each)
{
    struct sketch_shape shape = shape_of(14);
    reference_init(&ref, 14);
    for (uint32_t i = 0; i < shape.registers; i++)
        ref.registers[i] = (uint8_t)(12 + i % 11);
    struct cell cell = cell_of_reference(&shape);
    ck_assert_uint_le(cell_bytes(&cell), 8600);
    ck_registers(&cell, &shape, &ref);
    cell_release(&cell);
}
END_TEST

START_TEST(no_registers_are_an_empty_cell)
{
    struct sketch_shape shape = shape_of(14);
    reference_init(&ref, 14);
    struct cell cell = cell_of_reference(&shape);
    ck_assert_int_eq(cell_state(&cell), CELL_EMPTY);
}
END_TEST

START_TEST(ranks_above_the_greatest_are_refused)
{
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        reference_init(&ref, p);
        ref.registers[3] = (uint8_t)(65 - p);
        ck_assert_int_eq(cell_from_registers(&cell, &shape, ref.registers), ST_OK);
        cell_release(&cell);
        ref.registers[3]++;
        ck_assert_int_eq(cell_from_registers(&cell, &shape, ref.registers), ST_INVALID_ARGUMENT);
        ck_assert_int_eq(cell_state(&cell), CELL_EMPTY);
    }
}
END_TEST

START_TEST(registers_alone_are_counted_within_five_standard_errors)
{
    uint64_t seed = test_seed();
    for (unsigned p = 8; p <= 18; p += 2) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 100; n <= 100000; n *= 10) {
            reference_stream(p, seed, 0, n);
            struct cell cell = cell_of_reference(&shape);
            struct estimate estimate = cell_estimate(&cell, &shape);
            ck_assert_double_le(fabs(estimate.value / (double)n - 1), 5 * estimate.rse);
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(a_sparse_cell_grows_on)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p += 2) {
        struct sketch_shape shape = shape_of(p);
        reference_stream(p, seed, 0, 5);
        struct cell cell = cell_of_reference(&shape);
        for (uint64_t n = 5; n < (2ull << p); n = n * 3 / 2) {
            add_stream(&cell, &shape, &ref, seed, n, n * 3 / 2);
            ck_registers(&cell, &shape, &ref);
            ck_assert(!add_hash(&cell, &shape, stream_hash(seed, n)));
        }
        ck_assert_int_eq(cell_state(&cell), CELL_DENSE);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(sparse_cells_merge_with_every_form)
{
    static const uint64_t sizes[] = { 0, 1, 2, 10, 100, 1500, 3000, 9000 };
    uint64_t seed = test_seed();
    for (size_t i = 0; i < 64 * 4; i++) {
        static const unsigned precisions[] = { 4, 8, 14, 18 };
        unsigned p = precisions[i / 64];
        struct sketch_shape shape = shape_of(p);
        uint64_t a_n = sizes[i / 8 % 8];
        uint64_t b_n = sizes[i % 8];
        struct cell b = { 0 };
        reference_stream(p, seed, 0, a_n);
        struct cell a = cell_of_reference(&shape);
        add_stream(&b, &shape, &ref, seed, a_n / 2, a_n / 2 + b_n);
        struct cell b_again = { 0 };
        ck_assert_int_eq(cell_merge(&b_again, &b, &shape), ST_OK);
        ck_assert_int_eq(cell_merge(&b_again, &a, &shape), ST_OK);
        ck_assert_int_eq(cell_merge(&a, &b, &shape), ST_OK);
        ck_registers(&a, &shape, &ref);
        ck_registers(&b_again, &shape, &ref);
        cell_release(&a);
        cell_release(&b);
        cell_release(&b_again);
    }
}
END_TEST

START_TEST(failed_allocations_leave_a_sparse_cell_as_it_was)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(10);
    struct cell cell = { 0 };
    reference_stream(10, seed, 0, 3);
    for (long fail = 0;; fail++) {
        failing_alloc_arm(fail);
        enum status status = cell_from_registers(&cell, &shape, ref.registers);
        if (!failing_alloc_disarm())
            break;
        ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
        ck_assert_int_eq(cell_state(&cell), CELL_EMPTY);
    }
    for (uint64_t n = 3; n < 2000; n++) {
        uint64_t hash = stream_hash(seed, n);
        struct cell before = cell;
        uint64_t digest = cell_digest(&cell, &shape);
        size_t changed;
        failing_alloc_arm(0);
        enum status status = cell_add(&cell, &shape, &hash, 1, &changed);
        if (!failing_alloc_disarm())
            continue;
        if (status != ST_RESOURCE_EXHAUSTED || cell.word != before.word ||
            cell_digest(&cell, &shape) != digest)
            ck_abort_msg("value %llu", (unsigned long long)n);
        add_hash(&cell, &shape, hash);
    }
    for (uint64_t n = 3; n < 2000; n++)
        reference_add(&ref, stream_hash(seed, n));
    ck_registers(&cell, &shape, &ref);
    cell_release(&cell);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        registers_come_back_as_they_went_in,
        a_list_of_registers_is_the_cell_of_them,
        few_registers_are_sparse_and_small,
        registers_of_many_values_take_half_a_byte_each,
        no_registers_are_an_empty_cell,
        ranks_above_the_greatest_are_refused,
        registers_alone_are_counted_within_five_standard_errors,
        a_sparse_cell_grows_on,
        sparse_cells_merge_with_every_form,
        failed_allocations_leave_a_sparse_cell_as_it_was,
    };
    return RUN_SUITE("sparse", tests);
}
