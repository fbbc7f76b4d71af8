#include <math.h>

#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/native_samples.h"

static uint8_t again[SKETCH_BYTES_MAX];

static struct cell decode(const struct sketch_shape *shape, const uint8_t *from, size_t len)
{
    struct sketch_origin origin = xxh3_origin(shape);
    return decode_sound(SKETCH_FORMAT_NATIVE, &origin, from, len);
}

static void ck_same(const struct cell *a, const struct cell *b, const struct sketch_shape *shape)
{
    struct estimate of_a = cell_estimate(a, shape);
    struct estimate of_b = cell_estimate(b, shape);
    ck_assert_int_eq(cell_state(a), cell_state(b));
    ck_assert_uint_eq(cell_digest(a, shape), cell_digest(b, shape));
    ck_assert_double_eq(of_a.value, of_b.value);
    ck_assert_double_eq(of_a.rse, of_b.rse);
}

/* There and back: the same cell, the same bytes, and the same growth from then on. */
static void ck_travels(struct cell *cell, const struct sketch_shape *shape, uint64_t seed,
                       uint64_t n)
{
    size_t len = encode(cell, shape, bytes);
    struct cell read = decode(shape, bytes, len);
    struct cell imported = { 0 };
    ck_assert_int_eq(cell_merge(&imported, &read, shape), ST_OK);
    ck_same(cell, &read, shape);
    ck_same(cell, &imported, shape);
    ck_assert_uint_eq(encode(&read, shape, again), len);
    ck_assert_mem_eq(again, bytes, len);
    add_stream(&imported, shape, NULL, seed, n, n + n / 4 + 3);
    add_stream(cell, shape, NULL, seed, n, n + n / 4 + 3);
    ck_same(cell, &imported, shape);
    cell_release(&read);
    cell_release(&imported);
}

START_TEST(a_cell_comes_back_to_the_last_digit_and_grows_on)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 0; n <= 200000; n = n * 4 + 1) {
            struct cell cell = { 0 };
            add_stream(&cell, &shape, NULL, seed + p, 0, n);
            ck_travels(&cell, &shape, seed + p, n);
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(registers_without_tokens_come_back)
{
    static struct reference ref;
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        for (uint64_t n = 1; n <= 100000; n = n * 4 + 1) {
            struct cell cell = { 0 };
            reference_init(&ref, p);
            for (uint64_t i = 0; i < n; i++)
                reference_add(&ref, stream_hash(seed, i));
            ck_assert_int_eq(cell_from_registers(&cell, &shape, ref.registers), ST_OK);
            ck_travels(&cell, &shape, seed, n);
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(cells_of_chosen_values_come_back_with_their_registers)
{
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct cell cell = { 0 };
        for (uint64_t n = 0; n < shape.registers; n++)
            add_hash(&cell, &shape, n | (n % 7 == 0 ? 0 : (n % 40) << (24 + n % 30)));
        size_t len = encode(&cell, &shape, bytes);
        struct cell read = decode(&shape, bytes, len);
        ck_assert_uint_eq(cell_digest(&cell, &shape), cell_digest(&read, &shape));
        cell_release(&read);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(tokens_take_little_more_than_two_bytes)
{
    static const struct {
        uint64_t n;
        size_t most;
    } sizes[] = { { 1, 24 }, { 10, 60 }, { 100, 330 }, { 1000, 2500 }, { 3000, 6600 } };
    struct sketch_shape shape = shape_of(14);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, 1, 0, sizes[i].n);
        ck_assert_uint_le(encode(&cell, &shape, bytes), sizes[i].most);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(bytes_are_those_of_the_document)
{
    static const uint8_t two_values[] = {
        'C',  'R',  'D',  'S',  1, 14, 0, 1, /* version, precision, hash, form */
        0xaf, 0x96, 0xb5, 0xd6,              /* seed 7 */
        0x83, 0x08,                          /* register 1, middle bits 3 */
        0xfc, 0x07, 0x05,                    /* register 2, middle bits 0, rho 5 */
    };
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    add_hash(&cell, &shape, 3u << 14 | 1);
    add_hash(&cell, &shape, 1ull << 28 | 2);
    ck_assert_uint_eq(encode(&cell, &shape, bytes), sizeof two_values + CHECKSUM_BYTES);
    ck_assert_mem_eq(bytes, two_values, sizeof two_values);
    cell_release(&cell);
}
END_TEST

START_TEST(higher_precision_folds_to_the_tables)
{
    uint64_t seed = test_seed();
    for (unsigned from = 5; from <= 18; from++) {
        struct sketch_shape shape = shape_of(from);
        for (uint64_t n = 1; n <= 100000; n = n * 10 + 1) {
            struct cell cell = { 0 };
            add_stream(&cell, &shape, NULL, seed, 0, n);
            size_t len = encode(&cell, &shape, bytes);
            struct sketch_shape lower = shape_of(from - 1);
            struct cell read = decode(&lower, bytes, len);
            struct cell direct = { 0 };
            add_stream(&direct, &lower, NULL, seed, 0, n);
            ck_assert_uint_eq(cell_digest(&read, &lower), cell_digest(&direct, &lower));
            cell_release(&direct);
            cell_release(&read);
            cell_release(&cell);
        }
    }
}
END_TEST

static void put_double(size_t at, double value)
{
    memcpy(bytes + at, &value, sizeof value);
}

START_TEST(an_estimate_that_the_registers_do_not_bear_out_is_not_believed)
{
    struct sketch_shape shape = shape_of(14);
    static const double lies[][2] = {
        { 1e18, 1 },
        { 0, 1 },
        { -5e5, 1 },
        { (double)NAN, 1 },
        { (double)INFINITY, 1 },
        { 4e5, 4e5 * 4e5 * 0.0065 * 0.0065 },
        { 5e5, 0 },
        { 5e5, 1 },
        { 5e5, -1 },
        { 5e5, 5e5 * 5e5 },
        { 5e5, (double)NAN },
        { 5e5, (double)INFINITY },
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        size_t len = sample(500000);
        put_double(BODY_AT, lies[i][0]);
        put_double(BODY_AT + sizeof(double), lies[i][1]);
        set_checksum(len);
        struct cell cell = decode(&shape, bytes, len);
        struct estimate estimate = cell_estimate(&cell, &shape);
        ck_assert_double_eq_tol(estimate.value, 5e5, 5e5 * 5 * 0.0082);
        ck_assert_double_eq_tol(estimate.rse, 0.0081, 0.0002);
        cell_release(&cell);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_cell_comes_back_to_the_last_digit_and_grows_on,
        registers_without_tokens_come_back,
        cells_of_chosen_values_come_back_with_their_registers,
        tokens_take_little_more_than_two_bytes,
        bytes_are_those_of_the_document,
        higher_precision_folds_to_the_tables,
        an_estimate_that_the_registers_do_not_bear_out_is_not_believed,
    };
    return RUN_SUITE("codec_native", tests);
}
