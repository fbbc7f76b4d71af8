/* Questions on a libuv loop, against a daemon that is slow or goes away. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/async_scene.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"

#define REQUESTS 6000u

static void counted(cardinal_async *of, cardinal_status status, const cardinal_counts *counts,
                    void *arg)
{
    done(of, status, arg);
    if (status != CARDINAL_OK)
        return;
    ck_assert_uint_eq(counts->row_count, 1);
    ck_assert(!counts->rows[0].found);
}

static void ask_many(unsigned count)
{
    const cardinal_key key = { "nobody", 6 };
    for (unsigned i = 0; i < count; i++) {
        if (i % 2 == 0)
            ck_assert_int_eq(cardinal_async_ping(client, done, NULL), CARDINAL_OK);
        else
            ck_assert_int_eq(cardinal_async_count(client, "t", &key, 1, NULL, 0, counted, NULL),
                             CARDINAL_OK);
    }
}

START_TEST(thousands_of_requests_are_answered_once)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    make_table(daemon_address(&daemon));
    open_client(daemon_address(&daemon), 4, 0, 0);
    ask_many(REQUESTS);
    ck_assert_uint_eq(seen.ok, 0); /* no callback out of a function */
    run_until_answered();
    ck_assert_uint_eq(seen.ok, REQUESTS + 1);
    close_client();
    daemon_stop(&daemon);
}
END_TEST

START_TEST(requests_outlive_a_daemon_that_is_killed)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    open_client(daemon_address(&daemon), 3, 0, 0);
    run_until_answered();
    pause_daemon(&daemon);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_int_eq(cardinal_async_ping(client, done, NULL), CARDINAL_OK);
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    run_until_answered();
    ck_assert_uint_eq(seen.ok, 1001);
    close_client();
    daemon_stop(&daemon);
}
END_TEST

START_TEST(requests_beyond_the_limit_are_refused_until_drained)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    open_client(daemon_address(&daemon), 1, 100, 0);
    for (unsigned i = 0; i < 99; i++)
        ck_assert_int_eq(cardinal_async_ping(client, done, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_async_ping(client, done, NULL), CARDINAL_ERR_FULL);
    run_until_answered();
    ck_assert_uint_eq(seen.drained, 1);
    ck_assert_uint_eq(seen.ok, 100);
    ck_assert_int_eq(cardinal_async_ping(client, done, NULL), CARDINAL_OK);
    run_until_answered();
    close_client();
    daemon_stop(&daemon);
}
END_TEST

START_TEST(closing_cancels_what_is_in_flight)
{
    struct daemon daemon;
    bool is_flushed;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    make_table(daemon_address(&daemon));
    open_client(daemon_address(&daemon), 2, 0, 0);
    run_until_answered();
    open_batch(&is_flushed);
    while (seen.added == 0)
        uv_run(&loop, UV_RUN_ONCE);
    pause_daemon(&daemon);
    unsigned before = seen.ok;
    ask_many(1000);
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    size_t unanswered = cardinal_async_unanswered(client);
    ck_assert_uint_ge(unanswered, 1000);
    unsigned known = seen.ok;
    close_client();
    ck_assert_uint_eq(seen.cancelled, unanswered);
    ck_assert_uint_eq(seen.ok, known);
    ck_assert_uint_ge(known, before);
    kill(daemon.pid, SIGCONT);
    daemon_stop(&daemon);
}
END_TEST

static void close_in_callback(cardinal_async *of, cardinal_status status, void *arg)
{
    done(of, status, arg);
    cardinal_async_close(of, closed, NULL);
}

