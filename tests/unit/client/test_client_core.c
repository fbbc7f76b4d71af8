#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/played_core.h"
#include "tests/unit/run_suite.h"

START_TEST(hello_goes_first_and_alone)
{
    struct call ping;
    ck_assert_int_eq(core_init(&core, "secret", 3), CARDINAL_OK);
    submit_ping(&ping);
    core_connected(&core);
    drain(SIZE_MAX);
    Cardinal__V1__Request *request = next_request();
    ck_assert_int_eq(request->body_case, CARDINAL__V1__REQUEST__BODY_HELLO);
    ck_assert_str_eq(request->hello->token, "secret");
    ck_assert_uint_eq(request->hello->min_version, 1);
    ck_assert_uint_eq(sent.len, 0);
    cardinal__v1__request__free_unpacked(request, NULL);
    core_forget(&core, &ping);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(bytes_may_come_and_go_one_at_a_time)
{
    struct call ping;
    ck_assert_int_eq(core_init(&core, NULL, 3), CARDINAL_OK);
    core_connected(&core);
    drain(1);
    ck_assert_int_eq(answer_hello(1), CARDINAL_OK);
    ck_assert_int_eq(core.state, CORE_OPEN);
    ck_assert_str_eq(core.server_version, "0.0-test");
    submit_ping(&ping);
    drain(1);
    ck_assert_int_eq(answer_ping(next_id(CARDINAL__V1__REQUEST__BODY_PING), 1), CARDINAL_OK);
    ck_assert_int_eq(ping.state, CALL_DONE);
    ck_assert_int_eq(ping.fault.status, CARDINAL_OK);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(answers_may_come_in_any_order)
{
    struct call pings[3];
    uint64_t ids[3];
    open_core();
    for (unsigned i = 0; i < 3; i++)
        submit_ping(&pings[i]);
    drain(SIZE_MAX);
    for (unsigned i = 0; i < 3; i++)
        ids[i] = next_id(CARDINAL__V1__REQUEST__BODY_PING);
    ck_assert_int_eq(answer_ping(ids[2], SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(pings[2].state, CALL_DONE);
    ck_assert_int_eq(pings[0].state, CALL_WRITTEN);
    ck_assert_int_eq(answer_ping(ids[0], SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(pings[0].state, CALL_DONE);
    ck_assert_int_eq(answer_ping(ids[1], SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(pings[1].state, CALL_DONE);
    for (unsigned i = 0; i < 3; i++)
        call_release(&pings[i]);
    close_core();
}
END_TEST

START_TEST(no_more_are_unanswered_than_the_server_allows)
{
    struct call pings[6];
    open_core();
    for (unsigned i = 0; i < 6; i++)
        submit_ping(&pings[i]);
    drain(SIZE_MAX);
    ck_assert_uint_eq(core.in_flight, 4);
    ck_assert_int_eq(pings[4].state, CALL_QUEUED);
    uint64_t first = next_id(CARDINAL__V1__REQUEST__BODY_PING);
    /* A call that was given up still counts: the server works on it. */
    core_forget(&core, &pings[0]);
    drain(SIZE_MAX);
    ck_assert_int_eq(pings[4].state, CALL_QUEUED);
    ck_assert_int_eq(answer_ping(first, SIZE_MAX), CARDINAL_OK);
    drain(SIZE_MAX);
    ck_assert_int_eq(pings[4].state, CALL_WRITTEN);
    for (unsigned i = 0; i < 6; i++) {
        core_forget(&core, &pings[i]);
        call_release(&pings[i]);
    }
    close_core();
}
END_TEST

START_TEST(call_given_up_half_written_is_finished_on_the_wire)
{
    struct iovec iov[CORE_IOV_MAX];
    struct call drop;
    struct call ping;
    open_core();
    submit_drop(&drop);
    submit_ping(&ping);
    ck_assert_int_ge(core_output(&core, NOW, iov), 2);
    bytes_reserve(&sent, 3);
    bytes_append(&sent, iov[0].iov_base, 3);
    core_written(&core, 3);
    core_forget(&core, &drop);
    call_release(&drop);
    drain(1);
    next_id(CARDINAL__V1__REQUEST__BODY_DROP_TABLE);
    uint64_t id = next_id(CARDINAL__V1__REQUEST__BODY_PING);
    ck_assert_int_eq(answer_ping(id, SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(ping.state, CALL_DONE);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(small_requests_go_out_together)
{
    struct iovec iov[CORE_IOV_MAX];
    struct call pings[3];
    size_t bytes = 0;
    open_core();
    for (unsigned i = 0; i < 3; i++)
        submit_ping(&pings[i]);
    int count = core_output(&core, NOW, iov);
    for (int i = 0; i < count; i++) {
        ck_assert(bytes_reserve(&sent, iov[i].iov_len));
        bytes_append(&sent, iov[i].iov_base, iov[i].iov_len);
        bytes += iov[i].iov_len;
    }
    core_written(&core, bytes);
    ck_assert_int_eq(core_output(&core, NOW, iov), 0);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(pings[i].state, CALL_WRITTEN);
        answer_ping(next_id(CARDINAL__V1__REQUEST__BODY_PING), SIZE_MAX);
        ck_assert_int_eq(pings[i].state, CALL_DONE);
        call_release(&pings[i]);
    }
    close_core();
}
END_TEST

START_TEST(call_given_up_before_it_was_written_never_is)
{
    struct iovec iov[CORE_IOV_MAX];
    struct call pings[3];
    open_core();
    for (unsigned i = 0; i < 3; i++)
        submit_ping(&pings[i]);
    ck_assert_int_gt(core_output(&core, NOW, iov), 0); /* and no byte goes */
    core_forget(&core, &pings[0]);
    call_release(&pings[0]);
    pings[1].deadline_ms = NOW;
    core.earliest_ms = NOW;
    ck_assert(core_expire(&core, NOW)); /* nothing of it was half written */
    ck_assert_int_eq(pings[1].fault.status, CARDINAL_ERR_TIMEOUT);
    call_release(&pings[1]);
    ck_assert_uint_eq(core.in_flight, 1);
    drain(SIZE_MAX);
    answer_ping(next_id(CARDINAL__V1__REQUEST__BODY_PING), SIZE_MAX);
    ck_assert_int_eq(pings[2].state, CALL_DONE);
    ck_assert_uint_eq(sent.len, 0);
    call_release(&pings[2]);
    close_core();
}
END_TEST

START_TEST(late_answer_is_ignored)
{
    struct call ping;
    open_core();
    submit_ping(&ping);
    drain(SIZE_MAX);
    ck_assert(!core_is_late(&core, LATER - 1));
    ck_assert(core_is_late(&core, LATER));
    ck_assert(core_expire(&core, LATER));
    ck_assert_int_eq(ping.fault.status, CARDINAL_ERR_TIMEOUT);
    ck_assert_int_eq(answer_ping(next_id(CARDINAL__V1__REQUEST__BODY_PING), SIZE_MAX), CARDINAL_OK);
    ck_assert_uint_eq(core.in_flight, 0);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(deadline_travels_with_the_request)
{
    struct call ping;
    open_core();
    submit_ping(&ping);
    drain(SIZE_MAX);
    Cardinal__V1__Request *request = next_request();
    ck_assert_uint_eq(request->deadline_ms, LATER - NOW);
    cardinal__v1__request__free_unpacked(request, NULL);
    core_forget(&core, &ping);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(lost_connection_keeps_what_may_be_repeated_in_order)
{
    struct call calls[4];
    open_core();
    submit_ping(&calls[0]);
    submit_drop(&calls[1]);
    submit_ping(&calls[2]);
    drain(SIZE_MAX);
    submit_drop(&calls[3]); /* never written, so it may be sent later */
    fault_set(&fault, CARDINAL_ERR_CONNECT, "gone");
    core_lost(&core, &fault);
    ck_assert_int_eq(calls[1].state, CALL_DONE);
    ck_assert_int_eq(calls[1].fault.status, CARDINAL_ERR_LOST);
    ck_assert_int_eq(calls[3].state, CALL_QUEUED);
    sent.len = 0;
    core_reconnecting(&core);
    core_connected(&core);
    drain(SIZE_MAX);
    ck_assert_int_eq(answer_hello(SIZE_MAX), CARDINAL_OK);
    drain(SIZE_MAX);
    next_id(CARDINAL__V1__REQUEST__BODY_PING);
    ck_assert_int_eq(answer_ping(next_id(CARDINAL__V1__REQUEST__BODY_PING), SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(calls[2].state, CALL_DONE);
    next_id(CARDINAL__V1__REQUEST__BODY_DROP_TABLE);
    for (unsigned i = 0; i < 4; i++) {
        core_forget(&core, &calls[i]);
        call_release(&calls[i]);
    }
    close_core();
}
END_TEST

START_TEST(calls_end_after_so_many_connections)
{
    struct call ping;
    open_core();
    submit_ping(&ping);
    fault_set(&fault, CARDINAL_ERR_CONNECT, "refused");
    for (unsigned i = 0; i < 3; i++) {
        core_lost(&core, &fault);
        ck_assert_int_eq(ping.state, CALL_QUEUED);
        core_reconnecting(&core);
    }
    core_lost(&core, &fault);
    ck_assert_int_eq(ping.state, CALL_DONE);
    ck_assert_int_eq(ping.fault.status, CARDINAL_ERR_CONNECT);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(request_over_the_frame_cap_is_refused_here)
{
    struct call call;
    Cardinal__V1__DropTable drop = CARDINAL__V1__DROP_TABLE__INIT;
    char *name = calloc(1, (1u << 20) + 1);
    memset(name, 'x', 1u << 20);
    drop.table = name;
    open_core();
    call_init(&call, CARDINAL__V1__REQUEST__BODY_DROP_TABLE, &drop.base);
    call.deadline_ms = LATER;
    core_submit(&core, &call);
    drain(SIZE_MAX);
    ck_assert_int_eq(call.fault.status, CARDINAL_ERR_USAGE);
    ck_assert_uint_eq(sent.len, 0);
    call_release(&call);
    free(name);
    close_core();
}
END_TEST

START_TEST(answers_that_break_the_protocol_are_refused)
{
    Cardinal__V1__Response response = CARDINAL__V1__RESPONSE__INIT;
    Cardinal__V1__DeleteReply deleted = CARDINAL__V1__DELETE_REPLY__INIT;
    static const uint8_t garbage[] = { 0, 0, 0, 3, 0xff, 0xff, 0xff };
    static const uint8_t oversized[] = { 0xff, 0xff, 0xff, 0xff };
    struct call ping;
    open_core();
    submit_ping(&ping);
    drain(SIZE_MAX);
    ck_assert_int_eq(answer_ping(12345, SIZE_MAX), CARDINAL_ERR_PROTOCOL);
    ck_assert_int_eq(core_feed(&core, garbage, sizeof garbage, &fault), CARDINAL_ERR_PROTOCOL);
    ck_assert_int_eq(core_feed(&core, oversized, sizeof oversized, &fault), CARDINAL_ERR_PROTOCOL);
    response.id = next_id(CARDINAL__V1__REQUEST__BODY_PING);
    ck_assert_int_eq(feed(&response, SIZE_MAX), CARDINAL_ERR_PROTOCOL);
    response.body_case = CARDINAL__V1__RESPONSE__BODY_DELETE;
    response.delete_ = &deleted;
    ck_assert_int_eq(feed(&response, SIZE_MAX), CARDINAL_ERR_PROTOCOL);
    ck_assert_int_eq(ping.state, CALL_WRITTEN);
    core_lost(&core, &fault);
    ck_assert_int_eq(ping.fault.status, CARDINAL_ERR_PROTOCOL);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(unknown_fields_are_ignored)
{
    struct call ping;
    open_core();
    submit_ping(&ping);
    drain(SIZE_MAX);
    uint8_t frame[] = {
        0,    0,    0,    9,    /* payload length */
        0x08, 0,                /* id */
        0x5a, 0x02, 0x08, 0x01, /* a ping reply that has a field 1 */
        0xf8, 0x07, 0x01,       /* field 127 */
    };
    frame[5] = (uint8_t)next_id(CARDINAL__V1__REQUEST__BODY_PING);
    ck_assert_int_eq(core_feed(&core, frame, sizeof frame, &fault), CARDINAL_OK);
    ck_assert_int_eq(ping.state, CALL_DONE);
    ck_assert_int_eq(ping.fault.status, CARDINAL_OK);
    call_release(&ping);
    close_core();
}
END_TEST

START_TEST(error_answer_carries_status_and_words)
{
    Cardinal__V1__Response response = CARDINAL__V1__RESPONSE__INIT;
    struct call drop;
    open_core();
    submit_drop(&drop);
    drain(SIZE_MAX);
    response.id = next_id(CARDINAL__V1__REQUEST__BODY_DROP_TABLE);
    response.status = CARDINAL__V1__STATUS__STATUS_NOT_FOUND;
    response.message = (char *)"no table 't'";
    ck_assert_int_eq(feed(&response, SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(drop.fault.status, CARDINAL_NOT_FOUND);
    ck_assert_str_eq(drop.fault.text, "no table 't'");
    call_release(&drop);
    close_core();
}
END_TEST

START_TEST(status_of_a_later_version_is_internal)
{
    ck_assert_int_eq(fault_status_from_wire(14), CARDINAL_INTERNAL);
    ck_assert_int_eq(fault_status_from_wire(15), CARDINAL_INTERNAL);
    ck_assert_int_eq(fault_status_from_wire(-1), CARDINAL_INTERNAL);
    ck_assert_str_eq(cardinal_status_text(CARDINAL_ERR_FULL), "batch is full");
    ck_assert_str_eq(cardinal_status_text((cardinal_status)-9), "unknown status");
    ck_assert(!cardinal_status_is_server(CARDINAL_ERR_USAGE));
    ck_assert(cardinal_status_is_server(CARDINAL_NOT_FOUND));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_goes_first_and_alone,
        bytes_may_come_and_go_one_at_a_time,
        answers_may_come_in_any_order,
        no_more_are_unanswered_than_the_server_allows,
        call_given_up_half_written_is_finished_on_the_wire,
        small_requests_go_out_together,
        call_given_up_before_it_was_written_never_is,
        late_answer_is_ignored,
        deadline_travels_with_the_request,
        lost_connection_keeps_what_may_be_repeated_in_order,
        calls_end_after_so_many_connections,
        request_over_the_frame_cap_is_refused_here,
        answers_that_break_the_protocol_are_refused,
        unknown_fields_are_ignored,
        error_answer_carries_status_and_words,
        status_of_a_later_version_is_internal,
    };
    return RUN_SUITE("client_core", tests);
}
