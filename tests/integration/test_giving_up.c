/* How requests are given up: by a deadline, or since their client went away. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"
#include "tests/integration/long_requests.h"

#define LONG_REQUESTS 100u /* many together take longer than a test waits in between */
#define SETTLE_MS 20000

START_TEST(deadline_ends_requests_that_wait_and_that_run)
{
    static const char *const options[] = { "--job-threads", "1", NULL };
    unsigned late = 0;
    struct scene scene;

    scene_begin(&scene, options);
    long_table_make(&scene.wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        long_send_digest(&scene.wire, 1);
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
    long_table_make(&scene.wire);
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
    long_table_make(&wire);
    for (unsigned i = 0; i < LONG_REQUESTS; i++)
        long_send_digest(&wire, 0);
    long_await_digests(&scene.wire, LONG_REQUESTS);
    wire_close(&wire);
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections") > 1 || call_stat(&scene.wire, "job_bytes") > 0)
        ck_assert_int_lt(now_ms(), deadline);
    ck_assert_uint_gt(call_stat(&scene.wire, "errors.cancelled"), 0);
    scene_end(&scene);
}
END_TEST

/* A request of each kind that goes over many keys, all of the table's. */
enum { KINDS = 6, AHEAD = 20 };

static Cardinal__V1__Request *request_over_all(unsigned kind)
{
    Cardinal__V1__Request *request = NULL;

    switch (kind) {
    case 0:
        request = request_describe(LONG_TABLE);
        request->describe_table->digest = true;
        return request;
    case 1:
        request = request_union(LONG_TABLE, LONG_COLUMN);
        request->union_->selector = select_all();
        return request;
    case 2:
        request = request_scan(LONG_TABLE, LONG_COLUMN);
        request->scan->selector = select_all();
        return request;
    case 3:
        request = request_top(LONG_TABLE, LONG_COLUMN, 10);
        request->top->selector = select_all();
        return request;
    case 4:
        request = request_merge(LONG_TABLE, "into");
        request->merge->from = select_all();
        return request;
    default:
        request = request_delete(LONG_TABLE, "");
        cardinal__v1__selector__free_unpacked(request->delete_->selector, NULL);
        request->delete_->selector = select_all();
        return request;
    }
}

/* Sends one of each kind behind requests that take all the pool there is. */
static void send_all_kinds(struct wire *wire, uint32_t deadline_ms)
{
    for (unsigned i = 0; i < AHEAD; i++)
        long_send_digest(wire, 0);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        Cardinal__V1__Request *request = request_over_all(kind);
        request->deadline_ms = deadline_ms;
        wire_send(wire, request);
        request_free(request);
    }
}

START_TEST(deadline_ends_requests_of_every_kind)
{
    static const char *const options[] = { "--job-threads", "1", NULL };
    struct scene scene;

    scene_begin(&scene, options);
    long_table_make(&scene.wire);
    uint64_t keys = call_keys(&scene.wire, LONG_TABLE);
    uint64_t digest = call_digest(&scene.wire, LONG_TABLE);
    uint64_t first_late = scene.wire.last_id + AHEAD + 1;
    send_all_kinds(&scene.wire, 1);
    for (unsigned i = 0; i < AHEAD + KINDS; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, response->id < first_late
                                               ? CARDINAL__V1__STATUS__STATUS_OK
                                               : CARDINAL__V1__STATUS__STATUS_DEADLINE_EXCEEDED);
        wire_free(response);
    }
    ck_assert_uint_eq(call_stat(&scene.wire, "errors.deadline_exceeded"), KINDS);
    ck_assert_uint_eq(call_stat(&scene.wire, "job_bytes"), 0);
    ck_assert_uint_eq(call_keys(&scene.wire, LONG_TABLE), keys);
    ck_assert_uint_eq(call_digest(&scene.wire, LONG_TABLE), digest);
    scene_end(&scene);
}
END_TEST

START_TEST(client_that_goes_away_ends_requests_of_every_kind)
{
    static const char *const options[] = { "--job-threads", "1", NULL };
    struct scene scene;

    scene_begin(&scene, options);
    long_table_make(&scene.wire);
    uint64_t digest = call_digest(&scene.wire, LONG_TABLE);
    for (unsigned i = 0; i < 2; i++) {
        struct wire wire;
        call_connect(&wire, daemon_address(&scene.daemon));
        send_all_kinds(&wire, 0);
        wire_close(&wire);
    }
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections") > 1 || call_stat(&scene.wire, "job_bytes") > 0)
        ck_assert_int_lt(now_ms(), deadline);
    ck_assert_uint_gt(call_stat(&scene.wire, "errors.cancelled"), 0);
    ck_assert_uint_eq(call_stat(&scene.wire, "requests.delete"), 0); /* they waited */
    ck_assert_uint_eq(call_digest(&scene.wire, LONG_TABLE), digest);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        deadline_ends_requests_that_wait_and_that_run,
        delete_that_is_given_up_says_how_far_it_came,
        client_that_goes_away_ends_its_requests,
        deadline_ends_requests_of_every_kind,
        client_that_goes_away_ends_requests_of_every_kind,
    };

    return RUN_INTEGRATION("giving_up", tests);
}
