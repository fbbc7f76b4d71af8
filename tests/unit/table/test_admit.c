/* A batch that was admitted is applied whole, one that was not leaves no trace. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/memory/budget.h"
#include "daemon/memory/heap.h"
#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define COLUMNS 6u

static const char *const columns_many[] = { "a", "b", "c", "d", "e", "f" };

static void fill_batch(struct filler *filler, uint32_t seed, uint32_t rows, uint32_t values)
{
    for (uint32_t i = 0; i < rows; i++) {
        char key[32];
        uint64_t hashes[40];
        for (uint32_t h = 0; h < 40; h++)
            hashes[h] = value_hash((uint64_t)seed * 1000 + h);
        snprintf(key, sizeof key, "%s%u", i % 2 == 0 ? "some prefix " : "", (seed * 17 + i) % 40);
        filler_row(filler, view(key));
        for (uint32_t column = 0; column <= i % COLUMNS; column++)
            filler_cell(filler, (column + seed) % COLUMNS, hashes, 1 + (i + column) % values);
    }
}

/* Admits and applies what the filler holds, and empties it. */
static enum status apply_whole(struct filler *filler, struct table *table,
                               struct column_set *columns, struct error *err)
{
    struct apply_cursor cursor = { 0 };
    bool done = false;
    filler_seal(filler, columns);
    enum status status = table_admit(table, &filler->batch, columns, &cursor, err);
    while (status == ST_OK && !done)
        status = table_apply(table, &filler->batch, columns, &cursor, 100, &done);
    table_release(table, &cursor);
    filler_empty(filler);
    return status;
}

/* The limit is as low as it may be without being broken, and some bytes. */
static void tighten(uint64_t bytes)
{
    memory_set_others(0);
    memory_set_max(memory_held() + bytes);
}

START_TEST(every_failing_allocation_leaves_a_batch_whole_or_out)
{
    struct column_set columns;
    struct filler filler;
    filler_init(&filler);
    for (int tight = 0; tight < 2; tight++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            struct catalog *catalog;
            struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
            struct error err;
            ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
            fill_batch(&filler, 1, 30, 40);
            memory_set_max(UINT64_MAX);
            ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
            uint64_t before = digest_of(table);
            if (tight)
                tighten((uint64_t)4 << 20);
            fill_batch(&filler, 2, 30, 40);
            failing_alloc_arm(n);
            enum status status = apply_whole(&filler, table, &columns, &err);
            failed = failing_alloc_disarm();
            memory_set_max(UINT64_MAX);
            check_usage(table);
            if (status != ST_OK) {
                ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
                ck_assert_uint_eq(digest_of(table), before);
            }
            fill_batch(&filler, 2, 30, 40);
            ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
            uint64_t whole = digest_of(table);
            if (status == ST_OK) {
                fill_batch(&filler, 2, 30, 40);
                ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
                ck_assert_uint_eq(digest_of(table), whole);
            }
            table_unref(table);
            catalog_free(catalog);
        }
    }
    ck_assert_uint_eq(memory_reserved(), 0);
    filler_release(&filler);
}
END_TEST

