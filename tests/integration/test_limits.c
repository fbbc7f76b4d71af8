/* Each limit of the daemon, reached for real with a small setting. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

#define EXHAUSTED CARDINAL__V1__STATUS__STATUS_RESOURCE_EXHAUSTED
#define TOO_LARGE CARDINAL__V1__STATUS__STATUS_TOO_LARGE
#define SETTLE_MS 20000 /* for what the daemon does on its own, soon */

/* A ping whose payload has exactly len bytes, by a field that nobody knows. */
static uint8_t *padded_ping(size_t len)
{
    uint8_t *payload = calloc(1, len);
    ck_assert_ptr_nonnull(payload);
    /* id = 1, ping, field 1000 of 4-byte varint length */
    static const uint8_t begin[] = { 0x08, 1, 0x5a, 0, 0xc2, 0x3e };
    size_t rest = len - sizeof begin - 4;
    memcpy(payload, begin, sizeof begin);
    payload[sizeof begin] = (uint8_t)(rest | 0x80);
    payload[sizeof begin + 1] = (uint8_t)(rest >> 7 | 0x80);
    payload[sizeof begin + 2] = (uint8_t)(rest >> 14 | 0x80);
    payload[sizeof begin + 3] = (uint8_t)(rest >> 21);
    return payload;
}

