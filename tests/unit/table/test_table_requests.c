#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

static const char *const columns_ab[] = { "a", "b" };
static const struct selector all = { .kind = SELECTOR_ALL };

static void release(struct table *table, struct catalog *catalog)
{
    table_unref(table);
    catalog_free(catalog);
}

/* A task that stops after so many questions. */
struct patience {
    uint32_t asked;
    uint32_t stop_at; /* 0: never */
    enum status stop_with;
};

static enum status ask(void *arg)
{
    struct patience *patience = arg;
    return ++patience->asked == patience->stop_at ? patience->stop_with : ST_OK;
}

START_TEST(union_counts_a_key_listed_twice_once)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 100);
    struct bytes_view list[] = { view("k00001"), view("k00002"), view("k00001"), view("none"),
                                 view("k00002"), view("k00001"), view("none") };
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 7 };
    struct column_set columns;
    struct estimate estimates[2];
    uint64_t keys;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &selector, &columns, NULL, estimates, &keys, NULL), ST_OK);
    ck_assert_uint_eq(keys, 2);
    ck_assert_double_eq_tol(estimates[0].value, 2.0, 0.01);
    ck_assert_double_eq(estimates[1].value, 0.0);
    release(table, catalog);
}
END_TEST

START_TEST(union_of_no_key_is_zero)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 10);
    struct selector selector = { .kind = SELECTOR_LIST };
    struct column_set columns;
    struct estimate estimates[2];
    uint64_t keys = 77;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &selector, &columns, NULL, estimates, &keys, NULL), ST_OK);
    ck_assert_uint_eq(keys, 0);
    ck_assert_double_eq(estimates[0].value, 0.0);
    release(table, catalog);
}
END_TEST

/* Reads every row, where SELECTOR_ALL reads rollups. */
static const struct selector any_prefix = { .kind = SELECTOR_PREFIX };

START_TEST(union_that_is_stopped_leaves_its_outputs)
{
    static const enum status ways[] = { ST_CANCELLED, ST_DEADLINE_EXCEEDED };
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 3000);
    struct column_set columns;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (int i = 0; i < 2; i++) {
        struct patience patience = { .stop_at = 20, .stop_with = ways[i] };
        struct task task = { ask, &patience };
        struct estimate estimates[2] = { { 5.0, 0.5 }, { 6.0, 0.5 } };
        uint64_t keys = 77;
        struct error err;
        ck_assert_int_eq(table_union(table, &any_prefix, &columns, &task, estimates, &keys, &err),
                         ways[i]);
        ck_assert_int_eq(err.code, ways[i]);
        ck_assert_uint_eq(keys, 77);
        ck_assert_double_eq(estimates[0].value, 5.0);
        ck_assert_uint_eq(patience.asked, 20);
    }
    release(table, catalog);
}
END_TEST

START_TEST(prefix_and_range_cost_what_they_match)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 40000);
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view("k0001") };
    struct patience few = { 0 };
    struct patience many = { 0 };
    struct task few_task = { ask, &few };
    struct task many_task = { ask, &many };
    struct column_set columns;
    struct estimate estimates[2];
    uint64_t keys;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    table_union(table, &prefix, &columns, &few_task, estimates, &keys, NULL);
    ck_assert_uint_eq(keys, 10);
    table_union(table, &any_prefix, &columns, &many_task, estimates, &keys, NULL);
    ck_assert_uint_eq(keys, 40000);
    ck_assert_uint_le(few.asked, SHARD_COUNT);
    ck_assert_uint_ge(many.asked, 40000 / TABLE_LOCK_VALUES);
    release(table, catalog);
}
END_TEST

START_TEST(delete_that_is_stopped_says_how_many_went)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 3000);
    struct patience patience = { .stop_at = 10, .stop_with = ST_CANCELLED };
    struct task task = { ask, &patience };
    struct table_usage usage = { 0 };
    uint64_t deleted;
    ck_assert_int_eq(table_delete(table, &all, &task, &deleted, NULL), ST_CANCELLED);
    table_add_usage(table, &usage);
    ck_assert_uint_gt(deleted, 0);
    ck_assert_uint_eq(usage.keys, 3000 - deleted);
    check_usage(table);
    release(table, catalog);
}
END_TEST

START_TEST(delete_of_a_list_counts_each_key_once)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 10);
    struct bytes_view list[] = { view("k00001"), view("k00001"), view("none"), view("k00002") };
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 4 };
    uint64_t deleted;
    ck_assert_int_eq(table_delete(table, &selector, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 2);
    ck_assert_double_eq(count_of(table, view("k00001"), "a"), -1.0);
    release(table, catalog);
}
END_TEST

