#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/faults.h"

#define REGISTERS 16384u
#define DENSE_BYTES 12304u
#define HEADER "HYLL\0\0\0\0\0\0\0\0\0\0\0\200"

static uint8_t bytes[SKETCH_BYTES_MAX];
static uint8_t ranks[REGISTERS];

static size_t encode(enum sketch_format format, const struct sketch_origin *origin,
                     const struct cell *cell)
{
    return encode_sound(format, origin, cell, bytes);
}

static void add_string(struct cell *cell, const struct sketch_shape *shape, const char *value)
{
    struct value_hasher hasher;
    ck_assert_int_eq(value_hasher_init(&hasher, HASH_KIND_MURMUR64A, MURMUR64A_SEED), ST_OK);
    add_hash(cell, shape, value_hash_bytes(&hasher, value, strlen(value)));
}

/* What redis-server 7.0.15 has after PFADD k alpha beta gamma. */
static const uint8_t of_three[] = {
    'H', 'Y',  'L',  'L',  1,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,   0x80, 0x57, 0x4b, 0x84, 0x50, 0x93, 0x8c, 0x54, 0xc6, 0x80, 0x43, 0x55,
};

START_TEST(sparse_is_byte_for_byte_that_of_redis)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    add_string(&cell, &shape, "alpha");
    add_string(&cell, &shape, "beta");
    add_string(&cell, &shape, "gamma");
    ck_assert_uint_eq(encode(SKETCH_FORMAT_REDIS, &origin, &cell), sizeof of_three);
    ck_assert_mem_eq(bytes, of_three, sizeof of_three);
    struct cell read = { 0 };
    ck_assert_int_eq(
        decode_bytes(SKETCH_FORMAT_REDIS, &origin, of_three, sizeof of_three, &read, NULL), ST_OK);
    ck_assert_int_eq(cell_state(&read), CELL_SPARSE);
    ck_assert_uint_eq(cell_digest(&read, &shape), cell_digest(&cell, &shape));
    cell_release(&read);
    cell_release(&cell);
}
END_TEST

/* The beginning of what it has after PFADD of v1 .. v20000. */
START_TEST(dense_is_byte_for_byte_that_of_redis)
{
    static const uint8_t start[] = { 0x00, 0x60, 0x08, 0x03, 0x61, 0x00, 0x41, 0x00,
                                     0x08, 0x43, 0x00, 0x00, 0x82, 0x00, 0x00, 0x01,
                                     0x10, 0x00, 0xc4, 0x00, 0x00, 0x81, 0x00, 0x00,
                                     0x83, 0x30, 0x04, 0x44, 0x60, 0x04, 0x00, 0x11 };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    for (unsigned i = 1; i <= 20000; i++) {
        char value[16];
        (void)snprintf(value, sizeof value, "v%u", i);
        add_string(&cell, &shape, value);
    }
    ck_assert_uint_eq(encode(SKETCH_FORMAT_REDIS, &origin, &cell), DENSE_BYTES);
    ck_assert_mem_eq(bytes, "HYLL\0", 5);
    ck_assert_mem_eq(bytes + 16, start, sizeof start);
    cell_release(&cell);
}
END_TEST

START_TEST(registers_come_back_from_either_form)
{
    static const enum sketch_format formats[] = { SKETCH_FORMAT_REDIS, SKETCH_FORMAT_REDIS_DENSE };
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    for (uint64_t n = 0; n <= 1000000; n = n * 3 + 1) {
        struct cell cell = { 0 };
        add_stream(&cell, &shape, NULL, seed, 0, n);
        cell_registers(&cell, &shape, ranks);
        for (size_t i = 0; i < 2; i++) {
            struct cell read = { 0 };
            size_t len = encode(formats[i], &origin, &cell);
            ck_assert_int_eq(decode_bytes(formats[i], &origin, bytes, len, &read, NULL), ST_OK);
            ck_ranks(&read, &shape, ranks);
            cell_release(&read);
        }
        cell_release(&cell);
    }
}
END_TEST

