#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/faults.h"

#define REGISTERS 16384u

static uint8_t bytes[SKETCH_BYTES_MAX];
static uint8_t ranks[1u << 18];

static size_t encode(const struct sketch_origin *origin, const struct cell *cell)
{
    return encode_sound(SKETCH_FORMAT_POSTGRES, origin, cell, bytes);
}

static struct cell decode(const struct sketch_origin *origin, const void *from, size_t len)
{
    return decode_sound(SKETCH_FORMAT_POSTGRES, origin, from, len);
}

/* Adds the hashes behind the bytes below, as they were given to hll_add(). */
static void add_three(struct cell *cell, const struct sketch_shape *shape)
{
    add_hash(cell, shape, 16385);
    add_hash(cell, shape, (1ull << 62) + 3);
    add_hash(cell, shape, 1234567890123);
}

/* postgresql-hll 2.17: hll_empty(14, 5), and hll_add_agg(x, 14, 5, 0, 1) of the three. */
START_TEST(bytes_are_those_of_postgresql_hll)
{
    static const uint8_t sparse[] = { 0x13, 0x8e, 0x7f, 0x00, 0x04, 0x20,
                                      0x01, 0xfc, 0x4c, 0xb1, 0x80 };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    ck_assert_uint_eq(encode(&origin, &cell), 3);
    ck_assert_mem_eq(bytes, "\x11\x8e\x7f", 3);
    add_three(&cell, &shape);
    ck_assert_uint_eq(encode(&origin, &cell), sizeof sparse);
    ck_assert_mem_eq(bytes, sparse, sizeof sparse);
    cell_release(&cell);
}
END_TEST

START_TEST(every_form_of_postgresql_hll_is_read)
{
    static const struct {
        unsigned precision;
        const char *bytes;
        size_t len;
        unsigned rank_max;
    } forms[] = {
        { 14,
          BYTES("\x12\x8e\x7f\0\0\0\0\0\0\x40\x01\0\0\x01\x1f\x71\xfb\x04\xcb\x40\0\0\0\0\0\0\x03"),
          51 },
        { 14, BYTES("\x13\x8e\x40\x00\x04\x20\x01\xfc\x4c\xb1\x80"), 31 },
        { 4, BYTES("\x14\x44\x00\x1c\x70\x00\x00\x30\x00"), 7 },
    };
    static struct reference ref;
    for (size_t i = 0; i < 3; i++) {
        struct sketch_shape shape = shape_of(forms[i].precision);
        struct sketch_origin origin = murmur_origin(&shape);
        reference_init(&ref, shape.precision);
        reference_add(&ref, 16385);
        reference_add(&ref, (1ull << 62) + 3);
        reference_add(&ref, 1234567890123);
        for (uint32_t k = 0; k < shape.registers; k++) {
            if (ref.registers[k] > forms[i].rank_max)
                ref.registers[k] = (uint8_t)forms[i].rank_max;
        }
        struct cell read = decode(&origin, forms[i].bytes, forms[i].len);
        ck_registers(&read, &shape, &ref);
        cell_release(&read);
    }
}
END_TEST

START_TEST(registers_come_back_but_for_ranks_above_31)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = { &shape, HASH_KIND_XXH3, 99 };
    for (uint64_t n = 0; n <= 1000000; n = n * 3 + 1) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, n);
        cell_registers(&cell, &shape, ranks);
        for (uint32_t i = 0; i < REGISTERS; i++)
            ranks[i] = ranks[i] < 31 ? ranks[i] : 31;
        size_t len = encode(&origin, &cell);
        struct cell read = decode(&origin, bytes, len);
        ck_ranks(&read, &shape, ranks);
        cell_release(&read);
        cell_release(&cell);
    }
}
END_TEST

/* As long as its entries take fewer bits than all registers. */
START_TEST(sparse_is_written_up_to_4311_registers)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    for (uint64_t i = 0; i < 4311; i++)
        add_hash(&cell, &shape, (i % 3 + 1) << 14 | i * 3);
    ck_assert_uint_eq(encode(&origin, &cell), 3 + (4311 * 19 + 7) / 8);
    ck_assert_uint_eq(bytes[0], 0x13);
    add_hash(&cell, &shape, 1u << 14 | 16000);
    ck_assert_uint_eq(encode(&origin, &cell), 3 + REGISTERS / 8 * 5);
    ck_assert_uint_eq(bytes[0], 0x14);
    cell_release(&cell);
}
END_TEST

