#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/table/catalog.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const struct bytes_view no_name = { NULL, 0 };

/* Makes a table with these columns and gives it back at once. */
static enum status create(struct catalog *catalog, const char *name, const char *const *columns,
                          size_t count, struct error *err)
{
    struct bytes_view names[COLUMNS_MAX + 1];
    for (size_t i = 0; i < count; i++)
        names[i] = view(columns[i]);
    struct table_spec spec = { .name = view(name), .columns = names, .column_count = count };
    struct table *table = NULL;
    bool created;
    enum status status = catalog_create(catalog, &spec, false, &table, &created, err);
    table_unref(table);
    return status;
}

static enum status create_plain(struct catalog *catalog, const char *name, struct error *err)
{
    static const char *const columns[] = { "a", "b" };
    return create(catalog, name, columns, 2, err);
}

static uint64_t id_of(struct catalog *catalog, const char *name)
{
    struct table *table;
    ck_assert_int_eq(catalog_find(catalog, view(name), &table, NULL), ST_OK);
    uint64_t id = table_id(table);
    table_unref(table);
    return id;
}

START_TEST(catalog_refuses_names_that_are_none)
{
    static const char *const bad[] = { "", "9a", "a b", "a/b", "\xc3\xa4" };
    struct catalog *catalog = catalog_new(10, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err;
        ck_assert_int_eq(create_plain(catalog, bad[i], &err), ST_INVALID_ARGUMENT);
        ck_assert_int_eq(err.code, ST_INVALID_ARGUMENT);
    }
    struct error err;
    create_plain(catalog, "\xc3\xa4", &err);
    ck_assert_str_eq(err.text, "table '\\xc3\\xa4' is not a valid name");
    ck_assert_uint_eq(catalog_count(catalog), 0);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_refuses_bad_columns_by_name)
{
    static const struct {
        const char *columns[2];
        const char *text;
    } cases[] = {
        { { "a", "9" }, "column '9' is not a valid name" },
        { { "a", "key" }, "column 'key' has a reserved name" },
        { { "keys", "a" }, "column 'keys' has a reserved name" },
        { { "a", "rse" }, "column 'rse' has a reserved name" },
        { { "a", "a" }, "column 'a' is named twice" },
        { { "a", "" }, "column '' is not a valid name" },
    };
    struct catalog *catalog = catalog_new(10, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        ck_assert_int_eq(create(catalog, "t", cases[i].columns, 2, &err), ST_INVALID_ARGUMENT);
        ck_assert_str_eq(err.text, cases[i].text);
    }
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_bounds_the_number_of_columns)
{
    static char names[COLUMNS_MAX + 1][8];
    const char *columns[COLUMNS_MAX + 1];
    struct error err;
    struct catalog *catalog = catalog_new(10, 1);
    for (unsigned i = 0; i <= COLUMNS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        columns[i] = names[i];
    }
    ck_assert_int_eq(create(catalog, "none", columns, 0, &err), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(create(catalog, "most", columns, COLUMNS_MAX, &err), ST_OK);
    ck_assert_int_eq(create(catalog, "more", columns, COLUMNS_MAX + 1, &err), ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "257 columns are more than 256");
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_refuses_a_precision_out_of_range)
{
    struct bytes_view column = view("a");
    struct table_spec spec = { .name = view("t"), .columns = &column, .column_count = 1 };
    struct catalog *catalog = catalog_new(10, 1);
    struct table *table;
    struct error err;
    bool created;
    spec.precision = 3;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "precision 3 is not within 4..18");
    spec.precision = 19;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, &err),
                     ST_INVALID_ARGUMENT);
    spec.precision = 0;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, &err), ST_OK);
    ck_assert_uint_eq(table_shape(table)->precision, PRECISION_DEFAULT);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_refuses_a_hash_that_is_none)
{
    struct bytes_view column = view("a");
    struct table_spec spec = {
        .name = view("t"), .columns = &column, .column_count = 1, .hash = (enum hash_kind)77
    };
    struct catalog *catalog = catalog_new(10, 1);
    struct table *table;
    struct error err;
    bool created;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_str_eq(err.text, "no hash of number 77");
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_gives_an_existing_table_only_if_asked)
{
    struct bytes_view column = view("other");
    struct table_spec spec = { .name = view("t"), .columns = &column, .column_count = 1 };
    struct catalog *catalog = catalog_new(10, 1);
    struct table *table;
    struct error err;
    bool created = true;
    ck_assert_int_eq(create_plain(catalog, "t", &err), ST_OK);
    ck_assert_int_eq(create_plain(catalog, "t", &err), ST_ALREADY_EXISTS);
    ck_assert_str_eq(err.text, "table 't' already exists");
    ck_assert_int_eq(catalog_create(catalog, &spec, true, &table, &created, &err), ST_OK);
    ck_assert(!created);
    struct table_info info;
    table_describe(table, &info);
    ck_assert_uint_eq(info.column_count, 2);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_refuses_more_than_max_tables_and_counts_it)
{
    struct catalog *catalog = catalog_new(2, 1);
    struct error err;
    ck_assert_int_eq(create_plain(catalog, "a", &err), ST_OK);
    ck_assert_int_eq(create_plain(catalog, "b", &err), ST_OK);
    ck_assert_uint_eq(catalog_refusals(catalog), 0);
    ck_assert_int_eq(create_plain(catalog, "c", &err), ST_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.text, "'c'"));
    ck_assert_uint_eq(catalog_refusals(catalog), 1);
    ck_assert_int_eq(catalog_drop(catalog, view("a"), &err), ST_OK);
    ck_assert_int_eq(create_plain(catalog, "c", &err), ST_OK);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_never_uses_an_id_again)
{
    struct catalog *catalog = catalog_new(10, 1);
    create_plain(catalog, "a", NULL);
    uint64_t first = id_of(catalog, "a");
    ck_assert_uint_eq(first, 1);
    catalog_drop(catalog, view("a"), NULL);
    create_plain(catalog, "a", NULL);
    ck_assert_uint_gt(id_of(catalog, "a"), first);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_names_the_missing_table)
{
    struct catalog *catalog = catalog_new(10, 1);
    struct table *table;
    struct table_change change = { 0 };
    struct error err;
    ck_assert_int_eq(catalog_find(catalog, view("gone"), &table, &err), ST_NOT_FOUND);
    ck_assert_str_eq(err.text, "no table 'gone'");
    ck_assert_int_eq(catalog_drop(catalog, view("gone"), &err), ST_NOT_FOUND);
    ck_assert_int_eq(catalog_alter(catalog, view("gone"), &change, &table, &err), ST_NOT_FOUND);
    ck_assert_str_eq(err.text, "no table 'gone'");
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_keeps_a_dropped_table_whole_for_who_holds_it)
{
    static const char *const columns[] = { "a" };
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns, 1);
    add_values(table, view("k"), "a", 0, 5);
    ck_assert_int_eq(catalog_drop(catalog, view("t"), NULL), ST_OK);
    add_values(table, view("k"), "a", 5, 5);
    ck_assert_double_eq_tol(count_of(table, view("k"), "a"), 10.0, 0.01);
    catalog_free(catalog);
    ck_assert_double_eq_tol(count_of(table, view("k"), "a"), 10.0, 0.01);
    table_unref(table);
}
END_TEST

