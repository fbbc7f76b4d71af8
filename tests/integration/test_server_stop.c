/* How the daemon stops, and how requests are given up: by a deadline, by a client
 * that goes away, at the end of a drain. */
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

#define LONG_TABLE "long"
#define KEYS 60000u        /* of the table that long requests go over */
#define LONG_REQUESTS 100u /* many together take longer than a test waits in between */
#define SETTLE_MS 20000

static void add_keys(struct wire *wire, uint32_t first, uint32_t count)
{
    Cardinal__V1__Request *request = request_add(LONG_TABLE, "first", "c", 0, 1);
    char key[32];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "key-%08u", (unsigned)(first + i));
        append_row(request->ingest, key, 0);
    }
    wire_free(call_ok(wire, request));
    request_free(request);
}

static void make_long_table(struct wire *wire)
{
    static const char *const columns[] = { "c" };

    call_create(wire, LONG_TABLE, columns, 1, 0);
    for (uint32_t i = 0; i < KEYS; i += 10000)
        add_keys(wire, i, 10000);
}

static void send_digest(struct wire *wire, uint32_t deadline_ms)
{
    Cardinal__V1__Request *request = request_describe(LONG_TABLE);

    request->describe_table->digest = true;
    request->deadline_ms = deadline_ms;
    wire_send(wire, request);
    request_free(request);
}

/* Waits until the daemon has taken n digests on. */
static void await_digests(struct wire *wire, uint64_t n)
{
    int64_t deadline = now_ms() + SETTLE_MS;

    while (call_stat(wire, "requests.describe_table") < n)
        ck_assert_int_lt(now_ms(), deadline);
}

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
    make_long_table(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        send_digest(&wire, 0);
    await_digests(&scene.wire, LONG_REQUESTS);
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
    make_long_table(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        send_digest(&wire, 0);
    await_digests(&scene.wire, LONG_REQUESTS);
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
    make_long_table(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        send_digest(&wire, 0);
    await_digests(&scene.wire, LONG_REQUESTS);
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
    make_long_table(&slow);
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

START_TEST(deadline_ends_requests_that_wait_and_that_run)
{
    static const char *const options[] = { "--job-threads", "1", NULL };
    unsigned late = 0;
    struct scene scene;

    scene_begin(&scene, options);
    make_long_table(&scene.wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        send_digest(&scene.wire, 1);
    for (unsigned i = 0; i < LONG_REQUESTS; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        late += response->status == CARDINAL__V1__STATUS__STATUS_DEADLINE_EXCEEDED;
        wire_free(response);
    }
    ck_assert_uint_gt(late, LONG_REQUESTS / 2);
    ck_assert_uint_eq(call_stat(&scene.wire, "errors.deadline_exceeded"), late);
    ck_assert_uint_eq(call_stat(&scene.wire, "job_bytes"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(delete_that_is_given_up_says_how_far_it_came)
{
    struct scene scene;
    uint64_t said = 0;

    scene_begin(&scene, NULL);
    make_long_table(&scene.wire);
    uint64_t before = call_keys(&scene.wire, LONG_TABLE);
    Cardinal__V1__Request *request = request_delete(LONG_TABLE, "x");
    cardinal__v1__selector__free_unpacked(request->delete_->selector, NULL);
    request->delete_->selector = select_all();
    request->deadline_ms = 1;
    wire_send(&scene.wire, request);
    request_free(request);
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    if (response->status == CARDINAL__V1__STATUS__STATUS_OK) {
        said = response->delete_->deleted; /* it was faster than a millisecond */
    } else {
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_DEADLINE_EXCEEDED);
        const char *number = strstr(response->message, "after ");
        if (number != NULL)
            said = strtoull(number + strlen("after "), NULL, 10);
        else
            ck_assert_ptr_nonnull(strstr(response->message, "before it was begun"));
    }
    wire_free(response);
    ck_assert_uint_eq(before - call_keys(&scene.wire, LONG_TABLE), said);
    scene_end(&scene);
}
END_TEST

START_TEST(client_that_goes_away_ends_its_requests)
{
    static const char *const options[] = { "--job-threads", "1", NULL };
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, options);
    call_connect(&wire, daemon_address(&scene.daemon));
    make_long_table(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        send_digest(&wire, 0);
    await_digests(&scene.wire, LONG_REQUESTS);
    wire_close(&wire);
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections") > 1 || call_stat(&scene.wire, "job_bytes") > 0)
        ck_assert_int_lt(now_ms(), deadline);
    ck_assert_uint_gt(call_stat(&scene.wire, "errors.cancelled"), 0);
    scene_end(&scene);
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
        deadline_ends_requests_that_wait_and_that_run,
        delete_that_is_given_up_says_how_far_it_came,
        client_that_goes_away_ends_its_requests,
    };

    return RUN_INTEGRATION("server_stop", tests);
}
