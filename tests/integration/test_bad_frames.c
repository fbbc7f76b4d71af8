/* Bytes that are no frames of requests, or come before they may. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/frame.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

START_TEST(oversized_frame_is_refused_by_its_header_and_ends_the_connection)
{
    const char *const options[] = { "--max-frame", "65536", NULL };
    struct scene scene;
    uint8_t header[FRAME_HEADER_BYTES];
    scene_begin(&scene, options);
    frame_put_header(header, 65537);
    ck_assert(wire_send_bytes(&scene.wire, header, sizeof header));
    assert_refused(wire_receive(&scene.wire), CARDINAL__V1__STATUS__STATUS_TOO_LARGE, "65537");
    wire_expect_hangup(&scene.wire);
    scene_assert_intact_elsewhere(&scene);
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_frame"), 1);
    scene_end(&scene);
}
END_TEST

START_TEST(largest_length_is_refused_without_memory_for_it)
{
    static const uint8_t header[FRAME_HEADER_BYTES] = { 0xff, 0xff, 0xff, 0xff };
    struct scene scene;
    scene_begin(&scene, NULL);
    uint64_t before = process_resident_bytes(scene.daemon.pid);
    ck_assert(wire_send_bytes(&scene.wire, header, sizeof header));
    assert_refused(wire_receive(&scene.wire), CARDINAL__V1__STATUS__STATUS_TOO_LARGE, "4294967295");
    wire_expect_hangup(&scene.wire);
    ck_assert_uint_lt(process_resident_bytes(scene.daemon.pid), before + (16u << 20));
    scene_assert_intact_elsewhere(&scene);
    scene_end(&scene);
}
END_TEST

START_TEST(truncated_frame_is_dropped_with_its_connection)
{
    static const uint8_t bytes[] = { 0, 0, 1, 0, 8, 1 };
    struct scene scene;
    scene_begin(&scene, NULL);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        struct wire other;
        call_connect(&other, daemon_address(&scene.daemon));
        ck_assert(wire_send_bytes(&other, bytes, len));
        wire_close(&other);
    }
    scene_end(&scene);
}
END_TEST

START_TEST(half_a_batch_changes_nothing)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "other", "user", 0, 1000);
    size_t len = cardinal__v1__request__get_packed_size(request);
    uint8_t *frame = malloc(FRAME_HEADER_BYTES + len);
    frame_put_header(frame, len);
    cardinal__v1__request__pack(request, frame + FRAME_HEADER_BYTES);
    ck_assert(wire_send_bytes(&scene.wire, frame, FRAME_HEADER_BYTES + len - 1));
    free(frame);
    request_free(request);
    scene_assert_intact_elsewhere(&scene);
    scene_end(&scene);
}
END_TEST

START_TEST(frames_may_come_one_byte_at_a_time)
{
    struct scene scene;
    uint8_t frame[512];
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_count(SCENE_TABLE, SCENE_KEY, "user");
    request->id = 1234;
    size_t len = cardinal__v1__request__pack(request, frame + FRAME_HEADER_BYTES);
    frame_put_header(frame, len);
    for (size_t i = 0; i < FRAME_HEADER_BYTES + len; i++) {
        ck_assert(wire_send_bytes(&scene.wire, frame + i, 1));
        sleep_ms(1);
    }
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_uint_eq(response->id, 1234);
    ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
    ck_assert_double_eq_tol(response->cardinality->keys[0]->estimates[0], 500, 0.5);
    wire_free(response);
    request_free(request);
    scene_end(&scene);
}
END_TEST

START_TEST(garbage_instead_of_protobuf_is_malformed)
{
    static const char *const garbage[] = { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                           "GET / HTTP/1.1\r\n\r\n", "\x08", "\x52\x7f\x01",
                                           "\x07\x01" };
    struct scene scene;
    scene_begin(&scene, NULL);
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        ck_assert(wire_send_frame(&scene.wire, garbage[i], strlen(garbage[i])));
        assert_refused(wire_receive(&scene.wire), CARDINAL__V1__STATUS__STATUS_MALFORMED,
                       "malformed");
        scene_assert_intact(&scene);
    }
    scene_end(&scene);
}
END_TEST

START_TEST(no_proper_prefix_of_a_batch_is_taken)
{
    struct scene scene;
    uint8_t payload[256];
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *request = request_add(SCENE_TABLE, "other", "user", 0, 5);
    request->id = 1;
    size_t len = cardinal__v1__request__pack(request, payload);
    for (size_t n = 0; n < len; n++) {
        ck_assert(wire_send_frame(&scene.wire, payload, n));
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_ne(response->status, CARDINAL__V1__STATUS__STATUS_OK);
        wire_free(response);
    }
    request_free(request);
    scene_end(&scene);
}
END_TEST

/* Spoils up to four bytes of a payload. */
static void spoil(uint8_t *payload, size_t len, unsigned *seed)
{
    for (int i = rand_r(seed) % 4; i >= 0; i--)
        payload[(size_t)rand_r(seed) % len] ^= (uint8_t)(1u << (rand_r(seed) % 8));
}

