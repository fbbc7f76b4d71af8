#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/sketches.h"

static uint8_t bytes[SKETCH_BYTES_MAX];

/* Fails allocation 0, 1, 2, .. of an encoding until it succeeds. */
static size_t encode_at_last(enum sketch_format format, const struct sketch_origin *origin,
                             const struct cell *cell)
{
    size_t len = 0;
    for (long n = 0;; n++) {
        failing_alloc_arm(n);
        enum status status = sketch_encode(format, origin, cell, bytes, &len, NULL);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(status, ST_OK);
            return len;
        }
        ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
        ck_assert_uint_eq(len, 0);
    }
}

static void decode_at_last(enum sketch_format format, const struct sketch_origin *origin,
                           size_t len, uint64_t digest)
{
    for (long n = 0;; n++) {
        struct cell cell = { 0 };
        struct error err = { 0 };
        failing_alloc_arm(n);
        enum status status = sketch_decode(format, origin, bytes, len, false, &cell, &err);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(status, ST_OK);
            ck_assert_uint_eq(cell_digest(&cell, origin->shape), digest);
            cell_release(&cell);
            return;
        }
        ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
        ck_assert_int_eq(err.code, ST_RESOURCE_EXHAUSTED);
        ck_assert_uint_eq(cell.word, 0);
    }
}

START_TEST(failing_allocations_leave_nothing_behind)
{
    static const uint64_t sizes[] = { 1, 10, 300, 5000, 100000 };
    struct sketch_shape from = shape_of(15);
    struct sketch_origin from_origin = murmur_origin(&from);
    for (unsigned p = 12; p <= 14; p += 2) {
        struct sketch_shape to = shape_of(p);
        struct sketch_origin to_origin = murmur_origin(&to);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct cell cell = { 0 };
            struct cell wanted = { 0 };
            add_stream(&cell, &from, NULL, 1, 0, sizes[i]);
            add_stream(&wanted, &to, NULL, 1, 0, sizes[i]);
            for (int format = 0; format < SKETCH_FORMAT_COUNT; format++) {
                size_t len = encode_at_last((enum sketch_format)format, &from_origin, &cell);
                decode_at_last((enum sketch_format)format, &to_origin, len,
                               cell_digest(&wanted, &to));
            }
            cell_release(&wanted);
            cell_release(&cell);
        }
    }
}
END_TEST

START_TEST(a_list_of_hashes_that_fails_midway_leaves_nothing_behind)
{
    struct sketch_shape shape = shape_of(14);
    struct sketch_origin origin = murmur_origin(&shape);
    struct cell wanted = { 0 };
    add_stream(&wanted, &shape, NULL, 1, 0, 40);
    uint64_t digest = cell_digest(&wanted, &shape);
    bytes[0] = 1;
    bytes[1] = 40;
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t hash = stream_hash(1, i);
        memcpy(bytes + 2 + i * 8, &hash, 8);
    }
    decode_at_last(SKETCH_FORMAT_DORIS, &origin, 2 + 40 * 8, digest);
    cell_release(&wanted);
    memcpy(bytes, "\x12\x8e\x7f", 3);
    for (uint64_t i = 0; i < 40; i++) {
        memset(bytes + 3 + i * 8, 0, 8);
        bytes[3 + i * 8 + 7] = (uint8_t)i;
        add_hash(&wanted, &shape, i);
    }
    decode_at_last(SKETCH_FORMAT_POSTGRES, &origin, 3 + 40 * 8, cell_digest(&wanted, &shape));
    cell_release(&wanted);
}
END_TEST

START_TEST(formats_have_names)
{
    ck_assert_str_eq(sketch_format_name(SKETCH_FORMAT_NATIVE), "native");
    ck_assert_str_eq(sketch_format_name(SKETCH_FORMAT_REDIS_DENSE), "redis-dense");
    ck_assert_str_eq(sketch_format_name(SKETCH_FORMAT_POSTGRES), "postgres");
    ck_assert_ptr_null(sketch_format_name(SKETCH_FORMAT_COUNT));
    ck_assert_ptr_null(sketch_format_name(-1));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        failing_allocations_leave_nothing_behind,
        a_list_of_hashes_that_fails_midway_leaves_nothing_behind,
        formats_have_names,
    };
    return RUN_SUITE("codec_nomem", tests);
}
