#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct reference ref;

static const uint64_t sizes[] = { 0, 1, 2, 3, 9, 16, 17, 60, 300, 700, 2500, 5000, 20000 };
#define SIZES (sizeof sizes / sizeof sizes[0])
static const unsigned precisions[] = { 4, 5, 7, 8, 11, 14, 18 };
#define PRECISIONS (sizeof precisions / sizeof precisions[0])

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

static struct cell cell_of(const struct sketch_shape *shape, uint64_t seed, uint64_t first,
                           uint64_t n)
{
    struct cell cell = { 0 };
    add_stream(&cell, shape, NULL, seed, first, first + n);
    return cell;
}

static void merge(struct cell *into, const struct cell *from, const struct sketch_shape *shape)
{
    uint64_t before = cell_digest(from, shape);
    uint64_t word = from->word;
    ck_assert_int_eq(cell_merge(into, from, shape), ST_OK);
    ck_assert_uint_eq(from->word, word);
    ck_assert_uint_eq(cell_digest(from, shape), before);
}

START_TEST(a_union_has_the_registers_of_both)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < PRECISIONS * SIZES * SIZES; i++) {
        struct sketch_shape shape = shape_of(precisions[i / SIZES / SIZES]);
        uint64_t a_n = sizes[i / SIZES % SIZES];
        uint64_t b_n = sizes[i % SIZES];
        struct cell a = cell_of(&shape, seed, 0, a_n);
        struct cell b = cell_of(&shape, seed, a_n / 2, b_n); /* they overlap */
        struct cell both = cell_of(&shape, seed, 0, a_n);
        add_stream(&both, &shape, NULL, seed, a_n / 2, a_n / 2 + b_n);
        uint64_t expected = cell_digest(&both, &shape);

        struct cell b_into = cell_of(&shape, seed, a_n / 2, b_n);
        merge(&b_into, &a, &shape);
        merge(&a, &b, &shape);
        ck_assert_uint_eq(cell_digest(&a, &shape), expected);
        ck_assert_uint_eq(cell_digest(&b_into, &shape), expected);
        cell_release(&a);
        cell_release(&b);
        cell_release(&both);
        cell_release(&b_into);
    }
}
END_TEST

START_TEST(merging_is_associative)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < PRECISIONS * SIZES; i++) {
        struct sketch_shape shape = shape_of(precisions[i / SIZES]);
        uint64_t n = sizes[i % SIZES];
        struct cell a = cell_of(&shape, seed, 0, n);
        struct cell a_again = cell_of(&shape, seed, 0, n);
        struct cell b = cell_of(&shape, seed, n, 2 * n + 7);
        struct cell c = cell_of(&shape, seed, 3 * n, n / 3);
        merge(&a, &b, &shape);
        merge(&a, &c, &shape);
        merge(&b, &c, &shape);
        merge(&a_again, &b, &shape);
        ck_assert_uint_eq(cell_digest(&a, &shape), cell_digest(&a_again, &shape));
        cell_release(&a);
        cell_release(&a_again);
        cell_release(&b);
        cell_release(&c);
    }
}
END_TEST

START_TEST(merging_what_is_there_changes_nothing)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < PRECISIONS * SIZES; i++) {
        struct sketch_shape shape = shape_of(precisions[i / SIZES]);
        uint64_t n = sizes[i % SIZES];
        struct cell cell = cell_of(&shape, seed, 0, n);
        struct cell twin = cell_of(&shape, seed, 0, n);
        struct cell part = cell_of(&shape, seed, n / 4, n / 2);
        struct estimate before = cell_estimate(&cell, &shape);
        uint64_t digest = cell_digest(&cell, &shape);
        merge(&cell, &cell, &shape);
        merge(&cell, &twin, &shape);
        merge(&cell, &part, &shape);
        ck_assert_uint_eq(cell_digest(&cell, &shape), digest);
        ck_assert_double_eq(cell_estimate(&cell, &shape).value, before.value);
        ck_assert_double_eq(cell_estimate(&cell, &shape).rse, before.rse);
        cell_release(&cell);
        cell_release(&twin);
        cell_release(&part);
    }
}
END_TEST

