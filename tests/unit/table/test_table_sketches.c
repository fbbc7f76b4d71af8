/* Whole sketches: compared, merged, taken out and put in. */
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

static uint64_t key_count(void)
{
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    return usage.keys;
}

static struct selector list_of(const struct bytes_view *keys, size_t count)
{
    return (struct selector){ .kind = SELECTOR_LIST, .list = keys, .list_count = count };
}

static struct selector prefix_of(const char *prefix)
{
    return (struct selector){ .kind = SELECTOR_PREFIX, .prefix = view(prefix) };
}

static struct column_set column(const char *name)
{
    struct bytes_view wanted = view(name);
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, &wanted, 1, &columns, NULL), ST_OK);
    return columns;
}

/* ---- merge ------------------------------------------------------------------- */

static uint64_t merge(const struct selector *from, const char *into, uint64_t *keys)
{
    uint64_t changes;
    ck_assert_int_eq(table_merge(table, from, view(into), NULL, keys, &changes, NULL), ST_OK);
    check_usage(table);
    return changes;
}

START_TEST(merge_unites_every_column_into_the_key)
{
    uint64_t keys;
    begin();
    add_values(table, view("x/1"), "a", 0, 100);
    add_values(table, view("x/2"), "a", 50, 100);
    add_values(table, view("x/2"), "b", 0, 7);
    add_values(table, view("y"), "a", 5000, 10);
    struct selector from = prefix_of("x/");
    ck_assert_uint_eq(merge(&from, "y", &keys), 2);
    ck_assert_uint_eq(keys, 2);
    ck_assert_double_eq_tol(count_of(table, view("y"), "a"), 160, 0.1);
    ck_assert_double_eq_tol(count_of(table, view("y"), "b"), 7, 0.1);
    ck_assert_double_eq_tol(count_of(table, view("x/1"), "a"), 100, 0.1);
    ck_assert_double_eq_tol(count_of(table, view("x/2"), "b"), 7, 0.1);
    uint64_t digest = digest_of(table);
    ck_assert_uint_eq(merge(&from, "y", &keys), 0);
    ck_assert_uint_eq(digest_of(table), digest);
    end();
}
END_TEST

START_TEST(merge_is_the_same_as_adding_all_values_there)
{
    static const size_t sizes[] = { 1, 2, 10, 300, 6000, 100000 };
    begin();
    for (size_t i = 0; i < 36; i++) {
        uint64_t digest;
        uint64_t keys;
        struct selector from = prefix_of("x/");
        add_values(table, view("x/1"), "a", 0, sizes[i / 6]);
        add_values(table, view("x/2"), "b", 0, sizes[i % 6]);
        add_values(table, view("x/2"), "a", sizes[i / 6] / 2, sizes[i % 6]);
        (void)merge(&from, "union", &keys);
        digest = digest_of(table);
        struct bytes_view key = view("union");
        struct selector one = list_of(&key, 1);
        uint64_t deleted;
        ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
        add_values(table, view("union"), "a", 0, sizes[i / 6]);
        add_values(table, view("union"), "a", sizes[i / 6] / 2, sizes[i % 6]);
        add_values(table, view("union"), "b", 0, sizes[i % 6]);
        ck_assert_uint_eq(digest_of(table), digest);
        ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
    }
    end();
}
END_TEST

START_TEST(merge_into_one_of_the_merged_changes_it_alone)
{
    static const size_t sizes[] = { 2, 100, 10000 };
    begin();
    for (size_t i = 0; i < 3; i++) {
        struct bytes_view key = view("k");
        struct selector itself = list_of(&key, 1);
        uint64_t keys;
        add_values(table, key, "a", 0, sizes[i]);
        double count = count_of(table, key, "a");
        uint64_t digest = digest_of(table);
        ck_assert_uint_eq(merge(&itself, "k", &keys), 0);
        ck_assert_uint_eq(keys, 1);
        ck_assert_double_eq(count_of(table, key, "a"), count);
        ck_assert_uint_eq(digest_of(table), digest);
        add_values(table, view("l"), "a", sizes[i], 50);
        ck_assert_uint_eq(merge(&all, "k", &keys), 1);
        ck_assert_uint_eq(keys, 2);
        ck_assert_double_eq_tol(count_of(table, view("l"), "a"), 50 * (double)(i + 1), 0.1);
        uint64_t deleted;
        struct bytes_view other = view("k");
        struct selector one = list_of(&other, 1);
        ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
    }
    end();
}
END_TEST

START_TEST(merge_of_no_keys_makes_no_key)
{
    uint64_t keys;
    struct selector nothing = prefix_of("none");
    struct selector empty_list = list_of(NULL, 0);
    begin();
    ck_assert_uint_eq(merge(&nothing, "k", &keys), 0);
    ck_assert_uint_eq(keys, 0);
    ck_assert_uint_eq(merge(&empty_list, "k", &keys), 0);
    ck_assert_uint_eq(merge(&all, "k", &keys), 0);
    ck_assert_uint_eq(key_count(), 0);
    ck_assert_double_eq(count_of(table, view("k"), "a"), -1);
    end();
}
END_TEST

START_TEST(listed_keys_are_merged_and_counted_once)
{
    const struct bytes_view keys[] = { view("x"), view("missing"), view("x"), view("y"),
                                       view("x") };
    struct selector from = list_of(keys, 5);
    uint64_t merged;
    begin();
    add_values(table, view("x"), "a", 0, 10);
    add_values(table, view("y"), "a", 5, 10);
    (void)merge(&from, "z", &merged);
    ck_assert_uint_eq(merged, 2);
    ck_assert_double_eq_tol(count_of(table, view("z"), "a"), 15, 0.01);
    end();
}
END_TEST

