#include <math.h>

#include "daemon/sketch/native_layout.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/sketches.h"

#define SEED 7u

static uint8_t bytes[SKETCH_BYTES_MAX];
static uint8_t again[SKETCH_BYTES_MAX];

static struct sketch_origin xxh3_origin(const struct sketch_shape *shape)
{
    return (struct sketch_origin){ shape, HASH_KIND_XXH3, SEED };
}

static size_t encode(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    struct sketch_origin origin = xxh3_origin(shape);
    size_t len;
    ck_assert_int_eq(sketch_encode(SKETCH_FORMAT_NATIVE, &origin, cell, out, &len, NULL), ST_OK);
    ck_assert_uint_le(len, sketch_encoded_max(SKETCH_FORMAT_NATIVE, shape));
    return len;
}

static struct cell decode(const struct sketch_shape *shape, const uint8_t *from, size_t len)
{
    struct sketch_origin origin = xxh3_origin(shape);
    struct cell cell = { 0 };
    struct error err = { 0 };
    enum status status = decode_bytes(SKETCH_FORMAT_NATIVE, &origin, from, len, &cell, &err);
    ck_assert_msg(status == ST_OK, "refused: %s", err.text);
    return cell;
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

/* A sketch of n values at precision 14; its length. */
static size_t sample(uint64_t n)
{
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, n);
    size_t len = encode(&cell, &shape, bytes);
    cell_release(&cell);
    return len;
}

static void set_checksum(size_t len)
{
    uint64_t sum = native_checksum(bytes, len - CHECKSUM_BYTES);
    for (unsigned i = 0; i < CHECKSUM_BYTES; i++)
        bytes[len - CHECKSUM_BYTES + i] = (uint8_t)(sum >> (8 * i));
}

static void ck_native_refused(const struct sketch_origin *origin, size_t len, enum status status,
                              const char *text)
{
    ck_refused(SKETCH_FORMAT_NATIVE, origin, bytes, len, status, text);
}

START_TEST(lower_precision_is_refused)
{
    struct sketch_shape shape = shape_of(15);
    struct sketch_origin origin = xxh3_origin(&shape);
    static const uint64_t sizes[] = { 1, 1000, 10000 };
    for (size_t i = 0; i < 3; i++)
        ck_native_refused(&origin, sample(sizes[i]), ST_FAILED_PRECONDITION,
                          "the sketch has precision 14, less than the table's 15");
}
END_TEST

START_TEST(another_hash_or_seed_is_refused_by_name)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    size_t len = sample(1000);
    struct cell cell = { 0 };
    origin.seed++;
    ck_native_refused(&origin, len, ST_FAILED_PRECONDITION,
                      "the sketch is of xxh3 under another seed than the table's");
    ck_assert_int_eq(sketch_decode(SKETCH_FORMAT_NATIVE, &origin, bytes, len, true, &cell, NULL),
                     ST_FAILED_PRECONDITION);
    origin = murmur_origin(&shape);
    ck_native_refused(&origin, len, ST_FAILED_PRECONDITION,
                      "the sketch is of xxh3, the table of murmur64a");
}
END_TEST

START_TEST(a_sketch_cut_off_anywhere_is_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    static const uint64_t sizes[] = { 0, 1, 100, 5000 };
    for (size_t i = 0; i < 4; i++) {
        size_t len = sample(sizes[i]);
        for (size_t cut = 0; cut < len; cut += cut < 400 ? 1 : 97)
            ck_native_refused(&origin, cut, ST_INVALID_ARGUMENT, "at byte");
    }
}
END_TEST