START_TEST(every_spoilt_query_is_answered_and_harms_nothing)
{
    struct scene scene;
    uint8_t payload[256];
    unsigned seed = 20;
    scene_begin(&scene, NULL);
    Cardinal__V1__Request *queries[] = {
        request_count(SCENE_TABLE, SCENE_KEY, "user"),
        request_union(SCENE_TABLE, "user"),
        request_scan(SCENE_TABLE, "agent"),
        request_describe(SCENE_TABLE),
        request_list(),
    };
    size_t count = sizeof queries / sizeof queries[0];
    queries[1]->union_->selector = select_prefix("page");
    queries[2]->scan->selector = select_range("a", "z");
    for (size_t i = 0; i < 3000; i++) {
        queries[i % count]->id = i + 1;
        size_t len = cardinal__v1__request__pack(queries[i % count], payload);
        spoil(payload, len, &seed);
        ck_assert(wire_send_frame(&scene.wire, payload, len));
        Cardinal__V1__Response *response = wire_receive(&scene.wire);
        ck_assert_msg(response != NULL, "the daemon hung up on query %zu", i);
        wire_free(response);
    }
    for (size_t i = 0; i < count; i++)
        request_free(queries[i]);
    scene_end(&scene);
}
END_TEST

START_TEST(malformed_body_is_answered_with_the_requests_id)
{
    /* id = 9, ingest = 3 bytes that are no Ingest */
    static const uint8_t payload[] = { 0x08, 9, 0x8a, 0x01, 3, 0x0a, 0x7f, 'x' };
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, payload, sizeof payload));
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_uint_eq(response->id, 9);
    assert_refused(response, CARDINAL__V1__STATUS__STATUS_MALFORMED, "malformed");
    scene_end(&scene);
}
END_TEST

START_TEST(unknown_request_is_unimplemented)
{
    /* id = 7, and field 99, a message of one byte */
    static const uint8_t payload[] = { 0x08, 7, 0x9a, 0x06, 1, 0 };
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, payload, sizeof payload));
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_uint_eq(response->id, 7);
    assert_refused(response, CARDINAL__V1__STATUS__STATUS_UNIMPLEMENTED, "");
    scene_end(&scene);
}
END_TEST

START_TEST(request_without_a_body_is_unimplemented)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, "", 0));
    assert_refused(wire_receive(&scene.wire), CARDINAL__V1__STATUS__STATUS_UNIMPLEMENTED, "");
    scene_end(&scene);
}
END_TEST

START_TEST(request_with_two_bodies_is_refused)
{
    /* id = 3, ping and stats, both empty */
    static const uint8_t payload[] = { 0x08, 3, 0x5a, 0, 0xb2, 0x01, 0 };
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, payload, sizeof payload));
    assert_refused(wire_receive(&scene.wire), CARDINAL__V1__STATUS__STATUS_INVALID_ARGUMENT, "");
    scene_end(&scene);
}
END_TEST

