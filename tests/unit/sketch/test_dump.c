/* Cells dumped and loaded: the same to the last bit, now and as values go on. */
#include "daemon/sketch/change.h"
#include "daemon/sketch/dump.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/sketches.h"

static void ck_same(const struct cell *a, const struct cell *b, const struct sketch_shape *shape)
{
    struct estimate first = cell_estimate(a, shape);
    struct estimate second = cell_estimate(b, shape);
    ck_assert_int_eq(cell_state(a), cell_state(b));
    ck_assert_uint_eq(cell_digest(a, shape), cell_digest(b, shape));
    ck_assert_mem_eq(&first, &second, sizeof first);
}

/* The cell dumped and loaded, from memory of the exact size. */
static struct cell reload(const struct cell *cell, const struct sketch_shape *shape)
{
    struct cell again = { 0 };
    size_t bound = cell_dump_bound(cell, shape);
    ck_assert_uint_le(bound, cell_dump_max(shape));
    uint8_t *bytes = malloc(bound);
    size_t len = cell_dump(cell, shape, bytes);
    ck_assert_uint_le(len, bound);
    uint8_t *exact = malloc(len);
    memcpy(exact, bytes, len);
    size_t used = 0;
    ck_assert_int_eq(cell_load(&again, shape, exact, len, &used), ST_OK);
    ck_assert_uint_eq(used, len);
    free(exact);
    free(bytes);
    return again;
}

START_TEST(dumped_cells_stay_the_same_as_values_go_on)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p += p < 14 ? 1 : 2) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        uint64_t end = 3ull << p;
        uint64_t n = 0;
        for (uint64_t next = 1; n < end; next += 1 + next / 3) {
            for (; n < next; n++)
                add_hash(&cell, &shape, stream_hash(seed, n));
            struct cell again = reload(&cell, &shape);
            ck_same(&cell, &again, &shape);
            for (uint64_t more = n; more < n + 50; more++) {
                if (add_hash(&cell, &shape, stream_hash(seed, more)) !=
                    add_hash(&again, &shape, stream_hash(seed, more)))
                    ck_abort_msg("a value changed but one of them");
            }
            ck_same(&cell, &again, &shape);
            cell_release(&cell);
            cell = again;
            n += 50;
        }
        cell_release(&cell);
    }
}
END_TEST

/* A cell of registers alone, the i-th of them set as rank_of says. */
static struct cell of_ranks(const struct sketch_shape *shape,
                            unsigned (*rank_of)(uint64_t seed, uint32_t i), uint64_t seed)
{
    struct cell cell = { 0 };
    uint8_t *ranks = malloc(shape->registers);
    for (uint32_t i = 0; i < shape->registers; i++)
        ranks[i] = (uint8_t)rank_of(seed, i);
    ck_assert_int_eq(cell_from_registers(&cell, shape, ranks), ST_OK);
    free(ranks);
    return cell;
}

static unsigned few_are_set(uint64_t seed, uint32_t i)
{
    return i % 97 == 0 ? 1 + (unsigned)(stream_hash(seed, i) % 40) : 0;
}

static unsigned spread_wide(uint64_t seed, uint32_t i)
{
    return (unsigned)(stream_hash(seed, i) % 47);
}

static unsigned high_with_exceptions(uint64_t seed, uint32_t i)
{
    return i % 900 == 5 ? 47 : 30 + (unsigned)(stream_hash(seed, i) % 12);
}

static unsigned near_the_top(uint64_t seed, uint32_t i)
{
    return 45 + (unsigned)(stream_hash(seed, i) % 3);
}

START_TEST(dumps_keep_registers_of_every_form)
{
    static unsigned (*const rank_of[])(uint64_t seed, uint32_t i) = { few_are_set, spread_wide,
                                                                      high_with_exceptions,
                                                                      near_the_top };
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (size_t i = 0; i < sizeof rank_of / sizeof rank_of[0]; i++) {
            struct cell cell = of_ranks(&shape, rank_of[i], seed);
            struct cell again = reload(&cell, &shape);
            ck_same(&cell, &again, &shape);
            ck_assert_uint_eq(cell_bytes(&cell), cell_bytes(&again));
            cell_release(&cell);
            cell_release(&again);
        }
    }
}
END_TEST

START_TEST(a_cell_of_one_value_dumps_in_six_bytes_at_most)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    size_t sum = 0;
    for (uint64_t n = 0; n < 1000; n++) {
        struct cell cell = { 0 };
        uint8_t bytes[16];
        add_hash(&cell, &shape, stream_hash(seed, n));
        size_t len = cell_dump(&cell, &shape, bytes);
        ck_assert_uint_le(len, 6);
        sum += len;
    }
    ck_assert_uint_le(sum, 5100);
}
END_TEST

/* Loads from memory of the exact size. */
static enum status load(const uint8_t *bytes, size_t len, const struct sketch_shape *shape,
                        struct cell *out)
{
    uint8_t *exact = malloc(len + (len == 0));
    size_t used;
    memcpy(exact, bytes, len);
    enum status status = cell_load(out, shape, exact, len, &used);
    free(exact);
    if (status != ST_OK && out->word != 0)
        ck_abort_msg("refused, but something was loaded");
    return status;
}

START_TEST(dumps_cut_off_are_refused)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(8);
    for (uint64_t n = 1; n < 2000; n *= 3) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, n);
        uint8_t *bytes = malloc(cell_dump_bound(&cell, &shape));
        size_t len = cell_dump(&cell, &shape, bytes);
        for (size_t cut = 0; cut < len; cut++) {
            struct cell out = { 0 };
            if (load(bytes, cut, &shape, &out) != ST_INVALID_ARGUMENT)
                ck_abort_msg("%zu of %zu bytes were loaded", cut, len);
        }
        free(bytes);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(damaged_dumps_make_a_sound_cell_or_none)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 12; p += 4) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        for (uint64_t n = 1; n < 20000; n *= 3) {
            add_stream(&cell, &shape, NULL, seed, n / 3, n);
            uint8_t *bytes = malloc(cell_dump_bound(&cell, &shape));
            size_t len = cell_dump(&cell, &shape, bytes);
            for (uint64_t i = 0; i < 200; i++) {
                uint64_t bit = stream_hash(n, i) % (len * 8);
                struct cell out = { 0 };
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (load(bytes, len, &shape, &out) == ST_OK)
                    add_stream(&out, &shape, NULL, seed, 0, 100);
                cell_release(&out);
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            free(bytes);
        }
        cell_release(&cell);
    }
}
END_TEST

START_TEST(dumps_load_or_fail_whole_without_memory)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(8);
    for (uint64_t values = 1; values < 2000; values *= 2) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, values);
        uint8_t *bytes = malloc(cell_dump_bound(&cell, &shape));
        size_t len = cell_dump(&cell, &shape, bytes);
        bool failed = true;
        for (long n = 0; failed; n++) {
            struct cell out = { 0 };
            size_t used;
            failing_alloc_arm(n);
            enum status status = cell_load(&out, &shape, bytes, len, &used);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            ck_assert(!failed || out.word == 0);
            cell_release(&out);
        }
        free(bytes);
        cell_release(&cell);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        dumped_cells_stay_the_same_as_values_go_on,     dumps_keep_registers_of_every_form,
        a_cell_of_one_value_dumps_in_six_bytes_at_most, dumps_cut_off_are_refused,
        damaged_dumps_make_a_sound_cell_or_none,        dumps_load_or_fail_whole_without_memory,
    };
    return RUN_SUITE("dump", tests);
}