START_TEST(client_may_be_closed_in_a_callback)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    open_client(daemon_address(&daemon), 2, 0, 0);
    for (unsigned i = 0; i < 10; i++)
        ck_assert_int_eq(cardinal_async_ping(client, close_in_callback, NULL), CARDINAL_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_uint_eq(seen.ok + seen.cancelled, 11);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(absent_server_is_told)
{
    cardinal_options connect = CARDINAL_OPTIONS_INIT;
    cardinal_async_options options = CARDINAL_ASYNC_OPTIONS_INIT;
    connect.address = "unix:///nonexistent/socket";
    connect.retries = -1;
    options.connect = &connect;
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(cardinal_async_open(&loop, &options, done, NULL, &client, NULL), CARDINAL_OK);
    run_until_answered();
    ck_assert_int_eq(seen.last, CARDINAL_ERR_CONNECT);
    ck_assert_str_eq(cardinal_async_error(client),
                     "cannot connect to unix:///nonexistent/socket: No such file or directory");
    close_client();
}
END_TEST

static bool paged(cardinal_async *of, cardinal_status status, const cardinal_async_page *page,
                  void *arg)
{
    const unsigned *most = arg;
    ck_assert_ptr_eq(of, client);
    ck_assert_int_eq(status, CARDINAL_OK);
    ck_assert_uint_eq(page->column_count, 2);
    seen.rows += page->row_count;
    return ++seen.pages < *most;
}

static void united(cardinal_async *of, cardinal_status status, const cardinal_union_result *result,
                   void *arg)
{
    done(of, status, arg);
    ck_assert_uint_eq(result->keys, 9000);
}

static void compared(cardinal_async *of, cardinal_status status, const cardinal_overlap *overlap,
                     void *arg)
{
    done(of, status, arg);
    ck_assert_uint_eq(overlap->keys_a, 1000);
    ck_assert_uint_eq(overlap->keys_b, 9000);
}

static void fill(const char *address)
{
    cardinal_client *blocking = connect_blocking(address);
    cardinal_batch *to;
    ck_assert_int_eq(cardinal_batch_open(blocking, "t", NULL, 0, NULL, &to), CARDINAL_OK);
    for (int i = 0; i < 9000; i++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof key, "%04d", i);
        ck_assert_int_eq(cardinal_batch_int(to, key, len, 0, i), CARDINAL_OK);
    }
    ck_assert_int_eq(cardinal_batch_flush(to), CARDINAL_OK);
    cardinal_batch_close(to);
    cardinal_close(blocking);
}

START_TEST(questions_have_their_answers)
{
    struct daemon daemon;
    unsigned all = UINT32_MAX;
    unsigned one = 1;
    cardinal_selector every = cardinal_select_all();
    cardinal_selector some = cardinal_select_prefix("3", 1);
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    make_table(daemon_address(&daemon));
    fill(daemon_address(&daemon));
    open_client(daemon_address(&daemon), 2, 0, 0);
    ck_assert_int_eq(cardinal_async_scan(client, "t", &every, NULL, 0, 0, paged, &all),
                     CARDINAL_OK);
    ck_assert_int_eq(cardinal_async_union(client, "t", &every, NULL, 0, united, NULL), CARDINAL_OK);
    ck_assert_int_eq(cardinal_async_compare(client, "t", "a", &some, &every, compared, NULL),
                     CARDINAL_OK);
    run_until_answered();
    ck_assert_uint_eq(seen.rows, 9000);
    ck_assert_uint_ge(seen.pages, 3);
    seen.pages = 0;
    ck_assert_int_eq(cardinal_async_scan(client, "t", &every, NULL, 0, 0, paged, &one),
                     CARDINAL_OK);
    run_until_answered();
    ck_assert_uint_eq(seen.pages, 1); /* it said that it is enough */
    close_client();
    daemon_stop(&daemon);
}
END_TEST

START_TEST(example_counts_users_of_pages)
{
    const char *const argv[] = { CARDINAL_TESTS_BIN "/example_async", NULL };
    const char *const create[] = { PROGRAM_CARDINAL, "table",          "create",
                                   "visits",         "--columns=user", NULL };
    struct daemon daemon;
    struct run run;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    setenv("CARDINAL_SERVER", daemon_address(&daemon), 1);
    run_program(&run, argv);
    ck_assert_str_eq(run.err, "async: no table 'visits'\n");
    ck_assert_int_eq(run.exit_status, 1);
    run_release(&run);
    run_program(&run, create);
    run_release(&run);
    run_program(&run, argv);
    ck_assert_str_eq(run.err, "");
    ck_assert_str_eq(run.out, "/index 100\n/about 10\n");
    ck_assert_int_eq(run.exit_status, 0);
    run_release(&run);
    daemon_stop(&daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        thousands_of_requests_are_answered_once,
        requests_outlive_a_daemon_that_is_killed,
        requests_beyond_the_limit_are_refused_until_drained,
        closing_cancels_what_is_in_flight,
        client_may_be_closed_in_a_callback,
        absent_server_is_told,
        questions_have_their_answers,
        example_counts_users_of_pages,
    };
    return RUN_INTEGRATION("client_async", tests);
}
