#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const char *const columns_ab[] = { "a", "b" };
static const struct selector all = { .kind = SELECTOR_ALL };

static void release(struct table *table, struct catalog *catalog)
{
    table_unref(table);
    catalog_free(catalog);
}

START_TEST(apply_of_a_huge_cell_goes_on_where_it_stopped)
{
    enum { VALUES = 65536 };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_ab, 2);
    struct table *other;
    struct catalog *other_catalog;
    struct column_set columns;
    uint64_t *hashes = malloc(VALUES * sizeof *hashes);
    ck_assert_ptr_nonnull(hashes);
    for (uint32_t i = 0; i < VALUES; i++)
        hashes[i] = value_hash(i);
    struct batch_row row = { .key = (const uint8_t *)"k", .key_len = 1, .cell_count = 1 };
    struct batch_cell cell = { (const uint8_t *)hashes, VALUES, 0 };
    struct batch batch = { &row, 1, 1, &cell, VALUES };
    struct apply_cursor cursor = { 0 };
    bool done = false;
    uint32_t calls = 0;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (; !done; calls++) {
        ck_assert_int_eq(table_apply(table, &batch, &columns, &cursor, 1500, &done), ST_OK);
        if (!done)
            ck_assert_uint_eq(cursor.next_hash, cursor.values);
        ck_assert_uint_le(cursor.values, (calls + 1) * 1500);
    }
    ck_assert_uint_ge(calls, (VALUES + 1499) / 1500);
    ck_assert_uint_le(calls, (VALUES + 1499) / 1500 + 1); /* it became dense once */
    ck_assert_uint_eq(cursor.values, VALUES);
    other = fixture_table(&other_catalog, columns_ab, 2);
    add_values(other, view("k"), "a", 0, VALUES);
    ck_assert_uint_eq(digest_of(table), digest_of(other));
    free(hashes);
    release(other, other_catalog);
    release(table, catalog);
}
END_TEST

/* Becoming dense takes as long as hundreds of values, which the caller who asks for a
 * few at a time must not have for each of them. */
START_TEST(apply_does_less_at_one_time_where_cells_become_dense)
{
    enum { KEYS = 32, BEFORE = 3800, AFTER = 300, STEP = 1000 };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_ab, 2);
    struct column_set columns;
    struct filler filler;
    uint64_t hashes[AFTER];
    struct apply_cursor cursor = { 0 };
    struct table_usage usage = { 0 };
    bool done = false;
    unsigned calls = 0;
    filler_init(&filler);
    for (uint32_t i = 0; i < AFTER; i++)
        hashes[i] = value_hash(BEFORE + i);
    for (unsigned i = 0; i < KEYS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%u", i);
        add_values(table, view(key), "a", 0, BEFORE);
        filler_row(&filler, view(key));
        filler_cell(&filler, 0, hashes, AFTER);
    }
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    filler_seal(&filler, &columns);
    table_add_usage(table, &usage);
    ck_assert_uint_eq(usage.cells[CELL_DENSE], 0);
    for (; !done; calls++)
        ck_assert_int_eq(table_apply(table, &filler.batch, &columns, &cursor, STEP, &done), ST_OK);
    table_add_usage(table, &usage);
    ck_assert_uint_eq(usage.cells[CELL_DENSE], KEYS);
    ck_assert_uint_eq(cursor.values, KEYS * AFTER);
    ck_assert_uint_ge(calls, 2 * (KEYS * AFTER / STEP));
    filler_release(&filler);
    release(table, catalog);
}
END_TEST

START_TEST(apply_again_changes_nothing)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 500);
    struct column_set columns;
    struct filler filler;
    uint64_t digest = digest_of(table);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    filler_init(&filler);
    for (uint64_t i = 0; i < 500; i++) {
        char key[16];
        uint64_t hash = value_hash(i);
        snprintf(key, sizeof key, "k%05u", (unsigned)i);
        filler_row(&filler, view(key));
        filler_cell(&filler, 0, &hash, 1);
    }
    ck_assert_uint_eq(filler_apply(&filler, table, &columns, 7), 0);
    ck_assert_uint_eq(digest_of(table), digest);
    filler_release(&filler);
    release(table, catalog);
}
END_TEST

START_TEST(apply_goes_on_after_its_row_was_deleted_between_calls)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_ab, 2);
    struct column_set columns;
    uint64_t hashes[10];
    for (uint64_t i = 0; i < 10; i++)
        hashes[i] = value_hash(i);
    struct batch_row row = { .key = (const uint8_t *)"k", .key_len = 1, .cell_count = 1 };
    struct batch_cell cell = { (const uint8_t *)hashes, 10, 1 };
    struct batch batch = { &row, 1, 2, &cell, 10 };
    struct apply_cursor cursor = { 0 };
    bool done;
    uint64_t deleted;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_apply(table, &batch, &columns, &cursor, 6, &done), ST_OK);
    ck_assert(!done);
    ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 1);
    ck_assert_int_eq(table_apply(table, &batch, &columns, &cursor, 6, &done), ST_OK);
    ck_assert(done);
    ck_assert_double_eq_tol(count_of(table, view("k"), "b"), 4.0, 0.01);
    release(table, catalog);
}
END_TEST

START_TEST(apply_of_an_empty_batch_is_done_at_once)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_ab, 2);
    struct column_set columns;
    struct batch batch = { 0 };
    struct apply_cursor cursor = { 0 };
    bool done = false;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_apply(table, &batch, &columns, &cursor, 100, &done), ST_OK);
    ck_assert(done);
    release(table, catalog);
}
END_TEST

START_TEST(table_keeps_the_empty_key_and_the_longest_one)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_ab, 2);
    uint8_t longest[KEY_MAX_BYTES];
    struct bytes_view empty = { NULL, 0 };
    struct bytes_view key = { longest, sizeof longest };
    memset(longest, 'x', sizeof longest);
    add_values(table, empty, "a", 0, 3);
    add_values(table, key, "b", 0, 4);
    ck_assert_double_eq_tol(count_of(table, empty, "a"), 3.0, 0.01);
    ck_assert_double_eq_tol(count_of(table, key, "b"), 4.0, 0.01);
    key.len--;
    ck_assert_double_eq(count_of(table, key, "b"), -1.0);
    check_usage(table);
    release(table, catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        apply_of_a_huge_cell_goes_on_where_it_stopped,
        apply_does_less_at_one_time_where_cells_become_dense,
        apply_again_changes_nothing,
        apply_goes_on_after_its_row_was_deleted_between_calls,
        apply_of_an_empty_batch_is_done_at_once,
        table_keeps_the_empty_key_and_the_longest_one,
    };
    return RUN_SUITE("table_apply", tests);
}
