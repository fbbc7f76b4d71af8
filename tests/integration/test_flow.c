/* How requests and answers of one connection flow: their order, and what
 * happens when nobody reads the answers. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/frame.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

/* Sends a request, freeing it. */
static void send_off(struct wire *wire, Cardinal__V1__Request *request)
{
    wire_send(wire, request);
    request_free(request);
}

static Cardinal__V1__Request *union_of_all(void)
{
    Cardinal__V1__Request *request = request_union("flow", "c");
    request->union_->selector = select_all();
    return request;
}

static Cardinal__V1__Request *scan_of_all(void)
{
    Cardinal__V1__Request *request = request_scan("flow", "c");
    request->scan->selector = select_all();
    return request;
}

/* One round of requests, each of which must see what those before it did. */
#define ROUND_REQUESTS ((size_t)8)
#define ROUNDS ((size_t)25)

static void send_round(struct wire *wire, uint64_t round)
{
    send_off(wire, request_add("flow", "k", "c", round * 10, 10));
    send_off(wire, request_count("flow", "k", "c"));
    send_off(wire, request_add("flow", "l", "c", round * 10 + 5, 10));
    send_off(wire, union_of_all());
    send_off(wire, scan_of_all());
    send_off(wire, request_delete("flow", "k"));
    send_off(wire, request_count("flow", "k", "c"));
    send_off(wire, request_delete("flow", "l"));
}

static void check_round(Cardinal__V1__Response **answers)
{
    ck_assert_double_eq_tol(answers[1]->cardinality->keys[0]->estimates[0], 10, 0.1);
    ck_assert_uint_eq(answers[3]->union_->keys, 2);
    ck_assert_double_eq_tol(answers[3]->union_->estimates[0], 15, 0.1);
    ck_assert_uint_eq(answers[4]->scan->n_keys, 2);
    ck_assert_double_eq_tol(answers[4]->scan->keys[0]->estimates[0], 10, 0.1);
    ck_assert_uint_eq(answers[5]->delete_->deleted, 1);
    ck_assert(!answers[6]->cardinality->keys[0]->found);
    ck_assert_double_eq(answers[6]->cardinality->keys[0]->estimates[0], 0);
    ck_assert_uint_eq(answers[7]->delete_->deleted, 1);
}

