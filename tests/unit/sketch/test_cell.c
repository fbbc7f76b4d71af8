#include <math.h>

#include "daemon/memory/heap.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct reference ref;

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

START_TEST(shape_has_precision_4_to_18)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, 3), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(sketch_shape_init(&shape, 19), ST_INVALID_ARGUMENT);
    for (unsigned p = 4; p <= 18; p++)
        ck_assert_uint_eq(shape_of(p).registers, 1u << p);
}
END_TEST

START_TEST(states_have_names)
{
    ck_assert_str_eq(cell_state_name(CELL_EMPTY), "empty");
    ck_assert_str_eq(cell_state_name(CELL_DENSE), "dense");
}
END_TEST

START_TEST(zeroed_memory_is_an_empty_cell)
{
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    ck_assert_int_eq(cell_state(&cell), CELL_EMPTY);
    ck_assert_double_eq(cell_estimate(&cell, &shape).value, 0);
    ck_assert_double_eq(cell_estimate(&cell, &shape).rse, 0);
    ck_assert_uint_eq(cell_bytes(&cell), 0);
    ck_assert_uint_eq(cell_digest(&cell, &shape), 0);
    reference_init(&ref, 14);
    ck_registers(&cell, &shape, &ref);
}
END_TEST

/* Goes through the sizes at which every state is met, densely at first. */
static uint64_t next_size(uint64_t n)
{
    return n < 70 ? n + 1 : n + n / 7;
}

START_TEST(registers_equal_the_reference_at_every_precision)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        uint64_t at = 0;
        enum cell_state state = CELL_EMPTY;
        reference_init(&ref, p);
        for (uint64_t n = 1; n < (4ull << p); n = next_size(n)) {
            add_stream(&cell, &shape, &ref, seed, at, n);
            at = n;
            ck_assert_int_ge(cell_state(&cell), state);
            state = cell_state(&cell);
            ck_registers(&cell, &shape, &ref);
        }
        ck_assert_int_eq(state, CELL_DENSE);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(values_added_again_change_nothing)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p += 7) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        for (uint64_t n = 0; n < 30000; n++) {
            uint64_t hash = stream_hash(seed, n);
            add_hash(&cell, &shape, hash);
            ck_assert(!add_hash(&cell, &shape, hash));
        }
        struct estimate before = cell_estimate(&cell, &shape);
        for (uint64_t n = 0; n < 30000; n++)
            ck_assert(!add_hash(&cell, &shape, stream_hash(seed, n)));
        ck_assert_double_eq(cell_estimate(&cell, &shape).value, before.value);
        ck_assert_double_eq(cell_estimate(&cell, &shape).rse, before.rse);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(a_batch_is_its_values_one_by_one)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(12);
    uint64_t hashes[5000];
    uint8_t shifted[sizeof hashes + 1];
    for (uint64_t n = 0; n < 5000; n++)
        hashes[n] = stream_hash(seed, n % 4500);
    memcpy(shifted + 1, hashes, sizeof hashes);
    for (size_t n = 1; n <= 5000; n = n * 3 + 1) {
        struct cell one = { 0 };
        struct cell batch = { 0 };
        size_t changed = 0;
        size_t changed_one_by_one = 0;
        for (size_t i = 0; i < n; i++)
            changed_one_by_one += add_hash(&one, &shape, hashes[i]);
        ck_assert_int_eq(cell_add(&batch, &shape, shifted + 1, n, &changed), ST_OK);
        ck_assert_uint_eq(changed, changed_one_by_one);
        ck_assert_uint_eq(cell_digest(&batch, &shape), cell_digest(&one, &shape));
        ck_assert_double_eq(cell_estimate(&batch, &shape).value, cell_estimate(&one, &shape).value);
        cell_release(&one);
        cell_release(&batch);
    }
}
END_TEST

START_TEST(registers_do_not_depend_on_order)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 2; n < (2ull << p) && n < 100000; n = n * 5 / 2) {
            struct cell up = { 0 };
            struct cell down = { 0 };
            for (uint64_t i = 0; i < n; i++) {
                add_hash(&up, &shape, stream_hash(seed, i));
                add_hash(&down, &shape, stream_hash(seed, n - 1 - i));
            }
            ck_assert_uint_eq(cell_digest(&up, &shape), cell_digest(&down, &shape));
            cell_release(&up);
            cell_release(&down);
        }
    }
}
END_TEST

START_TEST(digests_of_different_registers_differ)
{
    struct sketch_shape shape = shape_of(14);
    struct cell a = { 0 };
    struct cell b = { 0 };
    add_hash(&a, &shape, 1ull << 14 | 5);
    add_hash(&b, &shape, 1ull << 15 | 5);
    ck_assert_uint_ne(cell_digest(&a, &shape), cell_digest(&b, &shape));
    add_hash(&b, &shape, 1ull << 14 | 6);
    ck_assert_uint_ne(cell_digest(&a, &shape), cell_digest(&b, &shape));
}
END_TEST