static size_t list(struct catalog *catalog, const char *prefix, const char *after, size_t limit,
                   char (*names)[8])
{
    struct table *tables[16];
    struct bytes_view last = after == NULL ? no_name : view(after);
    size_t n = catalog_list(catalog, view(prefix), after == NULL ? NULL : &last, limit, tables);
    for (size_t i = 0; i < n; i++) {
        struct table_info info;
        table_describe(tables[i], &info);
        snprintf(names[i], 8, "%.7s", info.name);
        table_unref(tables[i]);
    }
    return n;
}

START_TEST(catalog_lists_by_prefix_in_order_and_in_pages)
{
    static const char *const made[] = { "b2", "a", "b", "c", "b10", "b-1", "B" };
    struct catalog *catalog = catalog_new(10, 1);
    char names[16][8];
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        create_plain(catalog, made[i], NULL);
    ck_assert_uint_eq(list(catalog, "", NULL, 16, names), 7);
    ck_assert_str_eq(names[0], "B");
    ck_assert_str_eq(names[1], "a");
    ck_assert_str_eq(names[6], "c");
    ck_assert_uint_eq(list(catalog, "b", NULL, 2, names), 2);
    ck_assert_str_eq(names[0], "b");
    ck_assert_str_eq(names[1], "b-1");
    ck_assert_uint_eq(list(catalog, "b", "b-1", 16, names), 2);
    ck_assert_str_eq(names[0], "b10");
    ck_assert_str_eq(names[1], "b2");
    ck_assert_uint_eq(list(catalog, "b", "a", 16, names), 4);
    ck_assert_uint_eq(list(catalog, "b", "b11", 16, names), 1);
    ck_assert_uint_eq(list(catalog, "b", "c", 16, names), 0);
    ck_assert_uint_eq(list(catalog, "z", NULL, 16, names), 0);
    catalog_free(catalog);
}
END_TEST

START_TEST(catalog_usage_is_the_sum_over_many_tables)
{
    struct catalog *catalog = catalog_new(200, 1);
    for (int i = 0; i < 150; i++) {
        char name[16];
        struct table *table;
        snprintf(name, sizeof name, "t%d", i);
        create_plain(catalog, name, NULL);
        ck_assert_int_eq(catalog_find(catalog, view(name), &table, NULL), ST_OK);
        add_values(table, view("k"), "a", 0, 1);
        table_unref(table);
    }
    struct table_usage usage;
    catalog_usage(catalog, &usage);
    ck_assert_uint_eq(usage.keys, 150);
    ck_assert_uint_eq(usage.cells[CELL_INLINE], 150);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        catalog_refuses_names_that_are_none,
        catalog_refuses_bad_columns_by_name,
        catalog_bounds_the_number_of_columns,
        catalog_refuses_a_precision_out_of_range,
        catalog_refuses_a_hash_that_is_none,
        catalog_gives_an_existing_table_only_if_asked,
        catalog_refuses_more_than_max_tables_and_counts_it,
        catalog_never_uses_an_id_again,
        catalog_names_the_missing_table,
        catalog_keeps_a_dropped_table_whole_for_who_holds_it,
        catalog_lists_by_prefix_in_order_and_in_pages,
        catalog_usage_is_the_sum_over_many_tables,
    };
    return RUN_SUITE("catalog", tests);
}
