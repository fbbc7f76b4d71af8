/* Rollups against the union of what they were fed. */
#include "daemon/sketch/rollup.h"

#include <math.h>

#include "daemon/sketch/change.h"
#include "daemon/sketch/token.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define CELLS 5u

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

/* Adds a value to a cell and what that changed to the rollup. */
static void add_and_feed(struct cell *cell, struct rollup *rollup, const struct sketch_shape *shape,
                         uint64_t hash)
{
    uint32_t code;
    size_t changed;
    if (cell_add_told(cell, shape, &hash, 1, &code, &changed) != ST_OK ||
        rollup_feed(rollup, shape, &code, changed) != ST_OK)
        ck_abort_msg("no memory");
}

static struct estimate united(const struct rollup *rollup, const struct sketch_shape *shape)
{
    struct union_scratch *scratch = union_scratch_new(shape);
    ck_assert_ptr_nonnull(scratch);
    ck_assert_int_eq(rollup_unite(rollup, scratch), ST_OK);
    struct estimate estimate = union_scratch_estimate(scratch);
    union_scratch_free(scratch);
    return estimate;
}

static struct estimate united_cells(const struct cell *cells, const struct sketch_shape *shape)
{
    struct union_scratch *scratch = union_scratch_new(shape);
    ck_assert_ptr_nonnull(scratch);
    for (uint32_t i = 0; i < CELLS; i++)
        ck_assert_int_eq(union_scratch_add(scratch, &cells[i]), ST_OK);
    struct estimate estimate = union_scratch_estimate(scratch);
    union_scratch_free(scratch);
    return estimate;
}

START_TEST(a_rollup_is_the_union_of_the_cells_that_feed_it)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cells[CELLS] = { { 0 } };
        struct rollup rollup = { .ranks = NULL };
        uint64_t next = 1;
        for (uint64_t n = 0; n < (6ull << p); n++) {
            add_and_feed(&cells[n % CELLS], &rollup, &shape, stream_hash(seed, n / 2));
            if (n != next)
                continue;
            next = next * 5 / 4 + 1;
            struct estimate mine = united(&rollup, &shape);
            struct estimate theirs = united_cells(cells, &shape);
            /* Where one holds registers and the other tokens, they agree but for
             * the noise of registers. */
            if ((rollup.ranks == NULL) == (theirs.rse < 0.001))
                ck_assert_double_eq(mine.value, theirs.value);
            else
                ck_assert_double_eq_tol(mine.value, theirs.value,
                                        6 * fmax(mine.rse, theirs.rse) * mine.value);
        }
        ck_assert_ptr_nonnull(rollup.ranks);
        ck_assert_uint_ge(rollup_bytes(&rollup), shape.registers);
        for (uint32_t i = 0; i < CELLS; i++)
            cell_release(&cells[i]);
        rollup_release(&rollup);
        ck_assert_uint_eq(rollup_bytes(&rollup), 0);
    }
}
END_TEST

START_TEST(few_values_stay_tokens_and_are_counted)
{
    struct sketch_shape shape = shape_of(14);
    struct rollup rollup = { .ranks = NULL };
    struct cell cell = { 0 };
    uint64_t seed = test_seed();
    for (uint64_t n = 0; n < 1000; n++) {
        add_and_feed(&cell, &rollup, &shape, stream_hash(seed, n));
        if (n % 100 == 7)
            ck_assert_double_eq(united(&rollup, &shape).value, cell_estimate(&cell, &shape).value);
    }
    ck_assert_ptr_null(rollup.ranks);
    ck_assert_uint_le(rollup_bytes(&rollup), 8192 + 16);
    cell_release(&cell);
    rollup_release(&rollup);
}
END_TEST