START_TEST(few_values_are_counted_exactly)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    for (uint64_t n = 1; n <= 200; n++) {
        add_hash(&cell, &shape, stream_hash(seed, n));
        double value = cell_estimate(&cell, &shape).value;
        if (n <= 16)
            ck_assert_double_eq(value, (double)n);
        else
            ck_assert_double_eq_tol(value, (double)n, 0.002);
    }
    cell_release(&cell);
}
END_TEST

START_TEST(many_values_are_counted_within_five_standard_errors)
{
    uint64_t seed = test_seed();
    for (unsigned p = 8; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        uint64_t at = 0;
        for (uint64_t n = 1000; n <= 100000; n *= 10) {
            add_stream(&cell, &shape, NULL, seed + p, at, n);
            at = n;
            struct estimate estimate = cell_estimate(&cell, &shape);
            double error = fabs(estimate.value / (double)n - 1);
            ck_assert_double_le(error, 5 * estimate.rse + 1e-9);
            ck_assert_double_le(estimate.rse, 1.04 / sqrt(shape.registers));
        }
        cell_release(&cell);
    }
}
END_TEST

/* Hashes of a chosen rank in a register. */
static uint64_t hash_of(unsigned precision, uint32_t index, unsigned rank)
{
    uint64_t high = rank > 64 - precision ? 0 : 1ull << (rank - 1) << precision;
    return high | index;
}

START_TEST(chosen_ranks_survive_in_every_form)
{
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        reference_init(&ref, p);
        /* every register to a rank, the lowest ones last and some never */
        for (uint32_t i = 0; i + 1 < shape.registers; i++) {
            uint32_t index = shape.registers - 1 - i;
            uint64_t hash = hash_of(p, index, 1 + index * 7 % (65 - p));
            add_hash(&cell, &shape, hash);
            reference_add(&ref, hash);
            if ((i & (i - 1)) == 0)
                ck_registers(&cell, &shape, &ref);
        }
        for (unsigned rank = 1; rank <= 65 - p; rank++) {
            for (uint32_t i = 0; i < shape.registers; i += 1 + (shape.registers >> 9)) {
                add_hash(&cell, &shape, hash_of(p, i, rank));
                reference_add(&ref, hash_of(p, i, rank));
            }
            ck_registers(&cell, &shape, &ref);
        }
        ck_assert_uint_le(cell_bytes(&cell), 2 * (size_t)shape.registers + 4096);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(base_follows_the_lowest_register)
{
    for (unsigned p = 4; p <= 18; p += 2) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        reference_init(&ref, p);
        for (unsigned rank = 3; rank <= 65 - p; rank += rank < 20 ? 1 : 20) {
            for (uint32_t i = 0; i < shape.registers; i++) {
                uint64_t hash = hash_of(p, i, i % 1000 == 3 ? 65 - p : rank);
                add_hash(&cell, &shape, hash);
                reference_add(&ref, hash);
            }
            ck_registers(&cell, &shape, &ref);
            ck_assert(!add_hash(&cell, &shape, hash_of(p, 1, rank)));
            ck_assert(!add_hash(&cell, &shape, hash_of(p, 1, 1)));
        }
        cell_release(&cell);
    }
}
END_TEST

START_TEST(a_cell_may_be_moved)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(10);
    struct cell cells[2] = { { 0 }, { 0 } };
    reference_init(&ref, 10);
    for (uint64_t n = 0; n < 3000; n++) {
        struct cell *cell = &cells[n % 2];
        memcpy(cell, &cells[1 - n % 2], sizeof *cell);
        memset(&cells[1 - n % 2], 0xee, sizeof *cell);
        add_stream(cell, &shape, &ref, seed, n, n + 1);
    }
    ck_registers(&cells[1], &shape, &ref);
    cell_release(&cells[1]);
    ck_assert_int_eq(cell_state(&cells[1]), CELL_EMPTY);
}
END_TEST

START_TEST(sketches_of_precision_14_are_small)
{
    static const struct {
        uint64_t values;
        size_t bytes;
    } bars[] = { { 1, 0 },       { 2, 0 },       { 10, 64 },     { 100, 288 },
                 { 1000, 2400 }, { 3000, 7200 }, { 5000, 8500 }, { 100000, 8600 } };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    uint64_t at = 0;
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        add_stream(&cell, &shape, NULL, seed, at, bars[i].values);
        at = bars[i].values;
        ck_assert_uint_le(cell_bytes(&cell), bars[i].bytes);
        ck_assert_uint_eq(cell_bytes(&cell), heap_used_bytes());
    }
    cell_release(&cell);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        shape_has_precision_4_to_18,
        states_have_names,
        zeroed_memory_is_an_empty_cell,
        registers_equal_the_reference_at_every_precision,
        values_added_again_change_nothing,
        a_batch_is_its_values_one_by_one,
        registers_do_not_depend_on_order,
        digests_of_different_registers_differ,
        few_values_are_counted_exactly,
        many_values_are_counted_within_five_standard_errors,
        chosen_ranks_survive_in_every_form,
        base_follows_the_lowest_register,
        a_cell_may_be_moved,
        sketches_of_precision_14_are_small,
    };
    return RUN_SUITE("cell", tests);
}
