#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/faults.h"

#define REGISTERS 16384u

static uint8_t bytes[SKETCH_BYTES_MAX];
static uint8_t ranks[REGISTERS];

static size_t encode(const struct sketch_origin *origin, const struct cell *cell)
{
    return encode_sound(SKETCH_FORMAT_DORIS, origin, cell, bytes);
}

static struct cell decode(const struct sketch_origin *origin, const void *from, size_t len)
{
    return decode_sound(SKETCH_FORMAT_DORIS, origin, from, len);
}

START_TEST(bytes_are_those_of_the_layout)
{
    static const uint8_t empty[] = { 0 };
    static const uint8_t sparse[] = { 2, 2, 0, 0, 0, 0x05, 0x00, 1, 0x02, 0x01, 51 };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    ck_assert_uint_eq(encode(&origin, &cell), sizeof empty);
    ck_assert_mem_eq(bytes, empty, sizeof empty);
    add_hash(&cell, &shape, 1u << 14 | 5);
    add_hash(&cell, &shape, 0x102);
    ck_assert_uint_eq(encode(&origin, &cell), sizeof sparse);
    ck_assert_mem_eq(bytes, sparse, sizeof sparse);
    cell_release(&cell);
}
END_TEST

START_TEST(more_than_4096_registers_are_written_in_full)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    for (uint64_t i = 0; i < 4096; i++)
        add_hash(&cell, &shape, (i % 3 + 1) << 14 | i * 3);
    ck_assert_uint_eq(encode(&origin, &cell), 5 + 3 * 4096);
    ck_assert_uint_eq(bytes[0], 2);
    add_hash(&cell, &shape, 1u << 14 | 16000);
    ck_assert_uint_eq(encode(&origin, &cell), 1 + REGISTERS);
    ck_assert_uint_eq(bytes[0], 3);
    cell_registers(&cell, &shape, ranks);
    ck_assert_mem_eq(bytes + 1, ranks, REGISTERS);
    cell_release(&cell);
}
END_TEST

START_TEST(registers_come_back)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    for (uint64_t n = 0; n <= 1000000; n = n * 3 + 1) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, n);
        cell_registers(&cell, &shape, ranks);
        size_t len = encode(&origin, &cell);
        struct cell read = decode(&origin, bytes, len);
        ck_ranks(&read, &shape, ranks);
        cell_release(&read);
        cell_release(&cell);
    }
}
END_TEST

/* Hashes are values: they stay tokens, and count exactly. */
START_TEST(hashes_are_added_as_values)
{
    uint64_t seed = test_seed();
    for (unsigned p = 4; p <= 14; p++) {
        struct sketch_shape shape = shape_of(p);
        struct sketch_origin origin = murmur_origin(&shape);
        struct cell wanted = { 0 };
        bytes[0] = 1;
        bytes[1] = 160;
        for (unsigned i = 0; i < 160; i++) {
            uint64_t hash = stream_hash(seed, i);
            memcpy(bytes + 2 + (size_t)i * 8, &hash, 8);
            add_hash(&wanted, &shape, hash);
        }
        struct cell read = decode(&origin, bytes, 2 + 160 * 8);
        ck_assert_uint_eq(cell_digest(&read, &shape), cell_digest(&wanted, &shape));
        if (p == 14)
            ck_assert_double_eq(cell_estimate(&read, &shape).value,
                                cell_estimate(&wanted, &shape).value);
        cell_release(&read);
        cell_release(&wanted);
    }
}
END_TEST

START_TEST(bytes_that_are_no_sketch_are_refused_with_the_reason)
{
    static const struct fault faults[] = {
        { BYTES(""), "the form is cut off by the end at byte 0" },
        { BYTES("\4"), "unknown form 4 at byte 0" },
        { BYTES("\0\0"), "bytes follow its end at byte 1" },
        { BYTES("\1"), "the count of hashes is cut off by the end at byte 1" },
        { BYTES("\1\xa1"), "161 hashes, more than 160, at byte 1" },
        { BYTES("\1\1\1\2\3\4\5\6\7"), "the list of hashes is cut off by the end at byte 9" },
        { BYTES("\1\1\1\2\3\4\5\6\7\x08\x09"), "bytes follow its end at byte 10" },
        { BYTES("\2\1\0\0"), "the count of registers is cut off by the end at byte 4" },
        { BYTES("\2\xff\xff\xff\xff"), "4294967295 registers, more than 16384, at byte 1" },
        { BYTES("\2\1\0\0\0\0\0"), "the list of registers is cut off by the end at byte 7" },
        { BYTES("\2\0\0\0\0\0"), "bytes follow its end at byte 5" },
        { BYTES("\2\1\0\0\0\0\x40\1"), "there is no register 16384 at byte 5" },
        { BYTES("\2\2\0\0\0\7\0\1\7\0\2"), "register 7 is out of order at byte 8" },
        { BYTES("\2\2\0\0\0\7\0\1\6\0\2"), "register 6 is out of order at byte 8" },
        { BYTES("\2\1\0\0\0\7\0\x34"), "register 7 has rank 52, above 51, at byte 7" },
        { BYTES("\3\1"), "the list of registers is cut off by the end at byte 2" },
    };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    ck_faults_refused(SKETCH_FORMAT_DORIS, &origin, faults, sizeof faults / sizeof faults[0]);
}
END_TEST

START_TEST(a_full_sketch_has_its_length_and_its_ranks)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, 50000);
    size_t len = encode(&origin, &cell);
    ck_cuts_refused(SKETCH_FORMAT_DORIS, &origin, bytes, len);
    ck_refused(SKETCH_FORMAT_DORIS, &origin, bytes, len + 1, ST_INVALID_ARGUMENT,
               "bytes follow its end at byte 16385");
    bytes[100] = 52;
    ck_refused(SKETCH_FORMAT_DORIS, &origin, bytes, len, ST_INVALID_ARGUMENT,
               "register 99 has rank 52, above 51, at byte 100");
    cell_release(&cell);
}
END_TEST

START_TEST(damage_does_no_harm)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, 300);
    size_t len = encode(&origin, &cell);
    ck_cuts_refused(SKETCH_FORMAT_DORIS, &origin, bytes, len);
    ck_damage_is_harmless(SKETCH_FORMAT_DORIS, &origin, bytes, len, len, NULL);
    cell_release(&cell);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_are_those_of_the_layout,
        more_than_4096_registers_are_written_in_full,
        registers_come_back,
        hashes_are_added_as_values,
        bytes_that_are_no_sketch_are_refused_with_the_reason,
        a_full_sketch_has_its_length_and_its_ranks,
        damage_does_no_harm,
    };
    return RUN_SUITE("format_doris", tests);
}