START_TEST(pipelined_requests_take_effect_in_the_order_sent)
{
    static const char *const columns[] = { "c" };
    const char *const options[] = { "--threads", "2", NULL };
    Cardinal__V1__Response *answers[ROUNDS * ROUND_REQUESTS] = { NULL };
    struct daemon daemon;
    struct wire wire;
    daemon_start(&daemon, DAEMON_TCP, options);
    call_connect(&wire, daemon_address(&daemon));
    call_create(&wire, "flow", columns, 1, 0);
    uint64_t first = wire.last_id + 1;
    for (uint64_t round = 0; round < ROUNDS; round++)
        send_round(&wire, round);
    for (size_t i = 0; i < ROUNDS * ROUND_REQUESTS; i++) {
        Cardinal__V1__Response *response = wire_receive(&wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_msg(response->status == 0, "%s", response->message);
        ck_assert_uint_lt(response->id - first, ROUNDS * ROUND_REQUESTS);
        ck_assert_ptr_null(answers[response->id - first]);
        answers[response->id - first] = response;
    }
    for (size_t round = 0; round < ROUNDS; round++)
        check_round(answers + round * ROUND_REQUESTS);
    for (size_t i = 0; i < ROUNDS * ROUND_REQUESTS; i++)
        wire_free(answers[i]);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

#define FLOOD_BYTES_MAX ((size_t)64 << 20)
#define FLOOD_STUCK_MS 1500
#define FLOOD_KEYS 4000u

/* A frame that asks for a lot: its answer is several times its size. */
static uint8_t *flood_frame(size_t *len)
{
    Cardinal__V1__Request *request = request_count(SCENE_TABLE, SCENE_KEY, NULL);
    for (unsigned i = 1; i < FLOOD_KEYS; i++)
        append_key(request->cardinality->selector->list, "k");
    request->id = 99;
    *len = cardinal__v1__request__get_packed_size(request);
    uint8_t *frame = malloc(FRAME_HEADER_BYTES + *len);
    ck_assert_ptr_nonnull(frame);
    frame_put_header(frame, *len);
    cardinal__v1__request__pack(request, frame + FRAME_HEADER_BYTES);
    *len += FRAME_HEADER_BYTES;
    request_free(request);
    return frame;
}

/* Sends the frame again and again, reading nothing, until the daemon has taken
 * nothing for a while or hung up; returns the bytes sent. */
static size_t flood(const struct wire *wire, const uint8_t *frame, size_t len)
{
    size_t sent = 0;
    while (sent < FLOOD_BYTES_MAX) {
        struct pollfd poll_fd = { .fd = wire->fd, .events = POLLOUT };
        if (poll(&poll_fd, 1, FLOOD_STUCK_MS) == 0)
            break;
        size_t at = sent % len;
        ssize_t n = send(wire->fd, frame + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    return sent;
}

START_TEST(client_that_does_not_read_is_not_read_from)
{
    struct scene scene;
    struct wire deaf;
    size_t len = 0;
    uint8_t *frame = flood_frame(&len);
    scene_begin(&scene, NULL);
    call_connect(&deaf, daemon_address(&scene.daemon));
    uint64_t before = process_resident_bytes(scene.daemon.pid);
    size_t sent = flood(&deaf, frame, len);
    ck_assert_uint_lt(sent, FLOOD_BYTES_MAX);
    ck_assert_uint_lt(process_resident_bytes(scene.daemon.pid), before + (64u << 20));
    scene_assert_intact(&scene); /* others are served meanwhile */
    /* Once it reads, every request is answered. */
    size_t rest = sent % len == 0 ? 0 : len - sent % len;
    for (size_t i = 0; i < sent / len; i++) {
        Cardinal__V1__Response *response = wire_receive(&deaf);
        ck_assert_ptr_nonnull(response);
        ck_assert_uint_eq(response->id, 99);
        ck_assert_uint_eq(response->cardinality->n_keys, FLOOD_KEYS);
        wire_free(response);
    }
    ck_assert(wire_send_bytes(&deaf, frame + (len - rest), rest));
    if (rest > 0)
        wire_free(wire_receive(&deaf));
    call_ping(&deaf);
    wire_close(&deaf);
    free(frame);
    scene_end(&scene);
}
END_TEST

START_TEST(answers_not_taken_hold_no_more_than_their_share_of_memory)
{
    const char *const options[] = { "--max-unsent-bytes", "262144", NULL };
    struct scene scene;
    struct wire deaf;
    size_t len = 0;
    uint8_t *frame = flood_frame(&len);
    scene_begin(&scene, options);
    call_connect(&deaf, daemon_address(&scene.daemon));
    ck_assert_uint_lt(flood(&deaf, frame, len), FLOOD_BYTES_MAX);
    ck_assert_uint_eq(call_stat(&scene.wire, "refused.max_unsent_bytes"), 1);
    ck_assert_uint_eq(call_stat(&scene.wire, "unsent_bytes"), 0);
    scene_assert_intact(&scene);
    wire_close(&deaf);
    free(frame);
    scene_end(&scene);
}
END_TEST

START_TEST(client_that_goes_away_with_answers_unread_harms_nobody)
{
    struct scene scene;
    size_t len = 0;
    uint8_t *frame = flood_frame(&len);
    scene_begin(&scene, NULL);
    for (int i = 0; i < 20; i++) {
        struct wire rude;
        call_connect(&rude, daemon_address(&scene.daemon));
        for (int j = 0; j < 50; j++)
            ck_assert(wire_send_bytes(&rude, frame, len));
        wire_close(&rude);
    }
    free(frame);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pipelined_requests_take_effect_in_the_order_sent,
        client_that_does_not_read_is_not_read_from,
        answers_not_taken_hold_no_more_than_their_share_of_memory,
        client_that_goes_away_with_answers_unread_harms_nobody,
    };
    return RUN_INTEGRATION("flow", tests);
}
