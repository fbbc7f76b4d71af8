/* Every allocation of the library fails once, in turn: the call says so, and
 * nothing is lost or left behind. */
#include <check.h>

#include "client/include/cardinal.h"
#include "tests/unit/client/server_process.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

#define ROUNDS_MAX 500

static struct server_process server;

static cardinal_client *connect_client(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client = NULL;
    options.address = server.address;
    options.retries = -1;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    return client;
}

static cardinal_status make_table(cardinal_client *client)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_table *table = NULL;
    spec.name = "t";
    cardinal_status status = cardinal_table_create(client, &spec, NULL, &table);
    cardinal_table_free(table);
    return status;
}

static cardinal_status change_table(cardinal_client *client)
{
    const char *add[] = { "d" };
    return cardinal_table_alter(client, "t", add, 1, NULL, 0, "u");
}

static cardinal_status drop_table(cardinal_client *client)
{
    bool dropped;
    return cardinal_table_drop(client, "t", true, &dropped);
}

static cardinal_status see_stats(cardinal_client *client)
{
    cardinal_stats *stats = NULL;
    cardinal_status status = cardinal_stats_get(client, &stats);
    cardinal_stats_free(stats);
    return status;
}

static bool see(const cardinal_table *table, void *arg)
{
    (void)table;
    (void)arg;
    return true;
}

static cardinal_status list_tables(cardinal_client *client)
{
    return cardinal_table_list(client, NULL, see, NULL);
}

static cardinal_status count(cardinal_client *client)
{
    const cardinal_key key = { "k", 1 };
    const char *columns[] = { "a" };
    cardinal_counts *counts = NULL;
    cardinal_status status = cardinal_count(client, "t", &key, 1, columns, 1, &counts);
    cardinal_counts_free(counts);
    return status;
}

static cardinal_status count_later(cardinal_client *client)
{
    const cardinal_key key = { "k", 1 };
    cardinal_pending *pending = NULL;
    cardinal_counts *counts = NULL;
    cardinal_status status = cardinal_count_start(client, "t", &key, 1, NULL, 0, &pending);
    if (status == CARDINAL_OK)
        status = cardinal_count_wait(pending, &counts);
    cardinal_counts_free(counts);
    return status;
}

static cardinal_status unite(cardinal_client *client)
{
    const cardinal_key key = { "k", 1 };
    cardinal_selector list = cardinal_select_keys(&key, 1);
    cardinal_union_result *result = NULL;
    cardinal_status status = cardinal_union(client, "t", &list, NULL, 0, &result);
    cardinal_union_free(result);
    return status;
}

static cardinal_status scan(cardinal_client *client)
{
    cardinal_selector all = cardinal_select_all();
    cardinal_scan *pages = NULL;
    const cardinal_row *row = NULL;
    cardinal_status status = cardinal_scan_open(client, "t", &all, NULL, 0, 0, &pages);
    while (status == CARDINAL_OK) {
        status = cardinal_scan_next(pages, &row);
        if (row == NULL || status != CARDINAL_OK)
            break;
        row = NULL;
    }
    cardinal_scan_close(pages);
    return status;
}

static cardinal_status delete_keys(cardinal_client *client)
{
    const cardinal_key key = { "k", 1 };
    cardinal_selector list = cardinal_select_keys(&key, 1);
    return cardinal_delete(client, "t", &list, NULL);
}

static cardinal_status ingest(cardinal_client *client)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch *batch = NULL;
    options.raw = true;
    cardinal_status status = cardinal_batch_open(client, "t", NULL, 0, &options, &batch);
    if (status == CARDINAL_OK)
        status = cardinal_batch_string(batch, "k", 1, 0, "value", 5);
    if (status == CARDINAL_OK)
        status = cardinal_batch_string(batch, "l", 1, 0, "value", 5);
    if (status == CARDINAL_OK)
        status = cardinal_batch_flush(batch);
    cardinal_batch_close(batch);
    return status;
}

/* Fails allocation 0, 1, 2, .. of the work until none is left to fail. */
static void fail_each(cardinal_status (*work)(cardinal_client *client))
{
    int n = 0;
    bool failed = true;
    server_process_start(&server);
    for (; failed && n < ROUNDS_MAX; n++) {
        cardinal_client *client = connect_client();
        failing_alloc_arm(n);
        cardinal_status status = work(client);
        failed = failing_alloc_disarm();
        if (failed)
            ck_assert_msg(status == CARDINAL_ERR_MEMORY || status == CARDINAL_OK ||
                              status == CARDINAL_ERR_LOST,
                          "allocation %d: status %d: %s", n, (int)status, cardinal_error(client));
        else
            ck_assert_int_eq(status, CARDINAL_OK);
        ck_assert_int_eq(work(client), CARDINAL_OK); /* the client is none the worse */
        cardinal_close(client);
    }
    server_process_stop(&server);
    ck_assert_int_gt(n, 1);
    ck_assert_int_lt(n, ROUNDS_MAX);
}

static cardinal_status (*const works[])(cardinal_client *) = {
    cardinal_ping, make_table,  change_table, drop_table, list_tables, see_stats,
    count,         count_later, unite,        scan,       delete_keys, ingest,
};

START_TEST(allocations_fail_cleanly)
{
    fail_each(works[_i]);
}
END_TEST

START_TEST(connecting_fails_cleanly)
{
    bool failed = true;
    server_process_start(&server);
    for (int n = 0; failed && n < ROUNDS_MAX; n++) {
        cardinal_options options = CARDINAL_OPTIONS_INIT;
        cardinal_client *client = NULL;
        char *text = NULL;
        options.address = server.address;
        failing_alloc_arm(n);
        cardinal_status status = cardinal_connect(&options, &client, &text);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? CARDINAL_ERR_MEMORY : CARDINAL_OK);
        ck_assert(failed || client != NULL);
        cardinal_free_text(text);
        cardinal_close(client);
    }
    ck_assert(!failed);
    server_process_stop(&server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_alloc");
    TCase *tcase = tcase_create("client_alloc");
    tcase_add_loop_test(tcase, allocations_fail_cleanly, 0, sizeof works / sizeof works[0]);
    tcase_add_test(tcase, connecting_fails_cleanly);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
