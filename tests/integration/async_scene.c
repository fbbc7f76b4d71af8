#include "tests/integration/async_scene.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/integration/harness/process.h"

uv_loop_t loop;
cardinal_async *client;
struct async_seen seen;

static const char *const columns[] = { "a", "b" };
static cardinal_async_batch *batch;

cardinal_client *connect_blocking(const char *address)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *made = NULL;
    options.address = address;
    ck_assert_int_eq(cardinal_connect(&options, &made, NULL), CARDINAL_OK);
    return made;
}

void make_table(const char *address)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    cardinal_client *blocking = connect_blocking(address);
    spec.name = "t";
    spec.columns = columns;
    spec.column_count = 2;
    ck_assert_int_eq(cardinal_table_create(blocking, &spec, NULL, NULL), CARDINAL_OK);
    cardinal_close(blocking);
}

void pause_daemon(const struct daemon *daemon)
{
    int status;
    ck_assert_int_eq(kill(daemon->pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(daemon->pid, &status, WUNTRACED), daemon->pid);
    ck_assert(WIFSTOPPED(status));
}

void note(cardinal_status status)
{
    if (status == CARDINAL_OK)
        seen.ok++;
    else if (status == CARDINAL_CANCELLED)
        seen.cancelled++;
    else
        seen.failed++;
    seen.last = status;
}

void done(cardinal_async *of, cardinal_status status, void *arg)
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

void closed(cardinal_async *of, void *arg)
{
    (void)of;
    (void)arg;
    seen.closed++;
}

void open_client(const char *address, unsigned connections, unsigned max_requests, int timeout_ms)
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

void run_until_answered(void)
{
    int64_t end = now_ms() + 60000;
    while (cardinal_async_unanswered(client) > 0 && now_ms() < end)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_eq(cardinal_async_unanswered(client), 0);
}

void close_client(void)
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

void open_batch(bool *is_flushed)
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

uint64_t digest_of(const char *address)
{
    cardinal_client *blocking = connect_blocking(address);
    cardinal_table *table;
    ck_assert_int_eq(cardinal_table_describe(blocking, "t", true, &table), CARDINAL_OK);
    uint64_t digest = table->digest;
    cardinal_table_free(table);
    cardinal_close(blocking);
    return digest;
}

uint64_t expected_digest(const char *address)
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
