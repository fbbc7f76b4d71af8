/* The registers of a union against a plain byte for each. */
#include "daemon/sketch/union_registers.h"

#include "daemon/sketch/word.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/sketches.h"

#define REGISTERS_MAX REFERENCE_REGISTERS_MAX

static uint8_t wanted[REGISTERS_MAX];
static uint8_t ranks[REGISTERS_MAX];

static void start(struct union_registers *registers, unsigned precision)
{
    ck_assert(union_registers_init(registers, precision));
    union_registers_clear(registers);
    memset(wanted, 0, sizeof wanted);
}

static void raise_both(struct union_registers *registers, uint32_t index, unsigned rank)
{
    union_registers_raise(registers, index, rank);
    wanted[index] = rank > wanted[index] ? (uint8_t)rank : wanted[index];
}

static void want_ranks(size_t n)
{
    for (size_t i = 0; i < n; i++)
        wanted[i] = ranks[i] > wanted[i] ? ranks[i] : wanted[i];
}

static void ck_sums(struct register_sums sums, unsigned precision)
{
    struct register_sums plain = { 0, 0, 0 };
    unsigned q = 64u - precision;
    for (uint32_t i = 0; i < 1u << precision; i++) {
        plain.kx += (1ull << q) >> wanted[i];
        plain.zeros += wanted[i] == 0;
        plain.at_cap += wanted[i] == q + 1;
    }
    ck_assert_uint_eq(sums.kx, plain.kx);
    ck_assert_uint_eq(sums.zeros, plain.zeros);
    ck_assert_uint_eq(sums.at_cap, plain.at_cap);
}

static void ck_wanted(const struct union_registers *registers)
{
    uint32_t n = 1u << registers->precision;
    union_registers_read(registers, ranks);
    ck_assert_mem_eq(ranks, wanted, n);
    ck_sums(union_registers_sums(registers), registers->precision);
    ck_sums(ranks_sums(wanted, registers->precision), registers->precision);
}

/* Random ranks from least on, every 8th up to the greatest. */
static void make_ranks(uint64_t seed, const struct sketch_shape *shape, unsigned least,
                       unsigned spread)
{
    unsigned cap = 65u - shape->precision;
    for (uint32_t i = 0; i < shape->registers; i++) {
        uint64_t hash = stream_hash(seed, i);
        unsigned rank = least + (unsigned)(hash % (hash >> 32 & 7 ? spread : 16));
        ranks[i] = (uint8_t)(rank < cap ? rank : cap);
    }
}

/* Merges a cell of the ranks made, however it keeps them. */
static void merge_both(struct union_registers *registers, const struct sketch_shape *shape)
{
    struct cell cell = { 0 };
    ck_assert_int_eq(cell_from_registers(&cell, shape, ranks), ST_OK);
    want_ranks(shape->registers);
    if (cell_state(&cell) == CELL_DENSE) {
        struct dense dense = dense_open(cell.word);
        union_registers_merge(registers, &dense, dense_expect(cell.word));
    } else {
        union_registers_merge_ranks(registers, ranks);
    }
    cell_release(&cell);
}

START_TEST(cells_of_any_base_merge_to_their_greatest_registers)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p += p < 12 ? 1 : 3) {
        struct sketch_shape shape = shape_of(p);
        struct union_registers registers;
        start(&registers, p);
        for (uint64_t round = 0; round < 40; round++) {
            uint64_t hash = stream_hash(seed, round << 8 | p);
            if (round % 10 == 0) {
                union_registers_clear(&registers);
                memset(wanted, 0, sizeof wanted);
            }
            make_ranks(hash, &shape, (unsigned)(hash >> 8) % (66 - p), 1 + (unsigned)(hash % 20));
            merge_both(&registers, &shape);
            for (unsigned i = 0; i < 20; i++) {
                uint64_t one = stream_hash(hash, i);
                raise_both(&registers, (uint32_t)(one % shape.registers),
                           1 + (unsigned)(one >> 40) % (65 - p));
            }
            ck_wanted(&registers);
        }
        union_registers_release(&registers);
    }
}
END_TEST

START_TEST(a_list_that_is_full_raises_the_base)
{
    struct union_registers registers;
    start(&registers, 14);
    for (uint32_t i = 0; i < 1u << 14; i++)
        raise_both(&registers, i, 5 + i % 3);
    ck_assert_uint_eq(registers.base, 0);
    for (uint32_t i = 0; i < 1000; i++)
        raise_both(&registers, i * 16, 17 + i % 2);
    ck_assert(!registers.is_bytes);
    ck_assert_uint_eq(registers.base, 5);
    ck_wanted(&registers);
    union_registers_release(&registers);
}
END_TEST

START_TEST(high_ranks_beyond_the_list_become_bytes_until_cleared)
{
    struct union_registers registers;
    start(&registers, 14);
    for (uint32_t i = 0; i < 1000; i++) {
        raise_both(&registers, i * 16, 20 + i % 30);
        raise_both(&registers, i * 16, 19 + i % 32);
    }
    ck_assert(registers.is_bytes);
    ck_wanted(&registers);
    union_registers_clear(&registers);
    ck_assert(!registers.is_bytes);
    memset(wanted, 0, sizeof wanted);
    ck_wanted(&registers);
    union_registers_release(&registers);
}
END_TEST

START_TEST(registers_at_the_end_of_the_hash_are_summed)
{
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct union_registers registers;
        start(&registers, p);
        for (unsigned below = 20; below-- > 0;) {
            memset(ranks, (int)(65 - p - below), shape.registers);
            ranks[3] = (uint8_t)(65 - p);
            merge_both(&registers, &shape);
            ck_wanted(&registers);
        }
        union_registers_release(&registers);
    }
}
END_TEST

START_TEST(ranks_from_elsewhere_join_what_is_there)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p += 2) {
        struct sketch_shape shape = shape_of(p);
        struct union_registers registers;
        start(&registers, p);
        for (uint64_t round = 0; round < 6; round++) {
            make_ranks(seed + round, &shape, (unsigned)round, 24);
            if (round % 3 == 1) {
                union_registers_merge_ranks(&registers, ranks);
                want_ranks(shape.registers);
            } else {
                merge_both(&registers, &shape);
            }
            ck_wanted(&registers);
        }
        union_registers_release(&registers);
    }
}
END_TEST

START_TEST(nothing_leaks_without_memory)
{
    static const unsigned precisions[] = { 4, 14 };
    for (size_t i = 0; i < 2; i++) {
        struct union_registers registers;
        long fail = 0;
        for (bool failed = true; failed; fail++) {
            failing_alloc_arm(fail);
            bool made = union_registers_init(&registers, precisions[i]);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(made, !failed);
        }
        ck_assert_int_ge(fail, 2);
        union_registers_release(&registers);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cells_of_any_base_merge_to_their_greatest_registers,
        a_list_that_is_full_raises_the_base,
        high_ranks_beyond_the_list_become_bytes_until_cleared,
        registers_at_the_end_of_the_hash_are_summed,
        ranks_from_elsewhere_join_what_is_there,
        nothing_leaks_without_memory,
    };
    return RUN_SUITE("union_registers", tests);
}