START_TEST(tokens_that_lie_together_become_registers)
{
    struct sketch_shape shape = shape_of(14);
    struct rollup rollup = { .ranks = NULL };
    struct cell cell = { 0 };
    for (uint64_t n = 0; n < 1000; n++) /* the same register, each with other middle bits */
        add_and_feed(&cell, &rollup, &shape, n << 14 | 5);
    ck_assert_ptr_nonnull(rollup.ranks);
    uint8_t theirs[1u << 14];
    cell_registers(&cell, &shape, theirs);
    ck_assert_mem_eq(rollup.ranks, theirs, sizeof theirs);
    cell_release(&cell);
    rollup_release(&rollup);
}
END_TEST

/* Whole cells of every form feed it as their changes would. */
START_TEST(whole_cells_feed_a_rollup)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(12);
    const uint64_t sizes[] = { 1, 10, 300, 20000, 2 };
    for (uint32_t first = 0; first < CELLS; first++) {
        struct rollup rollup = { .ranks = NULL };
        static struct reference ref;
        uint8_t registers[1u << 12];
        reference_init(&ref, 12);
        for (uint32_t i = 0; i < CELLS; i++) {
            struct cell cell = { 0 };
            uint32_t which = (first + i) % CELLS;
            add_stream(&cell, &shape, &ref, seed, which * 1000, which * 1000 + sizes[which]);
            if (which == 2) { /* as a SPARSE */
                cell_registers(&cell, &shape, registers);
                cell_release(&cell);
                ck_assert_int_eq(cell_from_registers(&cell, &shape, registers), ST_OK);
            }
            ck_assert_int_eq(rollup_feed_cell(&rollup, &shape, &cell), ST_OK);
            if (i == 0)
                ck_assert(rollup_may_owe(&rollup, &shape, &cell));
            cell_release(&cell);
        }
        ck_assert_mem_eq(rollup.ranks, ref.registers, sizeof registers);
        rollup_release(&rollup);
    }
}
END_TEST

START_TEST(a_rollup_owes_nothing_to_what_lies_below_it)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(10);
    struct rollup rollup = { .ranks = NULL };
    struct cell big = { 0 };
    uint32_t owed = 0;
    for (uint64_t n = 0; n < 1000000; n++)
        add_and_feed(&big, &rollup, &shape, stream_hash(seed, n));
    for (uint64_t n = 0; n < 10000; n++) {
        struct cell one = { 0 };
        uint64_t hash = stream_hash(seed, n);
        add_hash(&one, &shape, hash);
        bool is_owed = hash_rank(hash, 10) >= rollup.ranks[hash_index(hash, 10)];
        if (rollup_may_owe(&rollup, &shape, &one) != is_owed)
            ck_abort_msg("value %u: owed or not?", (unsigned)n);
        owed += is_owed;
    }
    ck_assert_uint_lt(owed, 100); /* some 14 are to be expected */
    ck_assert(!rollup_may_owe(&rollup, &shape, &(struct cell){ 0 }));
    cell_release(&big);
    rollup_release(&rollup);
}
END_TEST

START_TEST(feeding_survives_every_failing_allocation)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(10);
    struct cell dense = { 0 };
    add_stream(&dense, &shape, NULL, seed, 0, 5000);
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct rollup rollup = { .ranks = NULL };
        enum status status = ST_OK;
        failing_alloc_arm(n);
        for (uint64_t i = 0; i < 20 && status == ST_OK; i++) {
            uint32_t code = token_of_hash(stream_hash(seed, i), 10);
            status = rollup_feed(&rollup, &shape, &code, 1);
        }
        if (status == ST_OK)
            status = rollup_feed_cell(&rollup, &shape, &dense);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        rollup_release(&rollup);
    }
    cell_release(&dense);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_rollup_is_the_union_of_the_cells_that_feed_it, few_values_stay_tokens_and_are_counted,
        tokens_that_lie_together_become_registers,       whole_cells_feed_a_rollup,
        a_rollup_owes_nothing_to_what_lies_below_it,     feeding_survives_every_failing_allocation,
    };
    return RUN_SUITE("rollup", tests);
}
