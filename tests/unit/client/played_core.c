#include "tests/unit/client/played_core.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct core core;
struct fault fault;
struct bytes sent;

void drain(size_t piece)
{
    struct iovec iov[CORE_IOV_MAX];
    while (core_output(&core, NOW, iov) > 0) {
        size_t n = iov[0].iov_len < piece ? iov[0].iov_len : piece;
        ck_assert(bytes_reserve(&sent, n));
        bytes_append(&sent, iov[0].iov_base, n);
        core_written(&core, n);
    }
}

Cardinal__V1__Request *next_request(void)
{
    size_t used;
    Cardinal__V1__Request *request = request_in(sent.data, sent.len, &used);
    ck_assert_ptr_nonnull(request);
    bytes_consume(&sent, used);
    return request;
}

uint64_t next_id(Cardinal__V1__Request__BodyCase kind)
{
    Cardinal__V1__Request *request = next_request();
    ck_assert_int_eq(request->body_case, kind);
    uint64_t id = request->id;
    cardinal__v1__request__free_unpacked(request, NULL);
    return id;
}

cardinal_status feed(const Cardinal__V1__Response *response, size_t piece)
{
    size_t len;
    uint8_t *frame = frame_of(response, &len);
    cardinal_status status = CARDINAL_OK;
    for (size_t at = 0; at < len && status == CARDINAL_OK; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        uint8_t *exact = malloc(n); /* so that reading beyond it is seen */
        memcpy(exact, frame + at, n);
        status = core_feed(&core, exact, n, &fault);
        free(exact);
    }
    free(frame);
    return status;
}

cardinal_status answer_hello(size_t piece)
{
    Cardinal__V1__Response response = CARDINAL__V1__RESPONSE__INIT;
    Cardinal__V1__HelloReply hello;
    hello_reply(&hello);
    response.id = next_id(CARDINAL__V1__REQUEST__BODY_HELLO);
    response.body_case = CARDINAL__V1__RESPONSE__BODY_HELLO;
    response.hello = &hello;
    return feed(&response, piece);
}

void open_core(void)
{
    ck_assert_int_eq(core_init(&core, "secret", 3), CARDINAL_OK);
    core_connected(&core);
    drain(SIZE_MAX);
    ck_assert_int_eq(answer_hello(SIZE_MAX), CARDINAL_OK);
    ck_assert_int_eq(core.state, CORE_OPEN);
}

void close_core(void)
{
    core_release(&core);
    bytes_release(&sent);
}

void submit_ping(struct call *call)
{
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    ck_assert_int_eq(call_init(call, CARDINAL__V1__REQUEST__BODY_PING, &ping.base), CARDINAL_OK);
    call->deadline_ms = LATER;
    core_submit(&core, call);
}

void submit_drop(struct call *call)
{
    Cardinal__V1__DropTable drop = CARDINAL__V1__DROP_TABLE__INIT;
    drop.table = (char *)"t";
    ck_assert_int_eq(call_init(call, CARDINAL__V1__REQUEST__BODY_DROP_TABLE, &drop.base),
                     CARDINAL_OK);
    call->deadline_ms = LATER;
    core_submit(&core, call);
}

cardinal_status answer_ping(uint64_t id, size_t piece)
{
    Cardinal__V1__Response response = CARDINAL__V1__RESPONSE__INIT;
    Cardinal__V1__PingReply ping = CARDINAL__V1__PING_REPLY__INIT;
    response.id = id;
    response.body_case = CARDINAL__V1__RESPONSE__BODY_PING;
    response.ping = &ping;
    return feed(&response, piece);
}