START_TEST(any_number_and_width_of_registers_is_read)
{
    for (unsigned p = 4; p <= 17; p++) {
        struct sketch_shape shape = shape_of(p);
        struct sketch_origin origin = murmur_origin(&shape);
        for (unsigned width = 1; width <= 8; width++) {
            size_t len = 3 + (((size_t)width << p) + 7) / 8;
            memset(bytes, 0, len);
            bytes[0] = 0x14;
            bytes[1] = (uint8_t)((width - 1) << 5 | p);
            size_t last = ((size_t)width << p) - 1;
            bytes[3 + last / 8] |= (uint8_t)(0x80 >> last % 8);
            struct cell read = decode(&origin, bytes, len);
            cell_registers(&read, &shape, ranks);
            ck_assert_uint_eq(ranks[shape.registers - 1], 1);
            ck_assert_uint_eq(ranks[shape.registers - 2], 0);
            cell_release(&read);
        }
    }
}
END_TEST

START_TEST(bytes_that_are_no_sketch_are_refused_with_the_reason)
{
    static const struct fault faults[] = {
        { BYTES(""), "the header is cut off by the end at byte 0" },
        { BYTES("\x11\x8e"), "the header is cut off by the end at byte 2" },
        { BYTES("\x21\x8e\x7f"), "unknown version 2 at byte 0" },
        { BYTES("\x10\x8e\x7f"), "unknown form 0 at byte 0" },
        { BYTES("\x15\x8e\x7f"), "unknown form 5 at byte 0" },
        { BYTES("\x11\x9f\x7f"), "2^31 registers, which is not among 2^4 to 2^18, at byte 1" },
        { BYTES("\x11\x83\x7f"), "2^3 registers, which is not among 2^4 to 2^18, at byte 1" },
        { BYTES("\x11\x8e\x7f\0"), "bytes follow its end at byte 3" },
        { BYTES("\x12\x8e\x7f\0\0\0\0\0\0\1"), "a hash is cut off by the end at byte 10" },
        { BYTES("\x12\x8e\x7f\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"),
          "a hash is out of order at byte 11" },
        { BYTES("\x12\x8e\x7f\0\0\0\0\0\0\0\1\xff\0\0\0\0\0\0\0"),
          "a hash is out of order at byte 11" },
        { BYTES("\x13\x8e\x7f\0\1"), "part of a register at byte 3" },
        { BYTES("\x13\x8e\x7f\0\4\x21"), "part of a register at byte 5" },
        { BYTES("\x13\x8e\x7f\0\4\0"), "register 1 has rank 0 at byte 3" },
        { BYTES("\x13\x8e\x7f\x00\x04\x20\x00\x84"), "register 1 is out of order at byte 5" },
        { BYTES("\x13\xee\x7f\x00\x04\xd0"), "register 1 has rank 52, above 51, at byte 3" },
        { BYTES("\x14\x8e\x7f\0"), "the list of registers is cut off by the end at byte 4" },
    };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    ck_faults_refused(SKETCH_FORMAT_POSTGRES, &origin, faults, sizeof faults / sizeof faults[0]);
}
END_TEST

START_TEST(more_registers_fold_and_fewer_are_refused)
{
    struct sketch_shape shape = shape_of(4);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell read = decode(&origin, BYTES("\x13\x8e\x40\x00\x04\x20\x01\xfc\x4c\xb1\x80"));
    cell_registers(&read, &shape, ranks);
    ck_assert_uint_eq(ranks[1], 11);
    ck_assert_uint_eq(ranks[3], 41);
    ck_assert_uint_eq(ranks[11], 3);
    cell_release(&read);
    shape = shape_of(15);
    ck_refused(SKETCH_FORMAT_POSTGRES, &origin, BYTES("\x11\x8e\x7f"), ST_FAILED_PRECONDITION,
               "the sketch has precision 14, less than the table's 15");
}
END_TEST

START_TEST(damage_does_no_harm)
{
    static const uint64_t sizes[] = { 100, 5000 };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    for (size_t i = 0; i < 2; i++) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, 1, 0, sizes[i]);
        size_t len = encode(&origin, &cell);
        for (size_t cut = 0; cut < len; cut += cut < 300 ? 1 : 53) {
            struct cell read = { 0 };
            (void)decode_bytes(SKETCH_FORMAT_POSTGRES, &origin, bytes, cut, &read, NULL);
            cell_release(&read);
        }
        ck_damage_is_harmless(SKETCH_FORMAT_POSTGRES, &origin, bytes, len, len, NULL);
        cell_release(&cell);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_are_those_of_postgresql_hll,
        every_form_of_postgresql_hll_is_read,
        registers_come_back_but_for_ranks_above_31,
        sparse_is_written_up_to_4311_registers,
        any_number_and_width_of_registers_is_read,
        bytes_that_are_no_sketch_are_refused_with_the_reason,
        more_registers_fold_and_fewer_are_refused,
        damage_does_no_harm,
    };
    return RUN_SUITE("format_postgres", tests);
}
