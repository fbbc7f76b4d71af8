/* The client library on a libuv loop, against a daemon that is slow or goes away. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "client/include/cardinal_async.h"
#include "tests/integration/client_proxy.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"

#define REQUESTS 6000u
#define VALUES 100000u

static const char *const columns[] = { "a", "b" };

static uv_loop_t loop;
static cardinal_async *client;
static cardinal_async_batch *batch;

/* What the callbacks saw. */
static struct {
    unsigned ok;
    unsigned failed;
    unsigned cancelled;
    unsigned drained;
    unsigned closed;
    cardinal_status last;
    uint32_t added; /* values */
    uint64_t acked; /* values */
    uint64_t rows;
    unsigned pages;
} seen;

static cardinal_client *connect_blocking(const char *address)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *made = NULL;
    options.address = address;
    ck_assert_int_eq(cardinal_connect(&options, &made, NULL), CARDINAL_OK);
    return made;
}

static void make_table(const char *address)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_client *blocking = connect_blocking(address);
    spec.name = "t";
    spec.columns = columns;
    spec.column_count = 2;
    ck_assert_int_eq(cardinal_table_create(blocking, &spec, NULL, NULL), CARDINAL_OK);
    cardinal_close(blocking);
}

/* Returns when it does nothing any more. */
static void pause_daemon(const struct daemon *daemon)
{
    int status;
    ck_assert_int_eq(kill(daemon->pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(daemon->pid, &status, WUNTRACED), daemon->pid);
    ck_assert(WIFSTOPPED(status));
}

static void note(cardinal_status status)
{
    if (status == CARDINAL_OK)
        seen.ok++;
    else if (status == CARDINAL_CANCELLED)
        seen.cancelled++;
    else
        seen.failed++;
    seen.last = status;
}

static void done(cardinal_async *of, cardinal_status status, void *arg)
{
    ck_assert_ptr_eq(of, client);
    ck_assert_uint_eq(seen.closed, 0);
    (void)arg;
    note(status);
}

static void drained(cardinal_async *of, void *arg)
{
    (void)of;
    (void)arg;
    seen.drained++;
}

static void closed(cardinal_async *of, void *arg)
{
    (void)of;
    (void)arg;
    seen.closed++;
}

/* Opens `client`; timeout_ms of 0 is the usual one. */
static void open_client(const char *address, unsigned connections, unsigned max_requests,
                        int timeout_ms)
{
    cardinal_options connect = CARDINAL_OPTIONS_INIT;
    cardinal_async_options options = CARDINAL_ASYNC_OPTIONS_INIT;
    memset(&seen, 0, sizeof seen);
    connect.address = address;
    connect.request_timeout_ms = timeout_ms;
    options.connect = &connect;
    options.connections = connections;
    options.max_requests = max_requests;
    options.drained = drained;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(cardinal_async_open(&loop, &options, done, NULL, &client, NULL), CARDINAL_OK);
}

static void run_until_answered(void)
{
    int64_t end = now_ms() + 60000;
    while (cardinal_async_unanswered(client) > 0 && now_ms() < end)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_eq(cardinal_async_unanswered(client), 0);
}

static void close_client(void)
{
    cardinal_async_close(client, closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* every handle is gone */
}

/* ---- batches ---------------------------------------------------------- */

/* Value number i of those that tests add: many keys, both columns. */
static cardinal_status add_blocking(cardinal_batch *to, uint32_t i)
{
    char key[16];
    size_t len = (size_t)snprintf(key, sizeof key, "k%u", i % 97);
    return cardinal_batch_int(to, key, len, i % 2, i);
}

static void add_values(cardinal_async_batch *to, void *arg)
{
    (void)arg;
    for (; seen.added < VALUES; seen.added++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof key, "k%u", seen.added % 97);
        cardinal_status status = cardinal_async_batch_int(to, key, len, seen.added % 2, seen.added);
        if (status == CARDINAL_ERR_FULL)
            return;
        ck_assert_int_eq(status, CARDINAL_OK);
    }
    ck_assert_int_eq(cardinal_async_batch_flush(to), CARDINAL_OK);
}

static void batch_opened(cardinal_async_batch *of, cardinal_status status, void *arg)
{
    note(status);
    if (status == CARDINAL_OK)
        add_values(of, arg);
}

static void acked(cardinal_async_batch *of, const cardinal_async_ack *ack, void *arg)
{
    ck_assert_uint_eq(seen.closed, 0);
    (void)arg;
    note(ack->status);
    ck_assert((ack->failed == NULL) ==
              (ack->status == CARDINAL_OK || ack->status == CARDINAL_CANCELLED));
    if (ack->status == CARDINAL_OK)
        seen.acked += ack->values;
    else if (ack->status == CARDINAL_ERR_TIMEOUT)
        ck_assert_int_eq(cardinal_async_batch_retry(of, ack->failed), CARDINAL_OK);
}

static void flushed(cardinal_async_batch *of, void *arg)
{
    ck_assert_uint_eq(seen.acked, VALUES);
    cardinal_async_batch_close(of);
    *(bool *)arg = true;
}

static void open_batch(bool *is_flushed)
{
    static const cardinal_async_batch_events events = { batch_opened, acked, add_values, flushed };
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_values = 1000;
    options.max_in_flight = 4;
    *is_flushed = false;
    ck_assert_int_eq(
        cardinal_async_batch_open(client, "t", NULL, 0, &options, &events, is_flushed, &batch),
        CARDINAL_OK);
}

static uint64_t digest_of(const char *address)
{
    cardinal_client *blocking = connect_blocking(address);
    cardinal_table *table;
    ck_assert_int_eq(cardinal_table_describe(blocking, "t", true, &table), CARDINAL_OK);
    uint64_t digest = table->digest;
    cardinal_table_free(table);
    cardinal_close(blocking);
    return digest;
}

/* What the table is to be like: the digest after the blocking API has added all. */
static uint64_t expected_digest(const char *address)
{
    cardinal_client *blocking = connect_blocking(address);
    cardinal_batch *to;
    ck_assert_int_eq(cardinal_batch_open(blocking, "t", NULL, 0, NULL, &to), CARDINAL_OK);
    for (uint32_t i = 0; i < VALUES; i++)
        ck_assert_int_eq(add_blocking(to, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(to), CARDINAL_OK);
    cardinal_batch_close(to);
    cardinal_close(blocking);
    return digest_of(address);
}

START_TEST(batches_arrive_whole_over_broken_connections)
{
    struct daemon daemon;
    bool is_flushed;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    make_table(daemon_address(&daemon));
    struct client_proxy proxy = {
        .to = daemon_address(&daemon), .requests_max = 60000, .answers_max = 300, .cuts_max = 12
    };
    client_proxy_start(&proxy);
    open_client(proxy.address, 1, 0, 0);
    open_batch(&is_flushed);
    int64_t end = now_ms() + 60000;
    while (!is_flushed && now_ms() < end)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert(is_flushed);
    ck_assert_uint_eq(seen.failed, 0);
    close_client();
    ck_assert_int_gt(atomic_load(&proxy.cuts), 3);
    client_proxy_stop(&proxy);
    uint64_t digest = digest_of(daemon_address(&daemon));
    ck_assert_uint_eq(digest, expected_digest(daemon_address(&daemon)));
    daemon_stop(&daemon);
}
END_TEST

START_TEST(slow_daemon_fills_the_batch_and_drains_it)
{
    struct daemon daemon;
    bool is_flushed;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    make_table(daemon_address(&daemon));
    open_client(daemon_address(&daemon), 1, 0, 300);
    run_until_answered();
    open_batch(&is_flushed);
    while (seen.added == 0)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_lt(seen.added, VALUES); /* answers wait to be told of */
    pause_daemon(&daemon);
    while (seen.failed == 0) /* times out, and is sent again */
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_lt(seen.added, VALUES);
    kill(daemon.pid, SIGCONT);
    int64_t end = now_ms() + 60000;
    while (!is_flushed && now_ms() < end)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert(is_flushed);
    close_client();
    uint64_t digest = digest_of(daemon_address(&daemon));
    ck_assert_uint_eq(digest, expected_digest(daemon_address(&daemon)));
    daemon_stop(&daemon);
}
END_TEST

/* ---- questions -------------------------------------------------------- */

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
            ck_assert_int_eq(cardinal_async_count(client, "t", &key, 1, columns, 1, counted, NULL),
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
        batches_arrive_whole_over_broken_connections,
        slow_daemon_fills_the_batch_and_drains_it,
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