START_TEST(delete_of_all_gives_the_memory_back)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 20000);
    struct table_usage before = { 0 };
    struct table_usage after = { 0 };
    uint64_t deleted;
    table_add_usage(table, &before);
    ck_assert_int_eq(table_delete(table, &all, NULL, &deleted, NULL), ST_OK);
    ck_assert_uint_eq(deleted, 20000);
    table_add_usage(table, &after);
    ck_assert_uint_eq(after.row_bytes, 0);
    ck_assert_uint_eq(after.keys, 0);
    ck_assert_uint_lt(after.index_bytes, before.index_bytes / 4);
    check_usage(table);
    release(table, catalog);
}
END_TEST

/* Checks that a scan visits k00000 and on, each once. */
struct counting {
    uint32_t next;
    uint32_t step; /* keys between two that are visited */
    uint32_t stop_at;
};

static bool count_visit(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct counting *counting = arg;
    char expected[16];
    if (counting->next == counting->stop_at)
        return false;
    snprintf(expected, sizeof expected, "k%05u", counting->next);
    ck_assert_int_eq(key_compare(key, view(expected)), 0);
    ck_assert_double_eq_tol(estimates[0].value, 1.0, 0.01);
    counting->next += counting->step;
    return true;
}

START_TEST(scan_pages_follow_one_another_while_keys_come_and_go)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 3000);
    struct column_set columns;
    struct counting counting = { .step = 1, .stop_at = UINT32_MAX };
    struct selector selector = { .kind = SELECTOR_PREFIX, .prefix = view("k0") };
    bool more = true;
    char last[16] = "";
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t page = 0; more; page++) {
        struct bytes_view after = view(last);
        char other[16];
        uint64_t deleted;
        ck_assert_int_eq(table_scan(table, &selector, page == 0 ? NULL : &after, 100, &columns,
                                    NULL, count_visit, &counting, &more, NULL),
                         ST_OK);
        snprintf(last, sizeof last, "k%05u", counting.next - 1);
        snprintf(other, sizeof other, "other%u", page);
        add_values(table, view(other), "a", 0, 2);
        struct bytes_view gone = view(last);
        struct selector list = { .kind = SELECTOR_LIST, .list = &gone, .list_count = 1 };
        ck_assert_int_eq(table_delete(table, &list, NULL, &deleted, NULL), ST_OK);
        ck_assert_uint_eq(deleted, 1);
    }
    ck_assert_uint_eq(counting.next, 3000);
    release(table, catalog);
}
END_TEST

START_TEST(scan_ends_the_page_before_what_is_not_taken)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 50);
    struct column_set columns;
    struct counting counting = { .step = 1, .stop_at = 20 };
    bool more = false;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(
        table_scan(table, &all, NULL, 100, &columns, NULL, count_visit, &counting, &more, NULL),
        ST_OK);
    ck_assert(more);
    ck_assert_uint_eq(counting.next, 20);
    struct bytes_view after = view("k00019");
    counting.stop_at = UINT32_MAX;
    ck_assert_int_eq(
        table_scan(table, &all, &after, 30, &columns, NULL, count_visit, &counting, &more, NULL),
        ST_OK);
    ck_assert_uint_eq(counting.next, 50);
    ck_assert(!more);
    release(table, catalog);
}
END_TEST

START_TEST(scan_refuses_lists_and_stops_when_told)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 3000);
    struct selector list = { .kind = SELECTOR_LIST };
    struct patience patience = { .stop_at = 30, .stop_with = ST_DEADLINE_EXCEEDED };
    struct task task = { ask, &patience };
    struct counting counting = { .step = 1, .stop_at = UINT32_MAX };
    struct column_set columns;
    bool more = true;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(
        table_scan(table, &list, NULL, 10, &columns, NULL, count_visit, &counting, &more, NULL),
        ST_INVALID_ARGUMENT);
    ck_assert_int_eq(
        table_scan(table, &all, NULL, 3000, &columns, &task, count_visit, &counting, &more, NULL),
        ST_DEADLINE_EXCEEDED);
    ck_assert(more);
    release(table, catalog);
}
END_TEST

