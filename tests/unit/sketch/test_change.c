/* Cells that are made again from the codes of their changes. */
#include "daemon/sketch/change.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define CHUNK 100u

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

/* Adds CHUNK values of the stream to one cell and what that changed to the other. */
static void add_and_replay(struct cell *cell, struct cell *again, const struct sketch_shape *shape,
                           uint64_t seed, uint64_t first)
{
    uint64_t hashes[CHUNK];
    uint32_t codes[CHUNK];
    size_t changed;
    for (uint64_t i = 0; i < CHUNK; i++)
        hashes[i] = stream_hash(seed, first + i);
    ck_assert_int_eq(cell_add_told(cell, shape, hashes, CHUNK, codes, &changed), ST_OK);
    for (size_t i = 0; i < changed; i++) {
        if (cell_replay(again, shape, codes[i]) != ST_OK)
            ck_abort_msg("cell_replay failed"); /* an assertion a code would take too long */
    }
}

static void ck_same(const struct cell *a, const struct cell *b, const struct sketch_shape *shape)
{
    struct estimate first = cell_estimate(a, shape);
    struct estimate second = cell_estimate(b, shape);
    ck_assert_int_eq(cell_state(a), cell_state(b));
    ck_assert_uint_eq(cell_bytes(a), cell_bytes(b));
    ck_assert_uint_eq(cell_digest(a, shape), cell_digest(b, shape));
    ck_assert_mem_eq(&first, &second, sizeof first);
}

START_TEST(replayed_codes_make_the_same_cell_to_the_last_digit)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        struct cell again = { 0 };
        uint64_t end = p < 15 ? 8ull << p : 2ull << p;
        for (uint64_t n = 0; n < end; n += CHUNK) {
            add_and_replay(&cell, &again, &shape, seed, n);
            if (n < 50 * CHUNK || n / CHUNK % 64 == 0)
                ck_same(&cell, &again, &shape);
        }
        ck_same(&cell, &again, &shape);
        ck_assert_int_eq(cell_state(&cell), CELL_DENSE);
        cell_release(&cell);
        cell_release(&again);
    }
}
END_TEST

START_TEST(codes_follow_a_cell_without_tokens_too)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(12);
    uint8_t ranks[1u << 12] = { [3] = 2, [700] = 9 };
    struct cell cell = { 0 };
    struct cell again = { 0 };
    ck_assert_int_eq(cell_from_registers(&cell, &shape, ranks), ST_OK);
    ck_assert_int_eq(cell_from_registers(&again, &shape, ranks), ST_OK);
    ck_assert_int_eq(cell_state(&cell), CELL_SPARSE);
    for (uint64_t n = 0; n < 20000; n += CHUNK) {
        add_and_replay(&cell, &again, &shape, seed, n);
        ck_same(&cell, &again, &shape);
    }
    ck_assert_int_eq(cell_state(&cell), CELL_DENSE);
    cell_release(&cell);
    cell_release(&again);
}
END_TEST

START_TEST(a_code_replayed_twice_changes_nothing)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(10);
    for (uint64_t end = 1; end < 20000; end *= 3) {
        struct cell cell = { 0 };
        for (uint64_t n = 0; n < end; n++) {
            uint64_t hash = stream_hash(seed, n);
            uint32_t code;
            size_t changed;
            ck_assert_int_eq(cell_add_told(&cell, &shape, &hash, 1, &code, &changed), ST_OK);
            if (changed == 0)
                continue;
            struct estimate before = cell_estimate(&cell, &shape);
            ck_assert_int_eq(cell_replay(&cell, &shape, code), ST_OK);
            struct estimate after = cell_estimate(&cell, &shape);
            ck_assert_mem_eq(&before, &after, sizeof before);
        }
        cell_release(&cell);
    }
}
END_TEST

START_TEST(registers_fold_into_tokens)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    for (uint64_t end = 0; end < 10000; end = end * 4 + 1) {
        struct reference ref;
        struct cell cell = { 0 };
        reference_init(&ref, 14);
        add_stream(&cell, &shape, &ref, seed, 0, end);
        ref.registers[77] = 40;
        ck_assert_int_eq(cell_replay(&cell, &shape, change_of_register(77, 40)), ST_OK);
        ck_registers(&cell, &shape, &ref);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(codes_that_no_cell_reports_are_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    const uint32_t bad[] = {
        1u << 30,                        /* beyond a token */
        0,                               /* a middle of zeros without a rho */
        42,                              /* a rho above 41 */
        (1u << TOKEN_RHO_BITS) | 1,      /* a rho beside a middle that tells the rank */
        change_of_register(1u << 14, 1), /* an index beyond the registers */
        change_of_register(5, 0),        /* no rank */
        change_of_register(5, 52),       /* a rank above 65 - p */
        UINT32_MAX,
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(cell_replay(&cell, &shape, bad[i]), ST_INVALID_ARGUMENT);
        ck_assert_uint_eq(cell.word, 0);
    }
    ck_assert_int_eq(cell_replay(&cell, &shape, change_of_register((1u << 14) - 1, 51)), ST_OK);
    ck_assert_int_eq(cell_replay(&cell, &shape, 41), ST_OK);
    cell_release(&cell);
}
END_TEST

START_TEST(replay_survives_every_failing_allocation)
{
    struct sketch_shape shape = shape_of(6);
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct cell cell = { 0 };
        enum status status = ST_OK;
        failing_alloc_arm(n);
        for (uint32_t i = 1; i < 40 && status == ST_OK; i++)
            status = cell_replay(&cell, &shape, i << 21 | 1u << TOKEN_RHO_BITS);
        for (uint32_t i = 0; i < 40 && status == ST_OK; i++)
            status = cell_replay(&cell, &shape, change_of_register(i, 3));
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        cell_release(&cell);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        replayed_codes_make_the_same_cell_to_the_last_digit,
        codes_follow_a_cell_without_tokens_too,
        a_code_replayed_twice_changes_nothing,
        registers_fold_into_tokens,
        codes_that_no_cell_reports_are_refused,
        replay_survives_every_failing_allocation,
    };
    return RUN_SUITE("change", tests);
}
