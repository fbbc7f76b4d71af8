#include "daemon/sketch/fold.h"
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

START_TEST(folding_is_counting_at_the_lower_precision)
{
    static const uint64_t sizes[] = { 0, 1, 2, 5, 40, 700, 3000, 20000 };
    uint64_t seed = test_seed();
    for (unsigned from = 4; from <= 18; from += 1) {
        struct sketch_shape shape = shape_of(from);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct cell cell = { 0 };
            add_stream(&cell, &shape, NULL, seed, 0, sizes[i]);
            for (unsigned to = from; to >= 4; to -= from - to < 2 ? 1 : 4) {
                struct sketch_shape lower = shape_of(to);
                struct cell folded = { 0 };
                reference_init(&ref, to);
                for (uint64_t n = 0; n < sizes[i]; n++)
                    reference_add(&ref, stream_hash(seed, n));
                ck_assert_int_eq(cell_fold(&cell, &shape, &folded, &lower), ST_OK);
                ck_registers(&folded, &lower, &ref);
                cell_release(&folded);
            }
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(registers_alone_fold_to_what_was_counted)
{
    static const uint64_t sizes[] = { 0, 1, 5, 40, 700, 3000, 20000 };
    uint64_t seed = test_seed();
    for (unsigned from = 5; from <= 18; from++) {
        struct sketch_shape shape = shape_of(from);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct cell counted = { 0 };
            struct cell cell = { 0 };
            add_stream(&counted, &shape, NULL, seed, 0, sizes[i]);
            cell_registers(&counted, &shape, ref.registers);
            ck_assert_int_eq(cell_from_registers(&cell, &shape, ref.registers), ST_OK);
            for (unsigned to = 4; to < from; to += 1 + (from - to) / 3) {
                struct sketch_shape lower = shape_of(to);
                struct cell folded = { 0 };
                struct cell wanted = { 0 };
                ck_assert_int_eq(cell_fold(&cell, &shape, &folded, &lower), ST_OK);
                add_stream(&wanted, &lower, NULL, seed, 0, sizes[i]);
                ck_assert_uint_eq(cell_digest(&folded, &lower), cell_digest(&wanted, &lower));
                cell_release(&wanted);
                cell_release(&folded);
            }
            cell_release(&counted);
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(folded_tokens_are_still_tokens)
{
    uint64_t seed = test_seed();
    struct sketch_shape high = shape_of(18);
    struct sketch_shape low = shape_of(14);
    struct cell cell = { 0 };
    struct cell folded = { 0 };
    struct cell counted = { 0 };
    add_stream(&cell, &high, NULL, seed, 0, 3000);
    add_stream(&counted, &low, NULL, seed, 0, 3000);
    ck_assert_int_eq(cell_fold(&cell, &high, &folded, &low), ST_OK);
    ck_assert_int_eq(cell_state(&folded), CELL_PACKED);
    ck_assert_double_eq(cell_estimate(&folded, &low).value, cell_estimate(&counted, &low).value);
    for (uint64_t n = 0; n < 3000; n++)
        ck_assert(!add_hash(&folded, &low, stream_hash(seed, n)));
    cell_release(&cell);
    cell_release(&folded);
    cell_release(&counted);
}
END_TEST

START_TEST(chosen_ranks_fold)
{
    static uint8_t folded[1u << 6];
    struct sketch_shape shape = shape_of(9);
    struct cell cell = { 0 };
    reference_init(&ref, 6);
    for (uint64_t index = 0; index < 512; index += 3) {
        for (unsigned bit = 9; bit <= 64; bit += 11) {
            uint64_t hash = (bit < 64 ? 1ull << bit : 0) | index;
            add_hash(&cell, &shape, hash);
            reference_add(&ref, hash);
        }
    }
    add_hash(&cell, &shape, 0);
    reference_add(&ref, 0);
    uint8_t ranks[512];
    cell_registers(&cell, &shape, ranks);
    fold_registers(ranks, 9, folded, 6);
    ck_assert_mem_eq(folded, ref.registers, sizeof folded);
    cell_release(&cell);
}
END_TEST

START_TEST(folding_up_is_refused)
{
    struct sketch_shape low = shape_of(10);
    struct sketch_shape high = shape_of(11);
    struct cell cell = { 0 };
    struct cell out = { 0 };
    add_hash(&cell, &low, 1);
    ck_assert_int_eq(cell_fold(&cell, &low, &out, &high), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(cell_state(&out), CELL_EMPTY);
}
END_TEST

static void ck_fold_without_memory(const struct cell *cell, const struct sketch_shape *from,
                                   unsigned to)
{
    struct sketch_shape low = shape_of(to);
    struct cell out = { 0 };
    for (long fail = 0;; fail++) {
        failing_alloc_arm(fail);
        enum status status = cell_fold(cell, from, &out, &low);
        if (!failing_alloc_disarm())
            break;
        ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
        ck_assert_int_eq(cell_state(&out), CELL_EMPTY);
    }
    cell_release(&out);
}

START_TEST(a_failed_fold_leaves_the_cell_empty)
{
    static const uint64_t sizes[] = { 10, 1000, 9000 };
    uint64_t seed = test_seed();
    struct sketch_shape high = shape_of(14);
    for (size_t i = 0; i < 3; i++) {
        struct cell cell = { 0 };
        struct cell registers = { 0 };
        add_stream(&cell, &high, NULL, seed, 0, sizes[i]);
        cell_registers(&cell, &high, ref.registers);
        ck_assert_int_eq(cell_from_registers(&registers, &high, ref.registers), ST_OK);
        ck_fold_without_memory(&cell, &high, 10);
        ck_fold_without_memory(&registers, &high, 10);
        ck_fold_without_memory(&registers, &high, 4);
        cell_release(&cell);
        cell_release(&registers);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        folding_is_counting_at_the_lower_precision,
        registers_alone_fold_to_what_was_counted,
        folded_tokens_are_still_tokens,
        chosen_ranks_fold,
        folding_up_is_refused,
        a_failed_fold_leaves_the_cell_empty,
    };
    return RUN_SUITE("fold", tests);
}
