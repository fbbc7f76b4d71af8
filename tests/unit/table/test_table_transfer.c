/* Whole sketches: taken out and put in. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const char *const columns_two[] = { "a", "b" };
static const struct selector all = { .kind = SELECTOR_ALL };

static struct catalog *catalog;
static struct table *table;

static void begin(void)
{
    table = fixture_table(&catalog, columns_two, 2);
}

static void end(void)
{
    check_usage(table);
    table_unref(table);
    catalog_free(catalog);
}

struct exported {
    char keys[64][16];
    double counts[64];
    size_t count;
    size_t stop_at; /* refuse the key of this number */
};

static bool take(struct bytes_view key, const struct cell *cell, void *arg)
{
    struct exported *exported = arg;
    if (exported->count == exported->stop_at)
        return false;
    ck_assert_uint_lt(exported->count, 64);
    memcpy(exported->keys[exported->count], key.data, key.len);
    exported->keys[exported->count][key.len] = '\0';
    exported->counts[exported->count++] = cell_estimate(cell, &table->shape).value;
    return true;
}

static bool export(const struct selector *selector, const char *after, size_t limit,
                   struct exported *exported)
{
    struct column_set columns = column_of(table, "a");
    struct bytes_view last = view(after != NULL ? after : "");
    bool more;
    exported->count = 0;
    ck_assert_int_eq(table_export(table, selector, after != NULL ? &last : NULL, limit, &columns,
                                  NULL, take, exported, &more, NULL),
                     ST_OK);
    return more;
}

static void fill_ten(void)
{
    for (unsigned i = 0; i < 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "k%u", i);
        add_values(table, view(name), i == 5 ? "b" : "a", 0, i + 1);
    }
}

START_TEST(export_hands_out_cells_in_key_order)
{
    static struct exported exported = { .stop_at = SIZE_MAX };
    begin();
    fill_ten();
    ck_assert(!export(&all, NULL, 100, &exported));
    ck_assert_uint_eq(exported.count, 10);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_eq(exported.keys[i][1], (char)('0' + i));
        ck_assert_double_eq_tol(exported.counts[i], i == 5 ? 0 : i + 1, 0.001);
    }
    end();
}
END_TEST

START_TEST(export_ends_a_page_at_its_limit_or_where_the_visitor_says)
{
    static struct exported exported = { .stop_at = SIZE_MAX };
    begin();
    fill_ten();
    ck_assert(export(&all, NULL, 4, &exported));
    ck_assert_uint_eq(exported.count, 4);
    ck_assert(!export(&all, exported.keys[3], 100, &exported));
    ck_assert_uint_eq(exported.count, 6);
    ck_assert_str_eq(exported.keys[0], "k4");
    exported.stop_at = 3;
    ck_assert(export(&all, NULL, 100, &exported));
    ck_assert_uint_eq(exported.count, 3);
    end();
}
END_TEST

START_TEST(export_of_a_list_gives_each_key_that_exists_once_in_order)
{
    const struct bytes_view keys[] = { view("k9"), view("nope"), view("k1"), view("k9"), view("k0"),
                                       view("a"),  view("b"),    view("k1"), view("k4") };
    static struct exported exported = { .stop_at = SIZE_MAX };
    struct selector selector = list_of(keys, 9);
    begin();
    fill_ten();
    ck_assert(!export(&selector, NULL, 100, &exported));
    ck_assert_uint_eq(exported.count, 4);
    ck_assert_str_eq(exported.keys[0], "k0");
    ck_assert_str_eq(exported.keys[3], "k9");
    /* keys that do not exist take no place on a page */
    ck_assert(export(&selector, NULL, 2, &exported));
    ck_assert_uint_eq(exported.count, 2);
    ck_assert_str_eq(exported.keys[1], "k1");
    ck_assert(!export(&selector, "k1", 3, &exported));
    ck_assert_uint_eq(exported.count, 2);
    ck_assert(!export(&selector, "k9", 2, &exported));
    ck_assert_uint_eq(exported.count, 0);
    exported.stop_at = 1;
    ck_assert(export(&selector, NULL, 100, &exported));
    ck_assert_uint_eq(exported.count, 1);
    end();
}
END_TEST

/* ---- import ------------------------------------------------------------------ */

START_TEST(import_merges_into_a_cell_and_makes_the_key)
{
    static const size_t sizes[] = { 1, 2, 10, 300, 10000 };
    begin();
    for (size_t i = 0; i < 5; i++) {
        struct cell cell = { 0 };
        struct column_set columns = column_of(table, "a");
        size_t changes;
        bool changed;
        for (uint64_t n = 0; n < sizes[i]; n++) {
            uint64_t hash = value_hash(n);
            ck_assert_int_eq(cell_add(&cell, &table->shape, &hash, 1, &changes), ST_OK);
        }
        ck_assert_int_eq(table_import(table, view("new"), &columns, &cell, &changed, NULL), ST_OK);
        ck_assert(changed);
        ck_assert_double_eq(count_of(table, view("new"), "a"),
                            cell_estimate(&cell, &table->shape).value);
        uint64_t digest = digest_of(table);
        ck_assert_int_eq(table_import(table, view("new"), &columns, &cell, &changed, NULL), ST_OK);
        ck_assert(!changed);
        ck_assert_uint_eq(digest_of(table), digest);
        check_usage(table);
        cell_release(&cell);
        uint64_t deleted;
        ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
    }
    end();
}
END_TEST

START_TEST(import_of_an_empty_cell_makes_no_key)
{
    struct cell cell = { 0 };
    bool changed;
    begin();
    struct column_set columns = column_of(table, "a");
    ck_assert_int_eq(table_import(table, view("k"), &columns, &cell, &changed, NULL), ST_OK);
    ck_assert(!changed);
    ck_assert_uint_eq(keys_of(table), 0);
    end();
}
END_TEST

START_TEST(import_into_a_dropped_column_is_swallowed)
{
    struct bytes_view name = view("a");
    struct table_change change = { .drop = &name, .drop_count = 1 };
    struct cell cell = { 0 };
    struct table *altered;
    uint64_t hash = 1;
    size_t changes;
    bool changed;
    begin();
    struct column_set columns = column_of(table, "a");
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, NULL), ST_OK);
    table_unref(altered);
    ck_assert_int_eq(cell_add(&cell, &table->shape, &hash, 1, &changes), ST_OK);
    ck_assert_int_eq(table_import(table, view("k"), &columns, &cell, &changed, NULL), ST_OK);
    ck_assert(!changed);
    ck_assert_uint_eq(keys_of(table), 0);
    cell_release(&cell);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        export_hands_out_cells_in_key_order,
        export_ends_a_page_at_its_limit_or_where_the_visitor_says,
        export_of_a_list_gives_each_key_that_exists_once_in_order,
        import_merges_into_a_cell_and_makes_the_key,
        import_of_an_empty_cell_makes_no_key,
        import_into_a_dropped_column_is_swallowed,
    };
    return RUN_SUITE("table_transfer", tests);
}
