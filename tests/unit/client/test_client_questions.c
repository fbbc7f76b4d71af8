#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/include/cardinal.h"
#include "tests/unit/client/fake_answers.h"
#include "tests/unit/run_suite.h"

static struct fake_server server;
static cardinal_client *client;

static void start(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    fake_server_start(&server, fake_answers, NULL);
    options.address = server.address;
    options.request_timeout_ms = 5000;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
}

static void stop(void)
{
    cardinal_close(client);
    fake_server_stop(&server);
}

static cardinal_status count_two(cardinal_counts **out)
{
    const cardinal_key keys[] = { { "x", 1 }, { "", 0 } };
    const char *columns[] = { "b", "a" };
    return cardinal_count(client, "t", keys, 2, columns, 2, out);
}

START_TEST(count_answers_in_the_order_asked)
{
    cardinal_counts *counts;
    start();
    ck_assert_int_eq(count_two(&counts), CARDINAL_OK);
    ck_assert_uint_eq(counts->column_count, 2);
    ck_assert_str_eq(counts->columns[0], "b");
    ck_assert_uint_eq(counts->row_count, 2);
    ck_assert_uint_eq(counts->rows[0].key.len, 1);
    ck_assert_mem_eq(counts->rows[0].key.data, "x", 1);
    ck_assert_uint_eq(counts->rows[1].key.len, 0);
    ck_assert(counts->rows[1].found);
    ck_assert_double_eq(counts->rows[1].estimates[1].value, 2);
    cardinal_counts_free(counts);
    stop();
}
END_TEST

START_TEST(count_of_no_keys_tells_the_columns)
{
    cardinal_counts *counts;
    start();
    ck_assert_int_eq(cardinal_count(client, "t", NULL, 0, NULL, 0, &counts), CARDINAL_OK);
    ck_assert_uint_eq(counts->column_count, FAKE_COLUMNS);
    ck_assert_uint_eq(counts->row_count, 0);
    cardinal_counts_free(counts);
    stop();
}
END_TEST

START_TEST(long_count_is_asked_in_parts)
{
    static char text[FAKE_KEYS_MAX][8];
    static cardinal_key keys[FAKE_KEYS_MAX];
    cardinal_counts *counts;
    for (unsigned i = 0; i < FAKE_KEYS_MAX; i++)
        keys[i] = (cardinal_key){ text[i], (size_t)snprintf(text[i], sizeof text[i], "%u", i) };
    bend.too_many_keys = 100;
    start();
    ck_assert_int_eq(cardinal_count(client, "t", keys, FAKE_KEYS_MAX, NULL, 0, &counts),
                     CARDINAL_OK);
    ck_assert_uint_eq(counts->row_count, FAKE_KEYS_MAX);
    for (unsigned i = 0; i < FAKE_KEYS_MAX; i++) {
        ck_assert_uint_eq(counts->rows[i].key.len, keys[i].len);
        ck_assert_mem_eq(counts->rows[i].key.data, keys[i].data, keys[i].len);
        ck_assert(counts->rows[i].found);
    }
    cardinal_counts_free(counts);
    stop();
    ck_assert_uint_ge(bend.counts, FAKE_KEYS_MAX / 100);
}
END_TEST

/* One bend at a time, by the test's index. */
static void apply_bend(int which)
{
    bool *const bends[] = { &bend.lose_a_row, &bend.lose_an_estimate, &bend.lose_rse,
                            &bend.add_a_column, &bend.infinite };
    *bends[which] = true;
}

START_TEST(count_that_does_not_fit_the_question_is_refused)
{
    for (int i = 0; i < 5; i++) {
        cardinal_counts *counts = NULL;
        memset(&bend, 0, sizeof bend);
        apply_bend(i);
        start();
        ck_assert_int_eq(count_two(&counts), CARDINAL_ERR_PROTOCOL);
        ck_assert_ptr_null(counts);
        ck_assert_int_eq(cardinal_fd(client), -1); /* the connection is dropped */
        memset(&bend, 0, sizeof bend);
        ck_assert_int_eq(count_two(&counts), CARDINAL_OK); /* and made anew */
        cardinal_counts_free(counts);
        stop();
    }
}
END_TEST

