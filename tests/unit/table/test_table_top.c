/* The keys with the most, held against a sort of all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEYS 500u

static const struct selector all = { .kind = SELECTOR_ALL };

/* A key with its estimate, of the answer or of what it should be. */
struct ranked {
    char key[16];
    size_t len;
    double value;
};

struct ranking {
    struct ranked at[KEYS];
    size_t count;
    size_t stop_at; /* visits; 0: never */
};

static bool collect(struct bytes_view key, const struct estimate *estimate, void *arg)
{
    struct ranking *ranking = arg;
    if (ranking->stop_at > 0 && ranking->count == ranking->stop_at)
        return false;
    ck_assert_uint_lt(ranking->count, KEYS);
    struct ranked *ranked = &ranking->at[ranking->count++];
    ck_assert_uint_le(key.len, sizeof ranked->key);
    memcpy(ranked->key, key.data, key.len);
    ranked->len = key.len;
    ranked->value = estimate->value;
    return true;
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return key_compare((struct bytes_view){ (const uint8_t *)x->key, x->len },
                       (struct bytes_view){ (const uint8_t *)y->key, y->len });
}

/* A table of keys of all kinds, with up to 40 values in a, and many ties. */
static struct table *make_table(struct catalog **catalog)
{
    static const char *const columns[] = { "a", "b" };
    struct random random;
    struct table *table = fixture_table(catalog, columns, 2);
    random_init(&random, "table_top");
    for (uint32_t i = 0; i < KEYS - 10; i++) {
        char text[16];
        snprintf(text, sizeof text, "%s%u", i % 3 == 0 ? "x/" : "", i);
        add_values(table, view(text), i % 50 == 0 ? "b" : "a", 100 * i,
                   1 + random_below(&random, 40));
    }
    add_values(table, view(""), "a", 1, 5);
    add_values(table, view("big"), "a", 1, 9000);
    return table;
}

static struct column_set column_a(struct table *table)
{
    struct bytes_view name = view("a");
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, &name, 1, &columns, NULL), ST_OK);
    return columns;
}

/* What the top of a prefix should be. */
static void rank_by_scan(struct table *table, struct bytes_view prefix, struct ranking *ranking)
{
    struct column_set columns = column_a(table);
    struct selector selector = { .kind = SELECTOR_PREFIX, .prefix = prefix };
    bool more;
    ranking->count = 0;
    ranking->stop_at = 0;
    ck_assert_int_eq(
        table_scan(table, &selector, NULL, KEYS, &columns, NULL, collect, ranking, &more, NULL),
        ST_OK);
    qsort(ranking->at, ranking->count, sizeof ranking->at[0], compare_ranked);
    while (ranking->count > 0 && ranking->at[ranking->count - 1].value == 0.0)
        ranking->count--;
}

static void check_top(struct table *table, const struct selector *selector,
                      const struct ranking *expected, size_t limit)
{
    static struct ranking top;
    struct column_set columns = column_a(table);
    size_t wanted = limit < expected->count ? limit : expected->count;
    top.count = top.stop_at = 0;
    ck_assert_int_eq(table_top(table, selector, limit, &columns, NULL, collect, &top, NULL), ST_OK);
    ck_assert_uint_eq(top.count, wanted);
    for (size_t i = 0; i < wanted; i++) {
        ck_assert_int_eq(compare_ranked(&top.at[i], &expected->at[i]), 0);
        ck_assert_double_eq(top.at[i].value, expected->at[i].value);
    }
}

START_TEST(top_is_what_a_sort_of_all_keys_begins_with)
{
    static const size_t limits[] = { 1, 2, 7, 100, 489, 490, TOP_KEYS_MAX };
    static struct ranking expected;
    struct catalog *catalog;
    struct table *table = make_table(&catalog);
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view("x/") };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        rank_by_scan(table, view(""), &expected);
        ck_assert_int_eq(memcmp(expected.at[0].key, "big", 3), 0);
        check_top(table, &all, &expected, limits[i]);
        rank_by_scan(table, prefix.prefix, &expected);
        check_top(table, &prefix, &expected, limits[i]);
    }
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(top_of_a_list_leaves_out_who_has_nothing)
{
    static struct ranking top;
    struct catalog *catalog;
    struct table *table = make_table(&catalog);
    struct column_set columns = column_a(table);
    /* "x/0" has values in b alone. */
    struct bytes_view list[] = { view("x/0"), view("nobody"), view("big"), view(""), view("big") };
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 5 };
    ck_assert_int_eq(table_top(table, &selector, 10, &columns, NULL, collect, &top, NULL), ST_OK);
    ck_assert_uint_eq(top.count, 2);
    ck_assert_uint_eq(top.at[0].len, 3);
    ck_assert_uint_eq(top.at[1].len, 0);
    ck_assert_double_eq_tol(top.at[1].value, 5.0, 0.01);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(top_ends_when_the_visitor_has_enough)
{
    static struct ranking top = { .stop_at = 3 };
    struct catalog *catalog;
    struct table *table = make_table(&catalog);
    struct column_set columns = column_a(table);
    ck_assert_int_eq(table_top(table, &all, 10, &columns, NULL, collect, &top, NULL), ST_OK);
    ck_assert_uint_eq(top.count, 3);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

static bool count(struct bytes_view key, const struct estimate *estimate, void *arg)
{
    (void)key;
    (void)estimate;
    ++*(size_t *)arg;
    return true;
}

static enum status cancel(void *arg)
{
    (void)arg;
    return ST_CANCELLED;
}

START_TEST(top_that_is_stopped_or_asked_for_too_much_visits_nobody)
{
    static struct ranking top;
    const struct task stopped = { cancel, NULL };
    struct catalog *catalog;
    struct table *table = make_table(&catalog);
    struct column_set columns = column_a(table);
    struct error err;
    ck_assert_int_eq(table_top(table, &all, 10, &columns, &stopped, collect, &top, &err),
                     ST_CANCELLED);
    ck_assert_int_eq(table_top(table, &all, 0, &columns, NULL, collect, &top, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_int_eq(table_top(table, &all, TOP_KEYS_MAX + 1, &columns, NULL, collect, &top, &err),
                     ST_INVALID_ARGUMENT);
    ck_assert_uint_eq(top.count, 0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

START_TEST(top_survives_every_failing_allocation)
{
    struct catalog *catalog;
    struct table *table = make_table(&catalog);
    struct column_set columns = column_a(table);
    bool failed = true;
    for (long n = 0; failed; n++) {
        size_t visited = 0;
        failing_alloc_arm(n);
        enum status status = table_top(table, &all, 10, &columns, NULL, count, &visited, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        ck_assert_uint_eq(visited, failed ? 0 : 10);
    }
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        top_is_what_a_sort_of_all_keys_begins_with,
        top_of_a_list_leaves_out_who_has_nothing,
        top_ends_when_the_visitor_has_enough,
        top_that_is_stopped_or_asked_for_too_much_visits_nobody,
        top_survives_every_failing_allocation,
    };
    return RUN_SUITE("table_top", tests);
}
