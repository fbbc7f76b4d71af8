/* Each allocation of each request fails in turn: nothing leaks, and the table
 * holds what it held or what the request meant, and counts it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const char *const columns_many[] = { "a", "b", "c", "d", "e", "f" };
#define COLUMNS 6u

START_TEST(catalog_survives_every_failing_allocation)
{
    struct bytes_view columns[] = { view("a"), view("b") };
    struct table_spec spec = { .name = view("t"), .columns = columns, .column_count = 2 };
    bool failed = true;
    for (long n = 0; failed; n++) {
        failing_alloc_arm(n);
        struct catalog *catalog = catalog_new(10, 1);
        struct table *table = NULL;
        bool created;
        struct error err;
        enum status status = ST_OK;
        if (catalog != NULL)
            status = catalog_create(catalog, &spec, false, &table, &created, &err);
        failed = failing_alloc_disarm();
        if (catalog != NULL) {
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            ck_assert_uint_eq(catalog_count(catalog), failed ? 0 : 1);
        }
        table_unref(table);
        catalog_free(catalog);
    }
}
END_TEST

START_TEST(alter_changes_nothing_without_memory)
{
    struct bytes_view add = view("x");
    struct bytes_view drop = view("a");
    struct table_change change = { &add, 1, &drop, 1, { NULL, 0 } };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct table *altered;
    add_values(table, view("k"), "a", 0, 100);
    failing_alloc_arm(0);
    enum status status = catalog_alter(catalog, view("t"), &change, &altered, NULL);
    ck_assert(failing_alloc_disarm());
    ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
    ck_assert_double_eq_tol(count_of(table, view("k"), "a"), 100.0, 0.1);
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

/* Rows that make shards, grow pools, indices and leaves, widen rows and grow
 * cells through their forms. */
static void fill_batch(struct filler *filler, uint32_t seed)
{
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t which = (seed * 17 + i) % 40;
        char key[32];
        uint64_t hashes[40];
        for (uint32_t h = 0; h < 40; h++)
            hashes[h] = value_hash((uint64_t)seed * 1000 + h);
        snprintf(key, sizeof key, "%s%u", which % 2 == 0 ? "some prefix " : "", which);
        filler_row(filler, view(key));
        for (uint32_t column = 0; column <= i % COLUMNS; column++)
            filler_cell(filler, (column + seed) % COLUMNS, hashes, 1 + (i + column) % 40);
    }
}

/* Applies the filler's batch with allocation n failing; whether one did. */
static bool apply_failing(struct filler *filler, struct table *table, struct column_set *columns,
                          long n)
{
    struct apply_cursor cursor = { 0 };
    bool done = false;
    enum status status = ST_OK;
    filler_seal(filler, columns);
    failing_alloc_arm(n);
    while (!done && status == ST_OK)
        status = table_apply(table, &filler->batch, columns, &cursor, 100, &done);
    bool failed = failing_alloc_disarm();
    /* Rollups make do without memory, or go stale. */
    if (status != ST_OK)
        ck_assert(failed && status == ST_RESOURCE_EXHAUSTED);
    check_usage(table);
    while (!done)
        ck_assert_int_eq(table_apply(table, &filler->batch, columns, &cursor, 100, &done), ST_OK);
    filler_empty(filler);
    return failed;
}

START_TEST(apply_survives_every_failing_allocation_and_can_go_on)
{
    struct catalog *whole_catalog;
    struct table *whole = fixture_table(&whole_catalog, columns_many, COLUMNS);
    struct column_set columns;
    struct filler filler;
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(whole, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t seed = 0; seed < 2; seed++) {
        fill_batch(&filler, seed);
        filler_apply(&filler, whole, &columns, 1000);
    }
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct catalog *catalog;
        struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
        failed = false;
        for (uint32_t seed = 0; seed < 2; seed++) {
            fill_batch(&filler, seed);
            failed |= apply_failing(&filler, table, &columns, n);
        }
        ck_assert_uint_eq(digest_of(table), digest_of(whole));
        table_unref(table);
        catalog_free(catalog);
    }
    filler_release(&filler);
    table_unref(whole);
    catalog_free(whole_catalog);
}
END_TEST

static bool ignore_visit(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    (void)key;
    (void)estimates;
    (void)arg;
    return true;
}

START_TEST(queries_say_so_without_memory_and_leave_their_outputs)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct bytes_view listed[] = { view("0"), view("1") };
    struct selector list = { .kind = SELECTOR_LIST, .list = listed, .list_count = 2 };
    const struct selector *const selectors[] = { &all, &list };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    struct column_set columns;
    struct estimate estimates[COLUMNS];
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    add_values(table, view("0"), "a", 0, 5000);
    add_values(table, view("1"), "a", 3000, 50000);
    for (int kind = 0; kind < 2; kind++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            uint64_t keys = 77;
            struct error err;
            failing_alloc_arm(n);
            enum status status =
                table_union(table, selectors[kind], &columns, NULL, estimates, &keys, &err);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
            ck_assert_uint_eq(keys, failed ? 77 : 2);
        }
    }
    bool more = true;
    failing_alloc_arm(0);
    enum status status =
        table_scan(table, &all, NULL, 10, &columns, NULL, ignore_visit, NULL, &more, NULL);
    ck_assert(failing_alloc_disarm());
    ck_assert_int_eq(status, ST_RESOURCE_EXHAUSTED);
    ck_assert(more);
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

/* Deletes 500 keys of a table, two of them by list, with allocation n failing;
 * whether one did. */
static bool delete_failing(long n)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct bytes_view listed[] = { view("0"), view("1") };
    struct selector list = { .kind = SELECTOR_LIST, .list = listed, .list_count = 2 };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_many, COLUMNS);
    uint64_t deleted;
    uint64_t deleted_all;
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        add_values(table, view(key), "a", 0, 20);
    }
    failing_alloc_arm(n);
    enum status status = table_delete(table, &list, NULL, &deleted, NULL);
    enum status status_all = table_delete(table, &all, NULL, &deleted_all, NULL);
    bool failed = failing_alloc_disarm();
    ck_assert_int_eq(status, ST_OK);
    ck_assert_int_eq(status_all, ST_OK);
    ck_assert_uint_eq(deleted, 2);
    ck_assert_uint_eq(deleted_all, 498);
    table_unref(table);
    catalog_free(catalog);
    return failed;
}

/* What rollups are told on the way may need some, or they go stale. */
START_TEST(delete_succeeds_without_memory)
{
    long n = 0;
    while (delete_failing(n))
        n++;
    ck_assert_int_lt(n, 100);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        catalog_survives_every_failing_allocation,
        alter_changes_nothing_without_memory,
        apply_survives_every_failing_allocation_and_can_go_on,
        queries_say_so_without_memory_and_leave_their_outputs,
        delete_succeeds_without_memory,
    };
    return RUN_SUITE("table_nomem", tests);
}