START_TEST(union_that_does_not_fit_the_question_is_refused)
{
    const char *columns[] = { "b", "a" };
    cardinal_selector all = cardinal_select_all();
    for (int i = 1; i < 4; i++) {
        cardinal_union_result *result = NULL;
        memset(&bend, 0, sizeof bend);
        apply_bend(i);
        start();
        ck_assert_int_eq(cardinal_union(client, "t", &all, columns, 2, &result),
                         CARDINAL_ERR_PROTOCOL);
        ck_assert_ptr_null(result);
        stop();
    }
}
END_TEST

START_TEST(union_has_an_estimate_a_column)
{
    cardinal_union_result *result;
    cardinal_selector prefix = cardinal_select_prefix("k", 1);
    start();
    ck_assert_int_eq(cardinal_union(client, "t", &prefix, NULL, 0, &result), CARDINAL_OK);
    ck_assert_uint_eq(result->keys, 3);
    ck_assert_uint_eq(result->column_count, FAKE_COLUMNS);
    ck_assert_str_eq(result->columns[2], "c");
    ck_assert_double_eq(result->estimates[2].value, 7);
    cardinal_union_free(result);
    stop();
}
END_TEST

START_TEST(selector_made_by_hand_is_refused)
{
    cardinal_union_result *result;
    cardinal_selector none = { 0 };
    start();
    ck_assert_int_eq(cardinal_union(client, "t", &none, NULL, 0, &result), CARDINAL_ERR_USAGE);
    stop();
}
END_TEST

START_TEST(questions_may_be_answered_out_of_order)
{
    const cardinal_key keys[] = { { "x", 1 }, { "y", 1 }, { "z", 1 } };
    cardinal_pending *first;
    cardinal_pending *second;
    cardinal_pending *dropped;
    cardinal_counts *counts;
    bend.hold_first = true;
    start();
    ck_assert_int_eq(cardinal_count_start(client, "t", keys, 3, NULL, 0, &first), CARDINAL_OK);
    ck_assert_int_eq(cardinal_count_start(client, "t", keys, 1, NULL, 0, &dropped), CARDINAL_OK);
    ck_assert_int_eq(cardinal_count_start(client, "t", keys, 2, NULL, 0, &second), CARDINAL_OK);
    cardinal_pending_drop(dropped);
    ck_assert_int_eq(cardinal_count_wait(first, &counts), CARDINAL_OK);
    ck_assert_uint_eq(counts->row_count, 3);
    ck_assert_double_eq(counts->rows[0].estimates[0].value, 3);
    cardinal_counts_free(counts);
    ck_assert_int_eq(cardinal_count_wait(second, &counts), CARDINAL_OK);
    ck_assert_uint_eq(counts->row_count, 2);
    ck_assert_double_eq(counts->rows[1].estimates[0].value, 2);
    cardinal_counts_free(counts);
    stop();
}
END_TEST

static unsigned scan_all(uint64_t limit, cardinal_status expected)
{
    const cardinal_row *row;
    cardinal_scan *scan;
    cardinal_selector all = cardinal_select_all();
    cardinal_status status;
    unsigned n = 0;
    ck_assert_int_eq(cardinal_scan_open(client, "t", &all, NULL, 0, limit, &scan), CARDINAL_OK);
    while ((status = cardinal_scan_next(scan, &row)) == CARDINAL_OK && row != NULL) {
        size_t columns;
        ck_assert_str_eq(cardinal_scan_columns(scan, &columns)[0], "a");
        ck_assert_uint_eq(columns, FAKE_COLUMNS);
        ck_assert_uint_eq(row->key.len, 1);
        ck_assert_int_eq(*(const char *)row->key.data, (char)('0' + n));
        n++;
    }
    ck_assert_int_eq(status, expected);
    ck_assert_int_eq(cardinal_scan_next(scan, &row), expected); /* it stays at its end */
    cardinal_scan_close(scan);
    return n;
}