START_TEST(frame_of_the_largest_size_is_taken)
{
    const char *const options[] = { "--max-frame", "65536", NULL };
    struct scene scene;
    scene_begin(&scene, options);
    uint8_t *payload = padded_ping(65536);
    ck_assert(wire_send_frame(&scene.wire, payload, 65536));
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
    ck_assert_int_eq(response->body_case, CARDINAL__V1__RESPONSE__BODY_PING);
    wire_free(response);
    free(payload);
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_frame"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(answer_that_would_exceed_the_frame_is_refused)
{
    const char *const options[] = { "--max-frame", "65536", NULL };
    struct scene scene;
    scene_begin(&scene, options);
    Cardinal__V1__Request *request = request_count(SCENE_TABLE, "k", NULL);
    for (int i = 0; i < 5000; i++)
        append_key(request->cardinality->selector->list, "k");
    scene_refuses(&scene, request, TOO_LARGE, "65536");
    scene_end(&scene);
}
END_TEST

START_TEST(connections_beyond_the_limit_are_turned_away)
{
    const char *const options[] = { "--max-connections", "4", NULL };
    struct scene scene;
    struct wire more[3];
    struct wire refused;
    scene_begin(&scene, options);
    for (int i = 0; i < 3; i++)
        call_connect(&more[i], daemon_address(&scene.daemon));
    wire_connect_silently(&refused, daemon_address(&scene.daemon));
    Cardinal__V1__Response *response = wire_receive(&refused);
    if (response != NULL) {
        ck_assert_int_ne(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        wire_free(response);
        wire_expect_hangup(&refused);
    }
    wire_close(&refused);
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_connections"), 1);
    for (int i = 0; i < 3; i++) {
        call_ping(&more[i]);
        wire_close(&more[i]);
    }
    /* The places are free again. */
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections") > 1)
        ck_assert_int_lt(now_ms(), deadline);
    call_connect(&more[0], daemon_address(&scene.daemon));
    call_ping(&more[0]);
    wire_close(&more[0]);
    scene_end(&scene);
}
END_TEST

START_TEST(requests_in_flight_beyond_the_limit_wait_and_are_answered)
{
    enum { SENT = 200 };
    const char *const options[] = { "--max-in-flight", "4", NULL };
    struct scene scene;
    bool answered[SENT] = { false };
    scene_begin(&scene, options);
    uint64_t first = scene.wire.last_id + 1;
    for (int i = 0; i < SENT; i++) {
        Cardinal__V1__Request *request = request_union(SCENE_TABLE, "user");
        request->union_->selector = select_all();
        wire_send(&scene.wire, request);
        request_free(request);
    }
    for (int i = 0; i < SENT; i++) {
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        ck_assert_uint_lt(response->id - first, SENT);
        ck_assert(!answered[response->id - first]);
        answered[response->id - first] = true;
        wire_free(response);
    }
    ck_assert_uint_gt(call_stat(&scene.wire, "refused.max_in_flight"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(tables_beyond_the_limit_are_refused)
{
    const char *const options[] = { "--max-tables", "3", NULL };
    struct scene scene;
    scene_begin(&scene, options);
    for (int i = 0; i < 2; i++) {
        Cardinal__V1__Request *request = request_create(i == 0 ? "second" : "third");
        wire_free(call_ok(&scene.wire, request));
        request_free(request);
    }
    scene_refuses(&scene, request_create("fourth"), EXHAUSTED, "table");
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_tables"), 1);
    call_drop(&scene.wire, "second");
    Cardinal__V1__Request *request = request_create("fourth");
    wire_free(call_ok(&scene.wire, request));
    request_free(request);
    scene_end(&scene);
}
END_TEST

/* Sends all but the last byte of a frame of len bytes; the daemon may hang up. */
static void send_unfinished(struct wire *wire, size_t len)
{
    uint8_t header[FRAME_HEADER_BYTES];
    uint8_t *payload = padded_ping(len);
    frame_put_header(header, len);
    if (wire_send_bytes(wire, header, sizeof header))
        wire_send_bytes(wire, payload, len - 1);
    free(payload);
}

START_TEST(stats_of_many_tables_are_those_of_few)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    uint64_t before = call_stat(&scene.wire, "tables");
    for (uint64_t i = 1; i <= 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "many%u", (unsigned)i);
        Cardinal__V1__Request *request = request_create(name);
        wire_free(call_ok(&scene.wire, request));
        request_free(request);
        ck_assert_uint_eq(call_stat(&scene.wire, "tables"), before + i);
    }
    ck_assert_uint_gt(call_stat(&scene.wire, "hold_us.usage.all"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(partial_frames_take_no_more_than_their_share_of_memory)
{
    enum { HOLDERS = 16, FRAME = 1 << 20 };
    const char *const options[] = { "--max-frame", "1048576", "--max-partial-bytes", "4194304",
                                    NULL };
    struct scene scene;
    struct wire holders[HOLDERS];
    scene_begin(&scene, options);
    uint64_t before = process_resident_bytes(scene.daemon.pid);
    for (int i = 0; i < HOLDERS; i++) {
        call_connect(&holders[i], daemon_address(&scene.daemon));
        send_unfinished(&holders[i], FRAME);
    }
    int64_t deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "refused.max_partial_bytes") == 0)
        ck_assert_int_lt(now_ms(), deadline);
    ck_assert_uint_lt(process_resident_bytes(scene.daemon.pid), before + (48u << 20));
    scene_assert_intact(&scene);
    for (int i = 0; i < HOLDERS; i++)
        wire_close(&holders[i]);
    /* What they held is free again: a whole frame of the same size goes through. */
    deadline = now_ms() + SETTLE_MS;
    while (call_stat(&scene.wire, "connections") > 1)
        ck_assert_int_lt(now_ms(), deadline);
    send_unfinished(&scene.wire, FRAME);
    ck_assert(wire_send_bytes(&scene.wire, "", 1));
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
    wire_free(response);
    scene_end(&scene);
}
END_TEST

START_TEST(long_requests_beyond_their_share_of_memory_are_refused)
{
    const char *const options[] = { "--max-job-bytes", "65536", NULL };
    struct scene scene;
    scene_begin(&scene, options);
    Cardinal__V1__Request *request = request_union(SCENE_TABLE, NULL);
    request->union_->selector = select_key("k");
    for (int i = 0; i < 30000; i++)
        append_key(request->union_->selector->list, "k");
    scene_refuses(&scene, request, EXHAUSTED, "max_job_bytes");
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_job_bytes"), 1);
    scene_end(&scene);
}
END_TEST

START_TEST(hello_tells_the_limits)
{
    const char *const options[] = { "--max-frame", "70000",           "--max-batch-values",
                                    "123",         "--max-in-flight", "17",
                                    NULL };
    struct daemon daemon;
    struct wire wire;
    daemon_start(&daemon, DAEMON_TCP | DAEMON_UNIX, options);
    wire_connect_silently(&wire, daemon.unix_address);
    Cardinal__V1__Hello hello = CARDINAL__V1__HELLO__INIT;
    hello.min_version = 1;
    hello.max_version = 5;
    hello.features = UINT64_MAX;
    Cardinal__V1__Request request = REQUEST_OF(HELLO, hello, &hello);
    Cardinal__V1__Response *response = call_ok(&wire, &request);
    ck_assert_uint_eq(response->hello->version, 1);
    ck_assert_uint_eq(response->hello->features, 0);
    ck_assert_uint_eq(response->hello->max_frame, 70000);
    ck_assert_uint_eq(response->hello->max_batch_values, 123);
    ck_assert_uint_eq(response->hello->max_in_flight, 17);
    ck_assert_uint_eq(response->hello->max_key, 1024);
    wire_free(response);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        frame_of_the_largest_size_is_taken,
        answer_that_would_exceed_the_frame_is_refused,
        connections_beyond_the_limit_are_turned_away,
        requests_in_flight_beyond_the_limit_wait_and_are_answered,
        tables_beyond_the_limit_are_refused,
        stats_of_many_tables_are_those_of_few,
        partial_frames_take_no_more_than_their_share_of_memory,
        long_requests_beyond_their_share_of_memory_are_refused,
        hello_tells_the_limits,
    };
    return RUN_INTEGRATION("limits", tests);
}
