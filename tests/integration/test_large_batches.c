/* Batches so large that they are prepared away from the loop: what holds for
 * small ones holds for them. */
#include <check.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define LARGE 60000u /* values of a large batch, as many as a batch may have, nearly */

static void send_off(struct wire *wire, Cardinal__V1__Request *request)
{
    wire_send(wire, request);
    request_free(request);
}

/* The next answer, which must be of request `id`, and good. */
static Cardinal__V1__Response *next_answer(struct wire *wire, uint64_t id)
{
    Cardinal__V1__Response *response = wire_receive(wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_msg(response->status == 0, "%s", response->message);
    ck_assert_uint_eq(response->id, id);
    return response;
}

static void expect_rows(struct wire *wire, uint64_t id, uint64_t values)
{
    Cardinal__V1__Response *response = next_answer(wire, id);
    ck_assert_uint_eq(response->ingest->values, values);
    wire_free(response);
}

static void expect_estimate(struct wire *wire, uint64_t id, double estimate)
{
    Cardinal__V1__Response *response = next_answer(wire, id);
    ck_assert_double_eq_tol(response->cardinality->keys[0]->estimates[0], estimate,
                            estimate * 0.05);
    wire_free(response);
}

/* A batch of many rows, of a key each. */
static Cardinal__V1__Request *batch_of_rows(uint32_t rows, uint32_t column)
{
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "row", "user", 1, 1);
    for (uint32_t i = 1; i < rows; i++) {
        char key[32];
        snprintf(key, sizeof key, "row/%u", (unsigned)i);
        append_row(request->ingest, key, i + 1 < rows ? 0 : column);
    }
    return request;
}

START_TEST(large_batches_take_effect_in_the_order_sent)
{
    struct scene scene;
    struct wire *wire = &scene.wire;
    scene_begin(&scene, NULL);
    uint64_t id = wire->last_id;
    send_off(wire, request_add(SCENE_TABLE, "big", "user", 0, LARGE));
    send_off(wire, request_count(SCENE_TABLE, "big", "user"));
    send_off(wire, request_add(SCENE_TABLE, "big", "user", 1000000, 1));
    send_off(wire, request_delete(SCENE_TABLE, "big"));
    send_off(wire, request_add(SCENE_TABLE, "big", "user", 0, 20000));
    send_off(wire, request_add(SCENE_TABLE, "big", "user", 10000, 20000));
    send_off(wire, request_count(SCENE_TABLE, "big", "user"));
    send_off(wire, request_delete(SCENE_TABLE, "big"));
    expect_rows(wire, id + 1, LARGE);
    expect_estimate(wire, id + 2, LARGE);
    expect_rows(wire, id + 3, 1);
    wire_free(next_answer(wire, id + 4));
    expect_rows(wire, id + 5, 20000);
    expect_rows(wire, id + 6, 20000);
    expect_estimate(wire, id + 7, 30000);
    wire_free(next_answer(wire, id + 8));
    scene_end(&scene);
}
END_TEST

START_TEST(more_large_batches_than_are_prepared_at_one_time_all_apply)
{
    enum { CLIENTS = 24 };
    const char *const options[] = { "--threads", "1", NULL };
    struct scene scene;
    struct wire wires[CLIENTS];
    scene_begin(&scene, options);
    for (unsigned i = 0; i < CLIENTS; i++)
        call_connect(&wires[i], daemon_address(&scene.daemon));
    for (unsigned i = 0; i < CLIENTS; i++)
        send_off(&wires[i], request_add(SCENE_TABLE, "many", "user", 5000u * i, 10000));
    for (unsigned i = 0; i < CLIENTS; i++) {
        expect_rows(&wires[i], wires[i].last_id, 10000);
        wire_close(&wires[i]);
    }
    ck_assert_double_eq_tol(call_count(&scene.wire, SCENE_TABLE, "many", "user"),
                            5000.0 * (CLIENTS + 1), 5000.0 * (CLIENTS + 1) * 0.05);
    ck_assert(call_delete(&scene.wire, SCENE_TABLE, "many"));
    scene_end(&scene);
}
END_TEST

START_TEST(large_batch_that_is_refused_applies_nothing)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    scene_refuses(&scene, batch_of_rows(20000, 1), CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT,
                  "column");
    scene_refuses(&scene, request_add(SCENE_TABLE, "k", "user", 0, 65537),
                  CARDINAL__V1__STATUS__STATUS_TOO_LARGE, "65536");
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_batch_values"), 1);
    scene_end(&scene);
}
END_TEST

START_TEST(large_batch_of_a_client_that_hangs_up_harms_nobody)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "rude", "user", 0, LARGE);
    for (int i = 0; i < 20; i++) {
        const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
        struct wire rude;
        call_connect(&rude, daemon_address(&scene.daemon));
        wire_send(&rude, request);
        ck_assert_int_eq(setsockopt(rude.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
        wire_close(&rude);
    }
    request_free(request);
    int64_t deadline = now_ms() + PROCESS_TIMEOUT_MS;
    while (call_stat(&scene.wire, "connections") > 1)
        ck_assert_int_lt(now_ms(), deadline);
    call_delete(&scene.wire, SCENE_TABLE, "rude"); /* whole, or not there */
    scene_end(&scene);
}
END_TEST

START_TEST(large_batch_is_answered_after_the_client_closed_its_side)
{
    struct scene scene;
    struct wire wire;
    scene_begin(&scene, NULL);
    call_connect(&wire, daemon_address(&scene.daemon));
    send_off(&wire, batch_of_rows(20000, 0));
    ck_assert_int_eq(shutdown(wire.fd, SHUT_WR), 0);
    expect_rows(&wire, wire.last_id, 20000);
    wire_expect_hangup(&wire);
    wire_close(&wire);
    ck_assert_uint_eq(call_keys(&scene.wire, SCENE_TABLE), 20001);
    ck_assert_uint_gt(call_stat(&scene.wire, "turn_us.all"), 0);
    Cardinal__V1__Request *request = request_delete(SCENE_TABLE, "");
    cardinal__v1__selector__free_unpacked(request->delete_->selector, NULL);
    request->delete_->selector = select_prefix("row");
    wire_free(call_ok(&scene.wire, request));
    request_free(request);
    scene_end(&scene);
}
END_TEST

/* At 200 us of work a turn, which machines and sanitizers may stretch tenfold,
 * but not a thousandfold, as work in one piece would. */
START_TEST(large_batches_are_applied_in_many_short_turns)
{
    const uint64_t batches = 4;
    struct scene scene;
    scene_begin(&scene, NULL);
    for (uint64_t i = 0; i < batches; i++) {
        Cardinal__V1__Request *request = batch_of_rows(LARGE, 0);
        wire_free(call_ok(&scene.wire, request));
        request_free(request);
    }
    uint64_t turns = call_stat(&scene.wire, "work_us.all");
    ck_assert_uint_gt(turns, batches * 10);
    ck_assert_uint_gt(call_stat(&scene.wire, "work_us.le_2000"), turns / 10 * 8);
    wire_close(&scene.wire);
    daemon_stop(&scene.daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        large_batches_take_effect_in_the_order_sent,
        more_large_batches_than_are_prepared_at_one_time_all_apply,
        large_batch_that_is_refused_applies_nothing,
        large_batch_of_a_client_that_hangs_up_harms_nobody,
        large_batch_is_answered_after_the_client_closed_its_side,
        large_batches_are_applied_in_many_short_turns,
    };
    return RUN_INTEGRATION("large_batches", tests);
}