START_TEST(scan_walks_all_pages)
{
    start();
    ck_assert_uint_eq(scan_all(0, CARDINAL_OK), 10);
    ck_assert_uint_eq(scan_all(10, CARDINAL_OK), 10);
    ck_assert_uint_eq(scan_all(6, CARDINAL_OK), 6);
    ck_assert_uint_eq(scan_all(1, CARDINAL_OK), 1);
    stop();
}
END_TEST

START_TEST(scan_closed_midway_leaves_the_connection_usable)
{
    const cardinal_row *row;
    cardinal_scan *scan;
    cardinal_selector all = cardinal_select_all();
    start();
    ck_assert_int_eq(cardinal_scan_open(client, "t", &all, NULL, 0, 0, &scan), CARDINAL_OK);
    ck_assert_int_eq(cardinal_scan_next(scan, &row), CARDINAL_OK);
    cardinal_scan_close(scan);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    stop();
}
END_TEST

START_TEST(scan_of_descending_keys_is_refused)
{
    bend.descend = true;
    start();
    ck_assert_uint_eq(scan_all(0, CARDINAL_ERR_PROTOCOL), 0);
    stop();
}
END_TEST

START_TEST(scan_of_a_list_is_refused)
{
    cardinal_scan *scan;
    cardinal_selector list = cardinal_select_keys(NULL, 0);
    start();
    ck_assert_int_eq(cardinal_scan_open(client, "t", &list, NULL, 0, 0, &scan), CARDINAL_ERR_USAGE);
    stop();
}
END_TEST

static bool count_table(const cardinal_table *table, void *arg)
{
    unsigned *n = arg;
    ck_assert_uint_eq(table->column_count, FAKE_COLUMNS);
    ck_assert_int_eq(table->name[1], (char)('0' + *n));
    return ++*n < 2 || table->seed != FAKE_SEED;
}

static bool see_table(const cardinal_table *table, void *arg)
{
    (void)table;
    ++*(unsigned *)arg;
    return true;
}

START_TEST(tables_are_listed_page_by_page)
{
    unsigned n = 0;
    start();
    ck_assert_int_eq(cardinal_table_list(client, "t", see_table, &n), CARDINAL_OK);
    ck_assert_uint_eq(n, 3);
    n = 0;
    ck_assert_int_eq(cardinal_table_list(client, NULL, count_table, &n), CARDINAL_OK);
    ck_assert_uint_eq(n, 2); /* the visitor had enough */
    stop();
}
END_TEST

START_TEST(listing_that_goes_backwards_is_refused)
{
    unsigned n = 0;
    bend.descend = true;
    start();
    ck_assert_int_eq(cardinal_table_list(client, NULL, see_table, &n), CARDINAL_ERR_PROTOCOL);
    stop();
}
END_TEST

START_TEST(described_table_is_the_callers)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_table *table;
    bool created = true;
    start();
    spec.name = "t";
    ck_assert_int_eq(cardinal_table_create(client, &spec, &created, &table), CARDINAL_OK);
    ck_assert(!created);
    ck_assert_uint_eq(table->id, FAKE_TABLE_ID);
    cardinal_table_free(table);
    ck_assert_int_eq(cardinal_table_create(client, &spec, NULL, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_table_describe(client, "t", true, &table), CARDINAL_OK);
    ck_assert_int_eq(cardinal_ping(client), CARDINAL_OK);
    ck_assert_str_eq(table->columns[1], "b");
    ck_assert_uint_eq(table->seed, FAKE_SEED);
    cardinal_table_free(table);
    stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        count_answers_in_the_order_asked,
        count_of_no_keys_tells_the_columns,
        long_count_is_asked_in_parts,
        count_that_does_not_fit_the_question_is_refused,
        union_that_does_not_fit_the_question_is_refused,
        union_has_an_estimate_a_column,
        selector_made_by_hand_is_refused,
        questions_may_be_answered_out_of_order,
        scan_walks_all_pages,
        scan_closed_midway_leaves_the_connection_usable,
        scan_of_descending_keys_is_refused,
        scan_of_a_list_is_refused,
        tables_are_listed_page_by_page,
        listing_that_goes_backwards_is_refused,
        described_table_is_the_callers,
    };
    return RUN_SUITE("client_questions", tests);
}