START_TEST(merging_into_less_takes_over_the_estimate)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < PRECISIONS * SIZES; i++) {
        struct sketch_shape shape = shape_of(precisions[i / SIZES]);
        uint64_t n = sizes[i % SIZES];
        struct cell whole = cell_of(&shape, seed, 0, n);
        struct cell part = cell_of(&shape, seed, n / 4, n / 2);
        merge(&part, &whole, &shape);
        ck_assert_double_eq(cell_estimate(&part, &shape).value,
                            cell_estimate(&whole, &shape).value);
        ck_assert_double_eq(cell_estimate(&part, &shape).rse, cell_estimate(&whole, &shape).rse);
        cell_release(&whole);
        cell_release(&part);
    }
}
END_TEST

/* Sketches whose bases and exceptions are far apart. */
START_TEST(merging_holds_for_chosen_ranks)
{
    uint64_t seed = test_seed();
    for (unsigned p = 7; p <= 13; p += 2) {
        struct sketch_shape shape = shape_of(p);
        for (unsigned round = 0; round < 60; round++) {
            struct cell cells[2] = { { 0 } };
            unsigned most[2] = { round % 12 * 5 + 1, round / 12 * 13 + 1 };
            reference_init(&ref, p);
            for (uint32_t i = 0; i < 2 * shape.registers; i++) {
                struct cell *cell = &cells[i / shape.registers];
                unsigned least = most[i / shape.registers];
                uint64_t random = stream_hash(seed + round, i);
                unsigned spread = random % 50 == 0 ? 20 : 3;
                unsigned bit = p + least + (unsigned)(random >> 8) % spread;
                uint64_t hash = (bit < 64 ? 1ull << bit : 0) | i % shape.registers;
                add_hash(cell, &shape, hash);
                reference_add(&ref, hash);
            }
            merge(&cells[0], &cells[1], &shape);
            ck_registers(&cells[0], &shape, &ref);
            /* the sums that hashes are turned away by are right as well */
            add_stream(&cells[0], &shape, &ref, seed, 0, 2000);
            ck_registers(&cells[0], &shape, &ref);
            cell_release(&cells[0]);
            cell_release(&cells[1]);
        }
    }
}
END_TEST

START_TEST(a_stream_split_and_merged_is_the_stream)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 3; n < 50000; n *= 6) {
            struct cell parts[4] = { { 0 } };
            reference_init(&ref, p);
            for (uint64_t i = 0; i < n; i++)
                add_stream(&parts[stream_hash(~seed, i) % 4], &shape, &ref, seed, i, i + 1);
            merge(&parts[3], &parts[1], &shape);
            merge(&parts[0], &parts[2], &shape);
            merge(&parts[3], &parts[0], &shape);
            ck_registers(&parts[3], &shape, &ref);
            for (size_t i = 0; i < 4; i++)
                cell_release(&parts[i]);
        }
    }
}
END_TEST

START_TEST(a_merged_cell_grows_on)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < PRECISIONS * SIZES; i++) {
        unsigned p = precisions[i / SIZES];
        struct sketch_shape shape = shape_of(p);
        uint64_t n = sizes[i % SIZES];
        struct cell a = { 0 };
        struct cell b = { 0 };
        reference_init(&ref, p);
        add_stream(&a, &shape, &ref, seed, 0, n);
        add_stream(&b, &shape, &ref, seed, n, n + n / 3);
        merge(&a, &b, &shape);
        add_stream(&a, &shape, &ref, seed, n * 2, n * 2 + 10000);
        ck_registers(&a, &shape, &ref);
        cell_release(&a);
        cell_release(&b);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_union_has_the_registers_of_both,
        merging_is_associative,
        merging_what_is_there_changes_nothing,
        merging_into_less_takes_over_the_estimate,
        merging_holds_for_chosen_ranks,
        a_stream_split_and_merged_is_the_stream,
        a_merged_cell_grows_on,
    };
    return RUN_SUITE("merge", tests);
}
