/* What the native format refuses, and how. */
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/native_samples.h"

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
    for (size_t i = 0; i < 4; i++)
        ck_cuts_refused(SKETCH_FORMAT_NATIVE, &origin, bytes, sample(sizes[i]));
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
        ck_damage_is_harmless(SKETCH_FORMAT_NATIVE, &origin, bytes, len, len - CHECKSUM_BYTES,
                              set_checksum);
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

int main(void)
{
    const TTest *const tests[] = {
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
    };
    return RUN_SUITE("codec_native_faults", tests);
}