START_TEST(at_the_limit_a_batch_is_refused_whole_and_its_table_named)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct column_set columns;
    struct filler filler;
    struct error err;
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    fill_batch(&filler, 1, 20, 30);
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
    uint64_t before = digest_of(table);
    uint64_t refusals = memory_refusals();
    tighten(0);
    fill_batch(&filler, 2, 30, 40);
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.text, "'t'"));
    ck_assert_uint_eq(digest_of(table), before);
    ck_assert_uint_eq(memory_refusals(), refusals + 1);
    ck_assert_uint_eq(memory_reserved(), 0);
    /* What is there already needs nothing. */
    fill_batch(&filler, 1, 20, 30);
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
    ck_assert_uint_eq(digest_of(table), before);
    memory_set_max(UINT64_MAX);
    fill_batch(&filler, 2, 30, 40);
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
    ck_assert_uint_ne(digest_of(table), before);
    filler_release(&filler);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(near_the_limit_what_fits_is_applied)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct column_set columns;
    struct filler filler;
    struct error err;
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    tighten((uint64_t)2 << 20); /* far less than the batch might have needed */
    fill_batch(&filler, 3, 30, 40);
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
    check_usage(table);
    memory_set_max(UINT64_MAX);
    filler_release(&filler);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(near_the_limit_a_batch_may_hold_every_shard)
{
    enum { KEYS = 1000 };
    static const char *const column[] = { "a" };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, column, 1);
    struct column_set columns;
    struct filler filler;
    struct error err;
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    tighten((uint64_t)8 << 20);
    for (uint64_t i = 0; i < KEYS; i++) {
        char key[16];
        uint64_t hash = value_hash(i);
        snprintf(key, sizeof key, "key %u", (unsigned)i);
        filler_row(&filler, view(key));
        filler_cell(&filler, 0, &hash, 1);
    }
    ck_assert_int_eq(apply_whole(&filler, table, &columns, &err), ST_OK);
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        ck_assert_ptr_nonnull(shard_set_get(&table->shards, i));
    ck_assert_uint_eq(memory_reserved(), 0);
    check_usage(table);
    memory_set_max(UINT64_MAX);
    filler_release(&filler);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(at_the_limit_merges_are_refused_whole)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct error err;
    uint64_t keys;
    uint64_t changes;
    add_values(table, view("k"), "a", 0, 5000);
    add_values(table, view("l"), "b", 0, 50);
    uint64_t before = digest_of(table);
    tighten(0);
    ck_assert_int_eq(table_merge(table, &all, view("m"), NULL, &keys, &changes, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.text, "'t'"));
    ck_assert_uint_eq(digest_of(table), before);
    memory_set_max(UINT64_MAX);
    ck_assert_int_eq(table_merge(table, &all, view("m"), NULL, &keys, &changes, &err), ST_OK);
    ck_assert_uint_ne(digest_of(table), before);
    ck_assert_uint_eq(memory_reserved(), 0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

static bool never_visited(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    (void)key;
    (void)estimates;
    (void)arg;
    ck_abort_msg("a key of a refused request");
    return false;
}

START_TEST(beyond_the_limit_what_needs_scratch_memory_is_refused)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct bytes_view name = view("a");
    struct column_set columns;
    struct estimate estimate;
    struct overlap overlap;
    struct error err;
    uint64_t keys;
    size_t claimed;
    ck_assert_int_eq(table_find_columns(table, &name, 1, &columns, NULL), ST_OK);
    add_values(table, view("k"), "a", 0, 100);
    memory_set_others(0);
    memory_set_max(memory_held() / 2);
    ck_assert_int_eq(table_union(table, &all, &columns, NULL, &estimate, &keys, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.text, "'t'"));
    ck_assert_int_eq(table_compare(table, &all, &all, &columns, NULL, &overlap, &keys, &keys, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(table_top(table, &all, 10, &columns, NULL, never_visited, NULL, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(table_claim_cell(table, &claimed, &err), ST_RESOURCE_EXHAUSTED);
    ck_assert_double_eq_tol(count_of(table, view("k"), "a"), 100.0, 0.1); /* one key needs none */
    memory_set_max(UINT64_MAX);
    ck_assert_int_eq(table_union(table, &all, &columns, NULL, &estimate, &keys, &err), ST_OK);
    ck_assert_int_eq(table_claim_cell(table, &claimed, &err), ST_OK);
    ck_assert_uint_eq(memory_reserved(), claimed);
    table_unclaim(claimed);
    ck_assert_uint_eq(memory_reserved(), 0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(at_the_limit_questions_are_answered)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct bytes_view name = view("a");
    struct column_set columns;
    struct estimate estimate;
    struct error err;
    uint64_t keys;
    ck_assert_int_eq(table_find_columns(table, &name, 1, &columns, NULL), ST_OK);
    add_values(table, view("k"), "a", 0, 100);
    memory_set_others((uint64_t)64 << 20);
    memory_set_max(memory_held());
    ck_assert_int_eq(table_union(table, &all, &columns, NULL, &estimate, &keys, &err), ST_OK);
    ck_assert_double_eq_tol(estimate.value, 100.0, 0.1);
    memory_set_max(UINT64_MAX);
    memory_set_others(0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_failing_allocation_leaves_a_batch_whole_or_out,
        at_the_limit_a_batch_is_refused_whole_and_its_table_named,
        near_the_limit_what_fits_is_applied,
        near_the_limit_a_batch_may_hold_every_shard,
        at_the_limit_merges_are_refused_whole,
        beyond_the_limit_what_needs_scratch_memory_is_refused,
        at_the_limit_questions_are_answered,
    };
    return RUN_SUITE("admit", tests);
}