static enum status give_up(void *arg)
{
    (void)arg;
    return ST_CANCELLED;
}

START_TEST(merge_that_is_given_up_changes_nothing)
{
    const struct task task = { give_up, NULL };
    struct error err;
    uint64_t keys;
    uint64_t changes;
    begin();
    for (unsigned i = 0; i < 2000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "k%u", i);
        add_values(table, view(name), "a", i, 3);
    }
    uint64_t digest = digest_of(table);
    ck_assert_int_eq(table_merge(table, &all, view("z"), &task, &keys, &changes, &err),
                     ST_CANCELLED);
    ck_assert_uint_eq(digest_of(table), digest);
    end();
}
END_TEST

/* ---- compare ----------------------------------------------------------------- */

START_TEST(compare_tells_two_groups_apart)
{
    const struct bytes_view b_keys[] = { view("b"), view("b"), view("none") };
    struct selector a = prefix_of("a/");
    struct selector b = list_of(b_keys, 3);
    struct overlap overlap;
    uint64_t keys_a;
    uint64_t keys_b;
    begin();
    add_values(table, view("a/1"), "a", 0, 60);
    add_values(table, view("a/2"), "a", 60, 40);
    add_values(table, view("b"), "a", 70, 50);
    struct column_set columns = column("a");
    ck_assert_int_eq(table_compare(table, &a, &b, &columns, NULL, &overlap, &keys_a, &keys_b, NULL),
                     ST_OK);
    ck_assert_uint_eq(keys_a, 2);
    ck_assert_uint_eq(keys_b, 1);
    ck_assert(overlap.of_tokens);
    ck_assert_double_eq_tol(overlap.a.value, 100, 0.1);
    ck_assert_double_eq_tol(overlap.b.value, 50, 0.1);
    ck_assert_double_eq_tol(overlap.shared.value, 30, 0.1);
    ck_assert_double_eq_tol(overlap.all.value, 120, 0.1);
    columns = column("b");
    ck_assert_int_eq(table_compare(table, &a, &b, &columns, NULL, &overlap, &keys_a, &keys_b, NULL),
                     ST_OK);
    ck_assert_uint_eq(keys_a, 2);
    ck_assert_double_eq(overlap.all.value, 0);
    end();
}
END_TEST

START_TEST(compare_of_all_keys_is_the_same_with_rollups_and_without)
{
    enum { KEYS = 200, EACH = 100 };
    struct overlap seen[2];
    struct selector half = prefix_of("a");
    struct overlap overlap;
    uint64_t keys_a;
    uint64_t keys_b;
    begin();
    for (uint64_t i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%c%u", i % 2 == 0 ? 'a' : 'b', (unsigned)i);
        add_values(table, view(key), "a", i * EACH / 2, EACH);
    }
    struct column_set columns = column("a");
    struct rollups *kept = table->rollups;
    ck_assert_ptr_nonnull(kept);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(
            table_compare(table, &half, &all, &columns, NULL, &overlap, &keys_a, &keys_b, NULL),
            ST_OK);
        ck_assert_uint_eq(keys_a, KEYS / 2);
        ck_assert_uint_eq(keys_b, KEYS);
        ck_assert_double_eq(overlap.all.value, overlap.b.value);
        seen[round] = overlap;
        table->rollups = NULL;
    }
    table->rollups = kept;
    ck_assert_double_eq(seen[0].b.value, seen[1].b.value);
    ck_assert_double_eq(seen[0].shared.value, seen[1].shared.value);
    end();
}
END_TEST

/* ---- export ------------------------------------------------------------------ */

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
    struct column_set columns = column("a");
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
        struct column_set columns = column("a");
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
    struct column_set columns = column("a");
    ck_assert_int_eq(table_import(table, view("k"), &columns, &cell, &changed, NULL), ST_OK);
    ck_assert(!changed);
    ck_assert_uint_eq(key_count(), 0);
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
    struct column_set columns = column("a");
    ck_assert_int_eq(catalog_alter(catalog, view("t"), &change, &altered, NULL), ST_OK);
    table_unref(altered);
    ck_assert_int_eq(cell_add(&cell, &table->shape, &hash, 1, &changes), ST_OK);
    ck_assert_int_eq(table_import(table, view("k"), &columns, &cell, &changed, NULL), ST_OK);
    ck_assert(!changed);
    ck_assert_uint_eq(key_count(), 0);
    cell_release(&cell);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        merge_unites_every_column_into_the_key,
        merge_is_the_same_as_adding_all_values_there,
        merge_into_one_of_the_merged_changes_it_alone,
        merge_of_no_keys_makes_no_key,
        listed_keys_are_merged_and_counted_once,
        merge_that_is_given_up_changes_nothing,
        compare_tells_two_groups_apart,
        compare_of_all_keys_is_the_same_with_rollups_and_without,
        export_hands_out_cells_in_key_order,
        export_ends_a_page_at_its_limit_or_where_the_visitor_says,
        export_of_a_list_gives_each_key_that_exists_once_in_order,
        import_merges_into_a_cell_and_makes_the_key,
        import_of_an_empty_cell_makes_no_key,
        import_into_a_dropped_column_is_swallowed,
    };
    return RUN_SUITE("table_sketches", tests);
}
