/* Sketches that travel between cardinald and a real PostgreSQL with postgresql-hll. */
#include <check.h>
#include <string.h>

#include "tests/integration/harness/run_integration.h"
#include "tests/interop/postgres_server.h"

#define RSE 0.0081 /* of 2^14 registers */

static struct our_side ours;
static struct postgres_server postgres;

static void begin(void)
{
    our_side_begin(&ours, CARDINAL_HASH_XXH3);
    postgres_begin(&postgres);
}

static void end(void)
{
    postgres_end(&postgres);
    our_side_end(&ours);
}

static void ck_same(const struct sketch *a, const struct sketch *b)
{
    ck_assert_uint_eq(a->len, b->len);
    ck_assert_mem_eq(a->bytes, b->bytes, a->len);
}

START_TEST(postgres_counts_what_we_export)
{
    uint64_t before = 0;
    begin();
    our_side_touch(&ours, "k");
    for (uint64_t n = 0; n <= 1000000; n = n * 3 + 1) {
        our_side_add(&ours, "k", before, n);
        struct sketch sketch = our_side_export(&ours, "k", CARDINAL_FORMAT_POSTGRES);
        double counted = postgres_number(&postgres, "SELECT hll_cardinality($1::hll)", &sketch);
        ck_assert_double_eq_tol(counted, (double)n, 0.5 + 5 * RSE * (double)n);
        struct sketch typed =
            postgres_sketch(&postgres, "SELECT $1::hll(14, 5)::text", &sketch, NULL);
        ck_same(&sketch, &typed);
        sketch_free(&typed);
        sketch_free(&sketch);
        before = n;
    }
    end();
}
END_TEST

/* Unions of what is empty, sparse and full with each other. */
START_TEST(unions_there_are_unions_here_byte_for_byte)
{
    static const struct {
        uint64_t first;
        uint64_t last;
    } ranges[] = { { 0, 0 }, { 0, 1 }, { 50, 400 }, { 0, 3000 }, { 2000, 5500 }, { 0, 80000 } };
    const size_t count = sizeof ranges / sizeof ranges[0];
    begin();
    for (size_t i = 0; i < count; i++) {
        const char a[] = { (char)('0' + i), 0 };
        our_side_touch(&ours, a);
        our_side_add(&ours, a, ranges[i].first, ranges[i].last);
    }
    for (size_t i = 0; i < count * count; i++) {
        const char a[] = { (char)('0' + i / count), 0 };
        const char b[] = { (char)('0' + i % count), 0 };
        const char into[] = { a[0], b[0], 0 };
        if (a[0] == b[0])
            continue;
        our_side_merge(&ours, into, a, b);
        struct sketch of_a = our_side_export(&ours, a, CARDINAL_FORMAT_POSTGRES);
        struct sketch of_b = our_side_export(&ours, b, CARDINAL_FORMAT_POSTGRES);
        struct sketch here = our_side_export(&ours, into, CARDINAL_FORMAT_POSTGRES);
        struct sketch there =
            postgres_sketch(&postgres, "SELECT hll_union($1::hll, $2::hll)::text", &of_a, &of_b);
        ck_same(&here, &there);
        sketch_free(&of_a);
        sketch_free(&of_b);
        sketch_free(&here);
        sketch_free(&there);
    }
    end();
}
END_TEST

static const struct {
    const char *query;
    double count;
    bool comes_back; /* as the same bytes: no hashes, and our parameters */
} made_there[] = {
    { "SELECT hll_empty(14, 5)::text", 0, true },
    { "SELECT hll_add_agg(hll_hash_bigint(x), 14, 5)::text FROM generate_series(1, 100) x", 100,
      false },
    { "SELECT hll_add_agg(hll_hash_bigint(x), 14, 5, 0, 1)::text FROM generate_series(1, 100) x",
      100, false },
    { "SELECT hll_add_agg(hll_hash_text(x::text), 14, 5, -1, 1)::text"
      " FROM generate_series(1, 3000) x",
      3000, true },
    { "SELECT hll_add_agg(hll_hash_text(x::text), 14, 5, -1, 1)::text"
      " FROM generate_series(1, 50000) x",
      50000, true },
    { "SELECT hll_add_agg(hll_hash_text(x::text), 16, 6, -1, 0)::text"
      " FROM generate_series(1, 50000) x",
      50000, false },
};

START_TEST(what_postgres_made_is_read)
{
    begin();
    for (size_t i = 0; i < sizeof made_there / sizeof made_there[0]; i++) {
        const char key[] = { (char)('0' + i), 0 };
        double n = made_there[i].count;
        struct sketch theirs = postgres_sketch(&postgres, made_there[i].query, NULL, NULL);
        our_side_touch(&ours, key);
        our_side_import(&ours, key, CARDINAL_FORMAT_POSTGRES, &theirs);
        ck_assert_double_eq_tol(our_side_count(&ours, key), n, 0.01 + 5 * RSE * n);
        struct sketch back = our_side_export(&ours, key, CARDINAL_FORMAT_POSTGRES);
        if (made_there[i].comes_back)
            ck_same(&back, &theirs);
        double counted = postgres_number(&postgres, "SELECT hll_cardinality($1::hll)", &back);
        ck_assert_double_eq_tol(counted, n, 0.01 + 5 * RSE * n);
        sketch_free(&back);
        sketch_free(&theirs);
    }
    end();
}
END_TEST

/* A table of higher precision than theirs takes none of their sketches; a default
 * hll, of 2^11 registers, is too small for a table of 2^14. */
START_TEST(fewer_registers_are_refused)
{
    cardinal_key key = { "k", 1 };
    begin();
    struct sketch theirs = postgres_sketch(&postgres, "SELECT hll_empty()::text", NULL, NULL);
    ck_assert_int_eq(cardinal_import(ours.client, OUR_TABLE, OUR_COLUMN, key,
                                     CARDINAL_FORMAT_POSTGRES, theirs.bytes, theirs.len, false,
                                     NULL),
                     CARDINAL_FAILED_PRECONDITION);
    ck_assert_str_eq(cardinal_error(ours.client),
                     "sketch of key 'k': the sketch has precision 11, less than the table's 14");
    sketch_free(&theirs);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        postgres_counts_what_we_export,
        unions_there_are_unions_here_byte_for_byte,
        what_postgres_made_is_read,
        fewer_registers_are_refused,
    };
    return RUN_INTEGRATION("postgres", tests);
}