#define SPARSE_BYTES_MAX 3000u

/* Runs of one register that take used bytes of opcodes, then zeros. */
static void fill_runs(size_t used)
{
    memset(ranks, 0, sizeof ranks);
    for (size_t i = 0; i < used / 2; i++)
        ranks[2 * i + 1] = (uint8_t)(1 + i % 3);
}

static size_t encode_ranks(const struct sketch_origin *origin)
{
    struct cell cell = { 0 };
    ck_assert_int_eq(cell_from_registers(&cell, origin->shape, ranks), ST_OK);
    size_t len = encode(SKETCH_FORMAT_REDIS, origin, &cell);
    cell_release(&cell);
    return len;
}

START_TEST(sparse_is_written_up_to_the_bytes_that_redis_allows)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    const size_t around = 16 + 2; /* the header, the last run of zeros */
    fill_runs(SPARSE_BYTES_MAX - around);
    ck_assert_uint_eq(encode_ranks(&origin), SPARSE_BYTES_MAX);
    ck_assert_uint_eq(bytes[4], 1);
    ranks[REGISTERS - 1] = 2; /* a byte more */
    ck_assert_uint_eq(encode_ranks(&origin), DENSE_BYTES);
    ck_assert_uint_eq(bytes[4], 0);
}
END_TEST

START_TEST(sparse_gives_way_to_dense_once)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    size_t before = 0;
    for (uint64_t n = 0; n < 20000; n += 200) {
        add_stream(&cell, &shape, NULL, 1, n, n + 200);
        size_t len = encode(SKETCH_FORMAT_REDIS, &origin, &cell);
        ck_assert_uint_le(before, len);
        ck_assert(len <= SPARSE_BYTES_MAX || len == DENSE_BYTES);
        ck_assert_uint_eq(bytes[4], len < DENSE_BYTES ? 1 : 0);
        ck_assert_uint_eq(bytes[15], 0x80);
        before = len;
    }
    ck_assert_uint_eq(before, DENSE_BYTES);
    cell_release(&cell);
}
END_TEST