START_TEST(unknown_fields_are_ignored)
{
    /* id = 5, field 1000 = varint 1, field 1001 = "abc", ping { field 50 = fixed32 } */
    static const uint8_t payload[] = { 0x08, 5,    0xc0, 0x3e, 1,    0xca, 0x3e, 3, 'a', 'b',
                                       'c',  0x5a, 6,    0x95, 0x03, 1,    2,    3, 4 };
    struct scene scene;
    scene_begin(&scene, NULL);
    ck_assert(wire_send_frame(&scene.wire, payload, sizeof payload));
    Cardinal__V1__Response *response = wire_receive(&scene.wire);
    ck_assert_ptr_nonnull(response);
    ck_assert_uint_eq(response->id, 5);
    ck_assert_int_eq(response->status, CARDINAL__V1__STATUS__STATUS_OK);
    ck_assert_int_eq(response->body_case, CARDINAL__V1__RESPONSE__BODY_PING);
    wire_free(response);
    scene_end(&scene);
}
END_TEST

START_TEST(anything_before_hello_is_refused)
{
    struct scene scene;
    struct wire fresh;
    scene_begin(&scene, NULL);
    wire_connect_silently(&fresh, daemon_address(&scene.daemon));
    Cardinal__V1__Request *early[] = {
        request_add(SCENE_TABLE, "other", "user", 0, 1),
        request_count(SCENE_TABLE, SCENE_KEY, "user"),
        request_delete(SCENE_TABLE, SCENE_KEY),
        request_drop(SCENE_TABLE),
        request_list(),
    };
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        call_refused(&fresh, early[i], CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION, "hello");
        request_free(early[i]);
    }
    call_hello(&fresh);
    call_ping(&fresh);
    wire_close(&fresh);
    scene_end(&scene);
}
END_TEST

START_TEST(hello_comes_once)
{
    struct scene scene;
    scene_begin(&scene, NULL);
    Cardinal__V1__Hello hello = CARDINAL__V1__HELLO__INIT;
    hello.min_version = 1;
    hello.max_version = 1;
    Cardinal__V1__Request request = REQUEST_OF(HELLO, hello, &hello);
    call_refused(&scene.wire, &request, CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION, "hello");
    scene_end(&scene);
}
END_TEST

START_TEST(hello_of_versions_we_do_not_speak_is_refused)
{
    struct scene scene;
    struct wire fresh;
    scene_begin(&scene, NULL);
    Cardinal__V1__Hello hello = CARDINAL__V1__HELLO__INIT;
    hello.min_version = 2;
    hello.max_version = 9;
    Cardinal__V1__Request request = REQUEST_OF(HELLO, hello, &hello);
    wire_connect_silently(&fresh, daemon_address(&scene.daemon));
    wire_send(&fresh, &request);
    Cardinal__V1__Response *response = wire_receive(&fresh);
    ck_assert_ptr_nonnull(response);
    ck_assert_int_ne(response->status, CARDINAL__V1__STATUS__STATUS_OK);
    ck_assert_msg(strstr(response->message, "version") != NULL, "'%s'", response->message);
    wire_free(response);
    wire_close(&fresh);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        oversized_frame_is_refused_by_its_header_and_ends_the_connection,
        largest_length_is_refused_without_memory_for_it,
        truncated_frame_is_dropped_with_its_connection,
        half_a_batch_changes_nothing,
        frames_may_come_one_byte_at_a_time,
        garbage_instead_of_protobuf_is_malformed,
        no_proper_prefix_of_a_batch_is_taken,
        every_spoilt_query_is_answered_and_harms_nothing,
        malformed_body_is_answered_with_the_requests_id,
        unknown_request_is_unimplemented,
        request_without_a_body_is_unimplemented,
        request_with_two_bodies_is_refused,
        unknown_fields_are_ignored,
        anything_before_hello_is_refused,
        hello_comes_once,
        hello_of_versions_we_do_not_speak_is_refused,
    };
    return RUN_INTEGRATION("bad_frames", tests);
}
