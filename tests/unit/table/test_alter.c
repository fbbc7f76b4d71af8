#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const char *const columns_abc[] = { "a", "b", "c" };

/* Adds and drops one column each (NULL: none), and renames. */
static enum status alter(struct catalog *catalog, const char *name, const char *add,
                         const char *drop, const char *rename_to, struct error *err)
{
    struct bytes_view added = view(add == NULL ? "" : add);
    struct bytes_view dropped = view(drop == NULL ? "" : drop);
    struct table_change change = {
        .add = &added, .add_count = add != NULL, .drop = &dropped, .drop_count = drop != NULL
    };
    struct table *table;
    if (rename_to != NULL)
        change.rename_to = view(rename_to);
    enum status status = catalog_alter(catalog, view(name), &change, &table, err);
    if (status == ST_OK)
        table_unref(table);
    return status;
}

static void check_columns(struct table *table, const char *const *names, uint32_t count)
{
    struct table_info info;
    table_describe(table, &info);
    ck_assert_uint_eq(info.column_count, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_str_eq(info.columns[i].name, names[i]);
}

START_TEST(alter_changes_columns_and_name_together)
{
    static const char *const after[] = { "b", "c", "d" };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct table *found;
    ck_assert_int_eq(alter(catalog, "t", "d", "a", "u", NULL), ST_OK);
    check_columns(table, after, 3);
    ck_assert_int_eq(catalog_find(catalog, view("t"), &found, NULL), ST_NOT_FOUND);
    ck_assert_int_eq(catalog_find(catalog, view("u"), &found, NULL), ST_OK);
    ck_assert_ptr_eq(found, table);
    table_unref(found);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_that_is_refused_changes_nothing)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct error err;
    ck_assert_int_eq(alter(catalog, "t", "b", "a", "u", &err), ST_ALREADY_EXISTS);
    ck_assert_str_eq(err.text, "column 'b' already exists");
    ck_assert_int_eq(alter(catalog, "t", "d", "z", "u", &err), ST_NOT_FOUND);
    ck_assert_str_eq(err.text, "no column 'z'");
    ck_assert_int_eq(alter(catalog, "t", "keys", "a", "u", &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "column 'keys' has a reserved name");
    ck_assert_int_eq(alter(catalog, "t", "d", "a", "9", &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "table '9' is not a valid name");
    ck_assert_int_eq(alter(catalog, "t", "d", "a", "t", &err), ST_ALREADY_EXISTS);
    check_columns(table, columns_abc, 3);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_refuses_to_drop_a_column_twice_or_the_last)
{
    struct bytes_view drops[] = { view("a"), view("a") };
    struct table_change change = { .drop = drops, .drop_count = 2 };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 1);
    struct table *altered;
    struct error err;
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "column 'a' is dropped twice");
    ck_assert_int_eq(alter(catalog, "t", NULL, "a", NULL, &err), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(alter(catalog, "t", "b", "a", NULL, &err), ST_OK);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_frees_what_a_dropped_column_held)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct table_usage before = { 0 };
    struct table_usage after = { 0 };
    add_values(table, view("both"), "a", 0, 100);
    table_add_usage(table, &before);
    add_values(table, view("both"), "b", 0, 20000);
    ck_assert_int_eq(alter(catalog, "t", NULL, "b", NULL, NULL), ST_OK);
    table_add_usage(table, &after);
    for (unsigned state = 0; state < CELL_STATE_COUNT; state++) {
        ck_assert_uint_eq(after.cells[state], before.cells[state]);
        ck_assert_uint_eq(after.cell_bytes[state], before.cell_bytes[state]);
    }
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_removes_keys_that_held_nothing_else)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    add_values(table, view("only b"), "b", 0, 3);
    add_values(table, view("a and b"), "a", 0, 3);
    uint64_t without = 0;
    add_values(table, view("a and b"), "b", 0, 3);
    ck_assert_int_eq(alter(catalog, "t", NULL, "b", NULL, NULL), ST_OK);
    ck_assert_double_eq(count_of(table, view("only b"), "a"), -1.0);
    ck_assert_double_eq_tol(count_of(table, view("a and b"), "a"), 3.0, 0.01);
    struct table_info info;
    table_describe(table, &info);
    ck_assert_uint_eq(info.keys, 1);
    without = digest_of(table);
    ck_assert_int_eq(alter(catalog, "t", "b", NULL, NULL, NULL), ST_OK);
    ck_assert_uint_eq(digest_of(table), without);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(column_made_anew_begins_empty_with_another_id)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct column_set was;
    struct column_set is;
    struct bytes_view name = view("a");
    add_values(table, view("k"), "a", 0, 3);
    add_values(table, view("k"), "b", 0, 3);
    ck_assert_int_eq(table_find_columns(table, &name, 1, &was, NULL), ST_OK);
    ck_assert_int_eq(alter(catalog, "t", "a", "a", NULL, NULL), ST_OK);
    ck_assert_int_eq(table_find_columns(table, &name, 1, &is, NULL), ST_OK);
    ck_assert_uint_ne(is.ids[0], was.ids[0]);
    ck_assert_double_eq(count_of(table, view("k"), "a"), 0.0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(old_set_of_a_dropped_column_reads_empty_and_swallows_writes)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct bytes_view name = view("a");
    struct column_set old;
    struct estimate estimate;
    struct filler filler;
    uint64_t hash = value_hash(1);
    char names[1][NAME_MAX_BYTES + 1];
    filler_init(&filler);
    add_values(table, view("k"), "b", 0, 3);
    ck_assert_int_eq(table_find_columns(table, &name, 1, &old, NULL), ST_OK);
    ck_assert_int_eq(alter(catalog, "t", "d", "a", NULL, NULL), ST_OK);
    table_column_names(table, &old, names);
    ck_assert_str_eq(names[0], "");
    filler_row(&filler, view("k"));
    filler_cell(&filler, 0, &hash, 1);
    filler_row(&filler, view("new"));
    filler_cell(&filler, 0, &hash, 1);
    ck_assert_uint_eq(filler_apply(&filler, table, &old, 100), 0);
    ck_assert(table_estimate(table, view("k"), &old, &estimate));
    ck_assert_double_eq(estimate.value, 0.0);
    ck_assert_double_eq(count_of(table, view("k"), "d"), 0.0);
    ck_assert_double_eq(count_of(table, view("new"), "d"), -1.0);
    check_usage(table);
    filler_release(&filler);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_uses_slots_again)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    add_values(table, view("k"), "c", 0, 1);
    for (int i = 0; i < 2000; i++) {
        char add[16];
        char drop[16];
        snprintf(add, sizeof add, "x%d", i + 1);
        snprintf(drop, sizeof drop, "x%d", i);
        ck_assert_int_eq(alter(catalog, "t", add, i == 0 ? "a" : drop, NULL, NULL), ST_OK);
        add_values(table, view("k"), add, 0, 1);
    }
    ck_assert_uint_le(atomic_load(&table->schema.width), 4);
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(alter_may_replace_all_256_columns_at_once)
{
    static char old_names[COLUMNS_MAX][8];
    static char new_names[COLUMNS_MAX][8];
    const char *columns[COLUMNS_MAX];
    struct bytes_view add[COLUMNS_MAX];
    struct bytes_view drop[COLUMNS_MAX];
    struct catalog *catalog;
    struct table *altered;
    for (unsigned i = 0; i < COLUMNS_MAX; i++) {
        snprintf(old_names[i], sizeof old_names[i], "o%u", i);
        snprintf(new_names[i], sizeof new_names[i], "n%u", i);
        columns[i] = old_names[i];
        drop[i] = view(old_names[i]);
        add[i] = view(new_names[i]);
    }
    struct table *table = fixture_table(&catalog, columns, COLUMNS_MAX);
    struct table_change change = { add, COLUMNS_MAX, drop, COLUMNS_MAX, { NULL, 0 } };
    add_values(table, view("k"), "o255", 0, 1);
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, NULL), ST_OK);
    table_unref(altered);
    add_values(table, view("k"), "n255", 0, 1);
    ck_assert_double_eq_tol(count_of(table, view("k"), "n255"), 1.0, 0.01);
    ck_assert_double_eq(count_of(table, view("k"), "n0"), 0.0);
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(find_columns_names_what_is_wrong)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct bytes_view missing[] = { view("a"), view("z") };
    struct bytes_view twice[] = { view("c"), view("c") };
    struct bytes_view backwards[] = { view("c"), view("a") };
    struct column_set set;
    struct error err;
    char names[COLUMNS_MAX][NAME_MAX_BYTES + 1];
    ck_assert_int_eq(table_find_columns(table, missing, 2, &set, &err), ST_NOT_FOUND);
    ck_assert_str_eq(err.text, "no column 'z'");
    ck_assert_int_eq(table_find_columns(table, twice, 2, &set, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "column 'c' is named twice");
    ck_assert_int_eq(table_find_columns(table, twice, COLUMNS_MAX + 1, &set, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_int_eq(table_find_columns(table, backwards, 2, &set, &err), ST_OK);
    table_column_names(table, &set, names);
    ck_assert_str_eq(names[0], "c");
    ck_assert_str_eq(names[1], "a");
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        alter_changes_columns_and_name_together,
        alter_that_is_refused_changes_nothing,
        alter_refuses_to_drop_a_column_twice_or_the_last,
        alter_frees_what_a_dropped_column_held,
        alter_removes_keys_that_held_nothing_else,
        column_made_anew_begins_empty_with_another_id,
        old_set_of_a_dropped_column_reads_empty_and_swallows_writes,
        alter_uses_slots_again,
        alter_may_replace_all_256_columns_at_once,
        find_columns_names_what_is_wrong,
    };
    return RUN_SUITE("alter", tests);
}