START_TEST(a_rank_that_sparse_cannot_say_makes_it_dense)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    for (unsigned rank = 31; rank <= 51; rank++) {
        struct cell cell = { 0 };
        add_hash(&cell, &shape, rank == 51 ? 5 : 5 | 1ull << (13 + rank));
        size_t len = encode(SKETCH_FORMAT_REDIS, &origin, &cell);
        ck_assert_uint_eq(bytes[4], rank <= 32 ? 1 : 0);
        struct cell read = { 0 };
        ck_assert_int_eq(decode_bytes(SKETCH_FORMAT_REDIS, &origin, bytes, len, &read, NULL),
                         ST_OK);
        cell_registers(&read, &shape, ranks);
        ck_assert_uint_eq(ranks[5], rank);
        cell_release(&read);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(higher_precision_folds_on_the_way_out_lower_on_the_way_in)
{
    uint64_t seed = test_seed();
    static struct reference ref;
    for (unsigned p = 4; p <= 18; p++) {
        struct sketch_shape shape = shape_of(p);
        struct sketch_origin origin = murmur_origin(&shape);
        struct sketch_shape shape_14 = shape_of(14);
        struct sketch_origin origin_14 = murmur_origin(&shape_14);
        struct cell cell = { 0 };
        struct cell read = { 0 };
        const struct sketch_origin *from = p > 14 ? &origin : &origin_14;
        const struct sketch_origin *to = p > 14 ? &origin_14 : &origin;
        reference_init(&ref, to->shape->precision);
        add_stream(&cell, from->shape, NULL, seed, 0, 30000);
        add_stream(&read, to->shape, &ref, seed, 0, 0);
        for (uint64_t n = 0; n < 30000; n++)
            reference_add(&ref, stream_hash(seed, n));
        size_t len = encode(SKETCH_FORMAT_REDIS, from, &cell);
        ck_assert_int_eq(decode_bytes(SKETCH_FORMAT_REDIS, to, bytes, len, &read, NULL), ST_OK);
        ck_registers(&read, to->shape, &ref);
        cell_release(&read);
        cell_release(&cell);
    }
}
END_TEST

START_TEST(lower_precision_than_theirs_is_refused_both_ways)
{
    struct sketch_shape shape = shape_of(13);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    struct error err;
    size_t len;
    for (int format = SKETCH_FORMAT_REDIS; format < SKETCH_FORMAT_COUNT; format++) {
        char text[100];
        (void)snprintf(text, sizeof text, "a %s sketch has precision 14, more than the table's 13",
                       sketch_format_name(format));
        ck_assert_int_eq(
            sketch_encode((enum sketch_format)format, &origin, &cell, bytes, &len, &err),
            ST_FAILED_PRECONDITION);
        ck_assert_str_eq(err.text, text);
    }
    shape = shape_of(15);
    ck_refused(SKETCH_FORMAT_REDIS, &origin, of_three, sizeof of_three, ST_FAILED_PRECONDITION,
               "the sketch has precision 14, less than the table's 15");
}
END_TEST

START_TEST(a_table_of_another_hash_takes_it_only_when_told)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = { &shape, HASH_KIND_XXH3, 0 };
    struct cell cell = { 0 };
    ck_refused(SKETCH_FORMAT_REDIS, &origin, of_three, sizeof of_three, ST_FAILED_PRECONDITION,
               "a redis sketch is of murmur64a, the table of xxh3");
    ck_refused(SKETCH_FORMAT_DORIS, &origin, "\0", 1, ST_FAILED_PRECONDITION,
               "a doris sketch is of murmur64a, the table of xxh3");
    ck_assert_int_eq(
        sketch_decode(SKETCH_FORMAT_REDIS, &origin, of_three, sizeof of_three, true, &cell, NULL),
        ST_OK);
    ck_assert_double_eq_tol(cell_estimate(&cell, &shape).value, 3, 0.01);
    cell_release(&cell);
    origin = (struct sketch_origin){ &shape, HASH_KIND_MURMUR64A, 1 };
    ck_refused(SKETCH_FORMAT_REDIS, &origin, of_three, sizeof of_three, ST_FAILED_PRECONDITION,
               "is of murmur64a under seed 0xadc83b19, the table under another seed");
}
END_TEST

START_TEST(the_cached_count_is_not_believed)
{
    uint8_t poisoned[sizeof of_three];
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    memcpy(poisoned, of_three, sizeof poisoned);
    memset(poisoned + 8, 0x7f, 8);
    ck_assert_int_eq(
        decode_bytes(SKETCH_FORMAT_REDIS, &origin, poisoned, sizeof poisoned, &cell, NULL), ST_OK);
    ck_assert_double_eq_tol(cell_estimate(&cell, &shape).value, 3, 0.01);
    cell_release(&cell);
}
END_TEST

#define SPARSE_HEADER "HYLL\1\0\0\0\0\0\0\0\0\0\0\200"

