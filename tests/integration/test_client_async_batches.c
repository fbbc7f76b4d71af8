/* Batches on a libuv loop, against a daemon that is slow or goes away. */
#include <check.h>
#include <signal.h>

#include "tests/integration/async_scene.h"
#include "tests/integration/client_proxy.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"

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

int main(void)
{
    const TTest *const tests[] = {
        batches_arrive_whole_over_broken_connections,
        slow_daemon_fills_the_batch_and_drains_it,
    };
    return RUN_INTEGRATION("client_async_batches", tests);
}
