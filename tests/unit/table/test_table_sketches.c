/* Whole sketches: compared and merged. */
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
    ck_assert_uint_eq(keys_of(table), 0);
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
    struct column_set columns = column_of(table, "a");
    ck_assert_int_eq(table_compare(table, &a, &b, &columns, NULL, &overlap, &keys_a, &keys_b, NULL),
                     ST_OK);
    ck_assert_uint_eq(keys_a, 2);
    ck_assert_uint_eq(keys_b, 1);
    ck_assert(overlap.of_tokens);
    ck_assert_double_eq_tol(overlap.a.value, 100, 0.1);
    ck_assert_double_eq_tol(overlap.b.value, 50, 0.1);
    ck_assert_double_eq_tol(overlap.shared.value, 30, 0.1);
    ck_assert_double_eq_tol(overlap.all.value, 120, 0.1);
    columns = column_of(table, "b");
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
    struct column_set columns = column_of(table, "a");
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
    };
    return RUN_SUITE("table_sketches", tests);
}