START_TEST(bytes_that_are_no_sketch_are_refused_with_the_reason)
{
    static const struct fault faults[] = {
        { BYTES(""), "the header is cut off by the end at byte 0" },
        { BYTES("HYL"), "the header is cut off by the end at byte 3" },
        { BYTES("HYXL"), "its magic is not HYLL at byte 2" },
        { BYTES("HYLL\1\0\0\0\0\0\0\0\0\0\0"), "the header is cut off by the end at byte 15" },
        { BYTES("HYLL\2\0\0\0\0\0\0\0\0\0\0\0"), "unknown form 2 at byte 4" },
        { BYTES("HYLL\0\0\1\0\0\0\0\0\0\0\0\0"), "1 where 0 must be at byte 6" },
        { BYTES(HEADER), "the list of registers is cut off by the end at byte 16" },
        { BYTES(SPARSE_HEADER), "its runs end after 0 of 16384 registers at byte 16" },
        { BYTES(SPARSE_HEADER "\x7f\xfe"),
          "its runs end after 16383 of 16384 registers at byte 18" },
        { BYTES(SPARSE_HEADER "\x7f"), "a run of zeros is cut off by the end at byte 17" },
        { BYTES(SPARSE_HEADER "\x7f\xff\x00"),
          "a run of 1 registers from 16384 on goes past the last, 16383, at byte 18" },
        { BYTES(SPARSE_HEADER "\x00\x7f\xff"),
          "a run of 16384 registers from 1 on goes past the last, 16383, at byte 17" },
        { BYTES(SPARSE_HEADER "\x7f\xfe\x81"),
          "a run of 2 registers from 16383 on goes past the last, 16383, at byte 18" },
    };
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    ck_faults_refused(SKETCH_FORMAT_REDIS, &origin, faults, sizeof faults / sizeof faults[0]);
}
END_TEST

/* Runs of zeros that add up to 2^32 and more, and then some registers: the way into
 * memory of CVE-2025-32023. */
START_TEST(runs_that_overflow_a_counter_are_refused)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    size_t len = (1u << 18) * 2 + 16;
    uint8_t *runs = malloc(len + 1);
    ck_assert_ptr_nonnull(runs);
    memcpy(runs, SPARSE_HEADER, 16);
    for (size_t at = 16; at < len; at += 2) {
        runs[at] = 0x7f;
        runs[at + 1] = 0xff;
    }
    runs[len] = 0x80;
    ck_refused(SKETCH_FORMAT_REDIS, &origin, runs, len + 1, ST_INVALID_ARGUMENT,
               "a run of 16384 registers from 16384 on goes past the last, 16383, at byte 18");
    free(runs);
}
END_TEST

START_TEST(a_dense_sketch_has_its_length_and_its_ranks)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, 50000);
    size_t len = encode(SKETCH_FORMAT_REDIS_DENSE, &origin, &cell);
    ck_cuts_refused(SKETCH_FORMAT_REDIS_DENSE, &origin, bytes, len);
    ck_refused(SKETCH_FORMAT_REDIS, &origin, bytes, len + 1, ST_INVALID_ARGUMENT,
               "more than all registers at byte 12304");
    bytes[19] = 0x34;
    ck_refused(SKETCH_FORMAT_REDIS, &origin, bytes, len, ST_INVALID_ARGUMENT,
               "register 4 has rank 52, above 51, at byte 19");
    cell_release(&cell);
}
END_TEST

START_TEST(damage_does_no_harm)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, 300);
    size_t len = encode(SKETCH_FORMAT_REDIS, &origin, &cell);
    ck_cuts_refused(SKETCH_FORMAT_REDIS, &origin, bytes, len);
    ck_damage_is_harmless(SKETCH_FORMAT_REDIS, &origin, bytes, len, len, NULL);
    cell_release(&cell);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sparse_is_byte_for_byte_that_of_redis,
        dense_is_byte_for_byte_that_of_redis,
        registers_come_back_from_either_form,
        sparse_is_written_up_to_the_bytes_that_redis_allows,
        sparse_gives_way_to_dense_once,
        a_rank_that_sparse_cannot_say_makes_it_dense,
        higher_precision_folds_on_the_way_out_lower_on_the_way_in,
        lower_precision_than_theirs_is_refused_both_ways,
        a_table_of_another_hash_takes_it_only_when_told,
        the_cached_count_is_not_believed,
        bytes_that_are_no_sketch_are_refused_with_the_reason,
        runs_that_overflow_a_counter_are_refused,
        a_dense_sketch_has_its_length_and_its_ranks,
        damage_does_no_harm,
    };
    return RUN_SUITE("format_redis", tests);
}