/* Any bit of it. */
START_TEST(a_damaged_sketch_is_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    size_t len = sample(100);
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_native_refused(&origin, len, ST_INVALID_ARGUMENT, "at byte");
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

START_TEST(damage_under_a_right_checksum_does_no_harm)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    static const uint64_t sizes[] = { 2, 100, 5000 };
    for (size_t i = 0; i < 3; i++) {
        size_t len = sample(sizes[i]);
        for (size_t bit = 0; bit < (len - CHECKSUM_BYTES) * 8; bit += bit < 2000 ? 1 : 61) {
            struct cell cell = { 0 };
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            set_checksum(len);
            if (decode_bytes(SKETCH_FORMAT_NATIVE, &origin, bytes, len, &cell, NULL) == ST_OK) {
                struct estimate estimate = cell_estimate(&cell, &shape);
                if (!(estimate.value >= 0 && estimate.rse >= 0))
                    ck_abort_msg("estimate %f, error %f", estimate.value, estimate.rse);
                cell_release(&cell);
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}
END_TEST

/* A body of bytes given, under a header and a right checksum. */
static size_t forged(enum native_form form, const char *body, size_t body_len)
{
    (void)sample(1);
    bytes[FORM_AT] = (uint8_t)form;
    memcpy(bytes + BODY_AT, body, body_len);
    size_t len = BODY_AT + body_len + CHECKSUM_BYTES;
    set_checksum(len);
    return len;
}

START_TEST(lists_out_of_bounds_are_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    const struct {
        enum native_form form;
        const char *body;
        size_t len;
        const char *text;
    } cases[] = {
        { FORM_EMPTY, "\0", 1, "bytes follow its end at byte 12" },
        { FORM_TOKENS, "", 0, "an empty list at byte 12" },
        { FORM_TOKENS, "\x80", 1, "a gap is cut off by the checksum at byte 13" },
        { FORM_TOKENS, "\x80\x80\x80\x80\x01", 5, "a gap of too many bytes at byte 12" },
        { FORM_TOKENS, "\x81\x00", 2, "a gap of too many bytes at byte 12" },
        { FORM_TOKENS, "\x80\x80\x80\x08", 4, "leads past the last, 16777215, at byte 12" },
        { FORM_TOKENS, "\xff\xff\xff\x07\x00", 5, "leads past the last, 16777215, at byte 16" },
        { FORM_TOKENS, "\x00", 1, "a rank is cut off by the checksum at byte 13" },
        { FORM_TOKENS, "\x00\x00", 2, "rho is 0, not 1 to 41, at byte 13" },
        { FORM_TOKENS, "\x00\x2a", 2, "rho is 42, not 1 to 41, at byte 13" },
        { FORM_REGISTERS, "", 0, "an empty list at byte 12" },
        { FORM_REGISTERS, "\x01\x00", 2, "register 1 has rank 0, not 1 to 51, at byte 13" },
        { FORM_REGISTERS, "\x01\x34", 2, "register 1 has rank 52, not 1 to 51, at byte 13" },
        { FORM_REGISTERS, "\x80\x80\x01\x01", 4, "leads past the last, 16383, at byte 12" },
        { FORM_ALL, "1234567812345678\0", 17, "the list of registers is cut off" },
        { (enum native_form)4, "", 0, "unknown form 4 at byte 7" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = forged(cases[i].form, cases[i].body, cases[i].len);
        ck_native_refused(&origin, len, ST_INVALID_ARGUMENT, cases[i].text);
    }
}
END_TEST

START_TEST(headers_of_something_else_are_refused)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *text;
    } cases[] = {
        { 0, 'c', "its magic is not CRDS at byte 0" },
        { 3, 'T', "its magic is not CRDS at byte 3" },
        { VERSION_AT, 2, "unknown version 2 at byte 4" },
        { PRECISION_AT, 3, "precision 3 is not 4 to 18 at byte 5" },
        { PRECISION_AT, 19, "precision 19 is not 4 to 18 at byte 5" },
        { HASH_AT, 2, "unknown hash 2 at byte 6" },
    };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = sample(100);
        bytes[cases[i].at] = cases[i].byte;
        set_checksum(len);
        ck_native_refused(&origin, len, ST_INVALID_ARGUMENT, cases[i].text);
    }
}
END_TEST

START_TEST(more_tokens_than_any_cell_holds_are_refused)
{
    struct sketch_shape shape = shape_of(4);
    struct sketch_origin origin = xxh3_origin(&shape);
    (void)sample(1);
    bytes[PRECISION_AT] = 4;
    memset(bytes + BODY_AT, 1, 5000);
    set_checksum(BODY_AT + 5000 + CHECKSUM_BYTES);
    ck_native_refused(&origin, BODY_AT + 5000 + CHECKSUM_BYTES, ST_INVALID_ARGUMENT,
                      "the most, at");
}
END_TEST

/* A list of all registers with one thing bent. */
static size_t bent_registers(size_t at, uint8_t byte)
{
    size_t len = sample(5000);
    bytes[at] = byte;
    set_checksum(len);
    return len;
}

START_TEST(registers_out_of_bounds_are_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    size_t ranks = BODY_AT + ALL_HEADER_BYTES + shape.registers / 2;
    size_t base = BODY_AT + ALL_HEADER_BYTES - 1;
    ck_native_refused(&origin, bent_registers(base, 60), ST_INVALID_ARGUMENT,
                      "above 51, at byte 29");
    ck_native_refused(&origin, bent_registers(ranks - 1, 0xff), ST_INVALID_ARGUMENT, "at byte");
    size_t len = sample(5000);
    bytes[base + 1] |= 0x0f;
    memmove(bytes + ranks + 1, bytes + ranks, len - ranks);
    static const struct {
        uint8_t rank;
        const char *text;
    } cases[] = { { 14, "rank 14 would fit a nibble at byte 8221" },
                  { 52, "register 0 has rank 52, above 51, at byte 8221" } };
    for (size_t i = 0; i < 2; i++) {
        bytes[ranks] = cases[i].rank;
        set_checksum(len + 1);
        ck_native_refused(&origin, len + 1, ST_INVALID_ARGUMENT, cases[i].text);
    }
    len = sample(5000);
    set_checksum(len + 1);
    ck_native_refused(&origin, len + 1, ST_INVALID_ARGUMENT, "bytes follow the last rank at byte");
}
END_TEST

START_TEST(a_base_below_all_registers_is_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = xxh3_origin(&shape);
    size_t len = BODY_AT + ALL_HEADER_BYTES + shape.registers / 2 + CHECKSUM_BYTES;
    (void)sample(5000);
    memset(bytes + BODY_AT, 0, len - BODY_AT);
    set_checksum(len);
    ck_native_refused(&origin, len, ST_INVALID_ARGUMENT, "no register is set at byte 29");
    memset(bytes + BODY_AT + ALL_HEADER_BYTES, 0x22, shape.registers / 2);
    set_checksum(len);
    ck_native_refused(&origin, len, ST_INVALID_ARGUMENT,
                      "base is 0, but the least rank 2 at byte 28");
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
        lower_precision_is_refused,
        another_hash_or_seed_is_refused_by_name,
        a_sketch_cut_off_anywhere_is_refused,
        a_damaged_sketch_is_refused,
        damage_under_a_right_checksum_does_no_harm,
        lists_out_of_bounds_are_refused,
        headers_of_something_else_are_refused,
        more_tokens_than_any_cell_holds_are_refused,
        registers_out_of_bounds_are_refused,
        a_base_below_all_registers_is_refused,
        an_estimate_that_the_registers_do_not_bear_out_is_not_believed,
    };
    return RUN_SUITE("codec_native", tests);
}