START_TEST(estimates_of_many_keys_come_in_the_order_asked)
{
    enum { ASKED = 1000 };
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 500);
    struct column_set columns;
    static char text[ASKED][16];
    static struct bytes_view keys[ASKED];
    static struct estimate estimates[ASKED * 2];
    static bool found[ASKED];
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t i = 0; i < ASKED; i++) {
        snprintf(text[i], sizeof text[i], "k%05u", i * 37 % ASKED);
        keys[i] = view(text[i]);
    }
    table_estimate_many(table, keys, ASKED, &columns, estimates, found);
    for (uint32_t i = 0; i < ASKED; i++) {
        bool expected = i * 37 % ASKED < 500;
        ck_assert_int_eq(found[i], expected);
        ck_assert_double_eq_tol(estimates[2 * i].value, expected ? 1.0 : 0.0, 0.01);
        ck_assert_double_eq(estimates[2 * i + 1].value, 0.0);
    }
    release(table, catalog);
}
END_TEST

START_TEST(digest_tells_columns_keys_and_values_apart)
{
    static const struct {
        const char *key;
        const char *column;
        uint64_t value;
    } cells[] = { { "k", "a", 1 }, { "k", "b", 1 }, { "l", "a", 1 }, { "k", "a", 2 } };
    uint64_t digests[4];
    for (int i = 0; i < 4; i++) {
        struct catalog *catalog;
        struct table *table = fixture_table(&catalog, columns_ab, 2);
        add_values(table, view(cells[i].key), cells[i].column, cells[i].value, 1);
        digests[i] = digest_of(table);
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(digests[i], digests[j]);
        release(table, catalog);
    }
}
END_TEST

START_TEST(digest_does_not_depend_on_where_keys_are_placed)
{
    uint64_t digests[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct bytes_view column = view("a");
        struct table_spec spec = { .name = view("t"), .columns = &column, .column_count = 1 };
        struct catalog *catalog = catalog_new(1, seed);
        struct table *table;
        bool created;
        ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, NULL), ST_OK);
        for (uint64_t i = 0; i < 100; i++) {
            char key[16];
            snprintf(key, sizeof key, "%u", (unsigned)i);
            add_values(table, view(key), "a", i, 1 + i);
        }
        digests[seed] = digest_of(table);
        release(table, catalog);
    }
    ck_assert_uint_eq(digests[0], digests[1]);
}
END_TEST

START_TEST(describe_tells_what_the_table_is_and_holds)
{
    struct catalog *catalog;
    struct table *table = numbered_table(&catalog, 100);
    struct table_info info;
    table_describe(table, &info);
    ck_assert_str_eq(info.name, "t");
    ck_assert_uint_eq(info.id, 1);
    ck_assert_uint_eq(info.precision, PRECISION_DEFAULT);
    ck_assert_uint_eq(info.keys, 100);
    ck_assert_uint_eq(info.cells, 100);
    ck_assert_uint_gt(info.bytes, 100 * 24);
    ck_assert_uint_eq(info.column_count, 2);
    ck_assert_str_eq(info.columns[1].name, "b");
    release(table, catalog);
}
END_TEST

START_TEST(selectors_match_bytewise)
{
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view("ab") };
    struct selector range = { .kind = SELECTOR_RANGE, .from = view("b"), .to = view("c") };
    struct selector list = { .kind = SELECTOR_LIST };
    ck_assert(selector_matches(&prefix, view("ab")));
    ck_assert(selector_matches(&prefix, view("abc")));
    ck_assert(!selector_matches(&prefix, view("a")));
    ck_assert(!selector_matches(&prefix, view("Ab")));
    ck_assert(selector_matches(&range, view("b")));
    ck_assert(selector_matches(&range, view("b\xff")));
    ck_assert(!selector_matches(&range, view("c")));
    ck_assert(!selector_matches(&range, view("a\xff")));
    ck_assert(!selector_matches(&list, view("a")));
    ck_assert_int_lt(key_compare(view("a"), view("a\x01")), 0);
    ck_assert_int_lt(key_compare(view("a"), view("\x80")), 0);
    ck_assert_int_eq(key_compare(view("x"), view("x")), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        union_counts_a_key_listed_twice_once,
        union_of_no_key_is_zero,
        union_that_is_stopped_leaves_its_outputs,
        prefix_and_range_cost_what_they_match,
        delete_that_is_stopped_says_how_many_went,
        delete_of_a_list_counts_each_key_once,
        delete_of_all_gives_the_memory_back,
        scan_pages_follow_one_another_while_keys_come_and_go,
        scan_ends_the_page_before_what_is_not_taken,
        scan_refuses_lists_and_stops_when_told,
        estimates_of_many_keys_come_in_the_order_asked,
        digest_tells_columns_keys_and_values_apart,
        digest_does_not_depend_on_where_keys_are_placed,
        describe_tells_what_the_table_is_and_holds,
        selectors_match_bytewise,
    };
    return RUN_SUITE("table_requests", tests);
}
