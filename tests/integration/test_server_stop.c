/* How the daemon stops. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"
#include "tests/integration/long_requests.h"

#define LONG_REQUESTS 100u /* many together take longer than a test waits in between */
#define SETTLE_MS 20000

/* Takes in answers until the daemon hangs up; counts them by status. */
static void receive_all(struct wire *wire,
                        unsigned counts[CARDINAL__V1__STATUS__STATUS_INTERNAL + 1])
{
    Cardinal__V1__Response *response;

    while ((response = wire_receive(wire)) != NULL) {
        ck_assert_uint_le(response->status, CARDINAL__V1__STATUS__STATUS_INTERNAL);
        counts[response->status]++;
        wire_free(response);
    }
}

static void await_exit(const struct daemon *daemon)
{
    int status = process_wait(daemon->pid, PROCESS_TIMEOUT_MS);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(sigint_and_sigterm_stop_an_idle_daemon)
{
    static const int signals[] = { SIGINT, SIGTERM };

    for (size_t i = 0; i < 2; i++) {
        struct daemon daemon;
        struct wire wire;
        daemon_start(&daemon, DAEMON_TCP, NULL);
        call_connect(&wire, daemon_address(&daemon));
        ck_assert_int_eq(kill(daemon.pid, signals[i]), 0);
        wire_expect_hangup(&wire);
        await_exit(&daemon);
        wire_close(&wire);
    }
}
END_TEST

START_TEST(what_is_in_work_is_answered_before_the_daemon_stops)
{
    static const char *const options[] = { "--drain-ms", "60000", "--threads", "2", NULL };
    unsigned counts[CARDINAL__V1__STATUS__STATUS_INTERNAL + 1] = { 0 };
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, options);
    call_connect(&wire, daemon_address(&scene.daemon));
    long_table_make(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        long_send_digest(&wire, 0);
    long_await_digests(&scene.wire, LONG_REQUESTS);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    receive_all(&wire, counts);
    ck_assert_uint_eq(counts[CARDINAL__V1__STATUS__STATUS_OK], LONG_REQUESTS);
    await_exit(&scene.daemon);
    wire_close(&wire);
    wire_close(&scene.wire);
}
END_TEST

/* Asks until it is refused, since the daemon takes the signal in its own time; or
 * until the connection ends, with what was in work before. */
static void await_refusal(struct wire *wire)
{
    int64_t deadline = now_ms() + SETTLE_MS;
    int status = CARDINAL__V1__STATUS__STATUS_OK;

    while (status == CARDINAL__V1__STATUS__STATUS_OK) {
        ck_assert_int_lt(now_ms(), deadline);
        Cardinal__V1__Request *request = request_count(SCENE_TABLE, SCENE_KEY, NULL);
        wire_send(wire, request);
        request_free(request);
        Cardinal__V1__Response *response = wire_receive(wire);
        if (response == NULL)
            return;
        status = (int)response->status;
        wire_free(response);
    }
    ck_assert_int_eq(status, CARDINAL__V1__STATUS__STATUS_UNAVAILABLE);
}

START_TEST(new_requests_are_refused_while_it_drains)
{
    static const char *const options[] = { "--drain-ms", "60000", NULL };
    unsigned counts[CARDINAL__V1__STATUS__STATUS_INTERNAL + 1] = { 0 };
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, options);
    call_connect(&wire, daemon_address(&scene.daemon));
    long_table_make(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        long_send_digest(&wire, 0);
    long_await_digests(&scene.wire, LONG_REQUESTS);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    await_refusal(&scene.wire);
    receive_all(&wire, counts);
    ck_assert_uint_eq(counts[CARDINAL__V1__STATUS__STATUS_OK], LONG_REQUESTS);
    await_exit(&scene.daemon);
    wire_close(&wire);
    wire_close(&scene.wire);
}
END_TEST

START_TEST(what_outlasts_the_drain_is_answered_as_given_up)
{
    static const char *const options[] = { "--drain-ms", "1", "--job-threads", "1", NULL };
    unsigned counts[CARDINAL__V1__STATUS__STATUS_INTERNAL + 1] = { 0 };
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, options);
    call_connect(&wire, daemon_address(&scene.daemon));
    long_table_make(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        long_send_digest(&wire, 0);
    long_await_digests(&scene.wire, LONG_REQUESTS);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    receive_all(&wire, counts);
    ck_assert_uint_gt(counts[CARDINAL__V1__STATUS__STATUS_CANCELLED], 0);
    ck_assert_uint_eq(counts[CARDINAL__V1__STATUS__STATUS_OK] +
                          counts[CARDINAL__V1__STATUS__STATUS_CANCELLED],
                      LONG_REQUESTS);
    await_exit(&scene.daemon);
    wire_close(&wire);
    wire_close(&scene.wire);
}
END_TEST

START_TEST(second_signal_ends_the_drain)
{
    static const char *const options[] = { "--drain-ms", "3600000", NULL };
    struct scene scene;
    struct wire slow;

    /* A client that reads nothing holds the drain up. */
    scene_begin(&scene, options);
    call_connect(&slow, daemon_address(&scene.daemon));
    long_table_make(&slow);
    for (int i = 0; i < 20; i++) {
        Cardinal__V1__Request *request = request_scan(LONG_TABLE, NULL);
        request->scan->selector = select_all();
        wire_send(&slow, request);
        request_free(request);
    }
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections.write_pauses") == 0)
        ck_assert_int_lt(now_ms(), deadline);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    sleep_ms(200);
    daemon_assert_alive(&scene.daemon);
    ck_assert_int_eq(kill(scene.daemon.pid, SIGTERM), 0);
    await_exit(&scene.daemon);
    wire_close(&slow);
    wire_close(&scene.wire);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sigint_and_sigterm_stop_an_idle_daemon,
        what_is_in_work_is_answered_before_the_daemon_stops,
        new_requests_are_refused_while_it_drains,
        what_outlasts_the_drain_is_answered_as_given_up,
        second_signal_ends_the_drain,
    };

    return RUN_INTEGRATION("server_stop", tests);
}
