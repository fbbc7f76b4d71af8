/* Connections as such: what idle ones cost, half-closed ones, and descriptors that
 * run out. */
#include <check.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define SETTLE_MS 20000

static void await_stat(struct wire *wire, const char *name, uint64_t value)
{
    int64_t deadline = now_ms() + SETTLE_MS;

    while (call_stat(wire, name) != value)
        ck_assert_msg(now_ms() < deadline, "%s does not become %llu", name,
                      (unsigned long long)value);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* How many there may be now, which is raised to `wanted` where that is allowed. */
static size_t descriptors(rlim_t wanted)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_ge(limit.rlim_cur, 1000);
    return limit.rlim_cur;
}

START_TEST(idle_connection_takes_less_than_8_kib)
{
    enum { CONNECTIONS = 9900, WARM = 100, OTHERS = 90 };
    static struct wire wires[CONNECTIONS];
    struct scene scene;
    uint64_t before = 0;

    size_t count = descriptors(CONNECTIONS + OTHERS) - OTHERS;
    scene_begin(&scene, NULL);
    for (size_t i = 0; i < count; i++) {
        if (i == WARM)
            before = process_resident_bytes(scene.daemon.pid);
        call_connect(&wires[i], daemon_address(&scene.daemon));
        call_add(&wires[i], SCENE_TABLE, "k", "user", 0, 500); /* it was in use */
    }
    uint64_t after = process_resident_bytes(scene.daemon.pid);
    ck_assert_uint_lt(after - before, (count - WARM) * 8192u);
    ck_assert_uint_eq(call_stat(&scene.wire, "connections"), count + 1);
    for (size_t i = 0; i < count; i++)
        wire_close(&wires[i]);
    await_stat(&scene.wire, "connections", 1);
    wire_close(&scene.wire);
    daemon_stop(&scene.daemon);
}
END_TEST
#endif

START_TEST(client_that_sends_no_more_still_gets_its_answers)
{
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, NULL);
    call_connect(&wire, daemon_address(&scene.daemon));
    for (int i = 0; i < 3; i++) {
        Cardinal__V1__Request *request = request_count(SCENE_TABLE, SCENE_KEY, "user");
        wire_send(&wire, request);
        request_free(request);
    }
    ck_assert_int_eq(shutdown(wire.fd, SHUT_WR), 0);
    for (int i = 0; i < 3; i++) {
        Cardinal__V1__Response *response = wire_receive(&wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        wire_free(response);
    }
    wire_expect_hangup(&wire);
    wire_close(&wire);
    scene_end(&scene);
}
END_TEST

START_TEST(batch_is_applied_although_its_client_hung_up)
{
    struct scene scene;
    struct wire wire;

    scene_begin(&scene, NULL);
    uint64_t before = call_keys(&scene.wire, SCENE_TABLE);
    call_connect(&wire, daemon_address(&scene.daemon));
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "hung-up", "user", 0, 60000);
    wire_send(&wire, request);
    request_free(request);
    wire_close(&wire);
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_keys(&scene.wire, SCENE_TABLE) == before)
        ck_assert_int_lt(now_ms(), deadline);
    await_stat(&scene.wire, "connections", 1);
    ck_assert_double_eq_tol(call_count(&scene.wire, SCENE_TABLE, "hung-up", "user"), 60000, 3000);
    ck_assert(call_delete(&scene.wire, SCENE_TABLE, "hung-up"));
    scene_end(&scene);
}
END_TEST

START_TEST(accepting_goes_on_after_descriptors_ran_out)
{
    enum { CONNECTIONS = 60 };
    const struct rlimit few = { 50, 50 };
    struct scene scene;
    int fds[CONNECTIONS];
    struct wire wire;

    scene_begin(&scene, NULL);
    /* The daemon is left with fewer than will connect. */
    ck_assert_int_eq(prlimit(scene.daemon.pid, RLIMIT_NOFILE, &few, NULL), 0);
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = wire_open_socket(daemon_address(&scene.daemon));
        ck_assert_int_ge(fds[i], 0);
    }
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections.accept_pauses") < 2)
        ck_assert_int_lt(now_ms(), deadline);
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    call_connect(&wire, daemon_address(&scene.daemon));
    call_ping(&wire);
    wire_close(&wire);
    scene_end(&scene);
}
END_TEST

START_TEST(connections_are_spread_over_the_loops_and_all_are_served)
{
    enum { CONNECTIONS = 40 };
    static const char *const options[] = { "--threads", "4", NULL };
    struct scene scene;
    struct wire wires[CONNECTIONS];

    scene_begin(&scene, options);
    for (size_t i = 0; i < CONNECTIONS; i++)
        call_connect(&wires[i], daemon_address(&scene.daemon));
    ck_assert_uint_eq(call_stat(&scene.wire, "connections"), CONNECTIONS + 1);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        call_ping(&wires[i]);
        wire_close(&wires[i]);
    }
    await_stat(&scene.wire, "connections", 1);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        idle_connection_takes_less_than_8_kib,
#endif
        client_that_sends_no_more_still_gets_its_answers,
        batch_is_applied_although_its_client_hung_up,
        accepting_goes_on_after_descriptors_ran_out,
        connections_are_spread_over_the_loops_and_all_are_served,
    };

    return RUN_INTEGRATION("server_sockets", tests);
}
