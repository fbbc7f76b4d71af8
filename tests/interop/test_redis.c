/* Sketches that travel between cardinald and a real Redis. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "daemon/sketch/codec.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/interop/redis_server.h"

#define REGISTERS 16384u
#define HEADER_BYTES 16u
#define DENSE_BYTES (HEADER_BYTES + REGISTERS / 4 * 3)
#define RSE 0.0081 /* of PFCOUNT */

static struct our_side ours;
static struct redis_server redis;

static void begin(void)
{
    our_side_begin(&ours, CARDINAL_HASH_MURMUR64A);
    redis_begin(&redis);
}

static void end(void)
{
    redis_end(&redis);
    our_side_end(&ours);
}

/* The registers behind a string of either form. */
static void ranks_of(const struct sketch *sketch, uint8_t *ranks)
{
    struct sketch_shape shape;
    struct cell cell = { 0 };
    struct error err;
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    const struct sketch_origin origin = { &shape, HASH_KIND_MURMUR64A, MURMUR64A_SEED };
    enum status status =
        sketch_decode(SKETCH_FORMAT_REDIS, &origin, sketch->bytes, sketch->len, false, &cell, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    cell_registers(&cell, &shape, ranks);
    cell_release(&cell);
}

static void ck_same_registers(const struct sketch *a, const struct sketch *b)
{
    static uint8_t ranks[2][REGISTERS];
    ranks_of(a, ranks[0]);
    ranks_of(b, ranks[1]);
    ck_assert_mem_eq(ranks[0], ranks[1], REGISTERS);
}

/* Our key and Redis's hold the same registers: read by us from what either side has,
 * and byte for byte once Redis itself has made its own dense. */
static void ck_same_key(const char *our_key, const char *their_key)
{
    struct sketch theirs = redis_get(&redis, their_key);
    struct sketch theirs_dense = redis_get_dense(&redis, their_key);
    struct sketch small = our_side_export(&ours, our_key, CARDINAL_FORMAT_REDIS);
    struct sketch dense = our_side_export(&ours, our_key, CARDINAL_FORMAT_REDIS_DENSE);
    ck_same_registers(&small, &theirs);
    ck_assert_uint_eq(dense.len, DENSE_BYTES);
    ck_assert_uint_eq(theirs_dense.len, DENSE_BYTES);
    ck_assert_mem_eq(dense.bytes + HEADER_BYTES, theirs_dense.bytes + HEADER_BYTES,
                     DENSE_BYTES - HEADER_BYTES);
    sketch_free(&theirs);
    sketch_free(&theirs_dense);
    sketch_free(&small);
    sketch_free(&dense);
}

/* Both as far as n, in steps that grow to 1,000,000. */
START_TEST(registers_are_those_of_redis_at_40_cardinalities)
{
    uint64_t before = 0;
    unsigned sparse = 0;
    begin();
    our_side_touch(&ours, "k");
    for (unsigned i = 0; i < 40; i++) {
        uint64_t n = i == 0 ? 0 : (uint64_t)llround(pow(1e6, (i - 1) / 38.0));
        n = n > before || i == 0 ? n : before + 1;
        redis_add(&redis, "k", before, n);
        our_side_add(&ours, "k", before, n);
        ck_same_key("k", "k");
        struct sketch theirs = redis_get(&redis, "k");
        sparse += theirs.bytes[4] == 1;
        sketch_free(&theirs);
        before = n;
    }
    ck_assert_uint_eq(before, 1000000);
    ck_assert_uint_ge(sparse, 15); /* of both forms there were some */
    ck_assert_uint_le(sparse, 30);
    end();
}
END_TEST

static void ck_pfcount(const char *key, uint64_t n)
{
    double counted = (double)redis_ask(&redis, "PFCOUNT %s", key);
    ck_assert_double_eq_tol(counted, (double)n, 1 + 5 * RSE * (double)n);
}

static void set_exported(const char *key, cardinal_format format)
{
    struct sketch sketch = our_side_export(&ours, key, format);
    redis_set(&redis, key, &sketch);
    sketch_free(&sketch);
}

static void ck_merged(const char *into, const char *a, const char *b, cardinal_format format,
                      uint64_t n)
{
    set_exported(a, format);
    set_exported(b, format);
    ck_pfcount(a, n);
    ck_pfcount(b, n);
    (void)redis_ask(&redis, "DEL %s", into);
    (void)redis_ask(&redis, "PFMERGE %s %s %s", into, a, b);
    ck_pfcount(into, n / 2 + n);
    ck_same_key(into, into);
}

START_TEST(redis_counts_and_merges_what_we_export)
{
    static const uint64_t sizes[] = { 1, 100, 3000, 20000, 300000 };
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t n = sizes[i];
        const char a[] = { 'a', (char)('0' + i), 0 };
        const char b[] = { 'b', (char)('0' + i), 0 };
        const char into[] = { 'u', (char)('0' + i), 0 };
        our_side_add(&ours, a, 0, n);
        our_side_add(&ours, b, n / 2, n / 2 + n);
        our_side_merge(&ours, into, a, b);
        ck_merged(into, a, b, CARDINAL_FORMAT_REDIS, n);
        ck_merged(into, a, b, CARDINAL_FORMAT_REDIS_DENSE, n);
    }
    end();
}
END_TEST

START_TEST(what_redis_has_goes_on_growing_here_as_there)
{
    static const uint64_t sizes[] = { 0, 5, 1000, 4000, 30000 };
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char key[24];
        uint64_t n = sizes[i];
        (void)value_text(key, i);
        redis_add(&redis, key, 0, n);
        struct sketch theirs = redis_get(&redis, key);
        our_side_touch(&ours, key);
        our_side_import(&ours, key, CARDINAL_FORMAT_REDIS, &theirs);
        ck_assert_double_eq_tol(our_side_count(&ours, key), (double)n, 0.01 + 5 * RSE * (double)n);
        ck_same_key(key, key);
        for (uint64_t more = n; more < 200000; more = more * 4 + 10) {
            redis_add(&redis, key, more, more * 4 + 10);
            our_side_add(&ours, key, more, more * 4 + 10);
            ck_same_key(key, key);
        }
        sketch_free(&theirs);
    }
    end();
}
END_TEST

START_TEST(a_string_that_is_no_sketch_is_refused)
{
    cardinal_key key = { "k", 1 };
    begin();
    our_side_add(&ours, "k", 0, 10);
    (void)redis_ask(&redis, "SET text nonsense");
    struct sketch text = redis_get(&redis, "text");
    ck_assert_int_eq(cardinal_import(ours.client, OUR_TABLE, OUR_COLUMN, key, CARDINAL_FORMAT_REDIS,
                                     text.bytes, text.len, false, NULL),
                     CARDINAL_INVALID_ARGUMENT);
    ck_assert_str_eq(
        cardinal_error(ours.client),
        "sketch of key 'k': not a sound redis sketch: its magic is not HYLL at byte 0");
    ck_assert_double_eq(our_side_count(&ours, "k"), 10);
    sketch_free(&text);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        registers_are_those_of_redis_at_40_cardinalities,
        redis_counts_and_merges_what_we_export,
        what_redis_has_goes_on_growing_here_as_there,
        a_string_that_is_no_sketch_is_refused,
    };
    return RUN_INTEGRATION("redis", tests);
}
