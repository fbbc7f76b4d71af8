#include "client/lib/core.h"

#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/names.h"

#define PROTOCOL_VERSION 1u

static const struct core_limits initial_limits = {
    .max_frame = CORE_GREETING_FRAME_MAX,
    .max_batch_values = 65536,
    .max_in_flight = 1,
    .max_key = KEY_MAX_BYTES,
};

cardinal_status core_init(struct core *core, const char *token, unsigned retries)
{
    Cardinal__V1__Hello hello = CARDINAL__V1__HELLO__INIT;
    *core = (struct core){ .limits = initial_limits, .retries = retries };
    hello.min_version = PROTOCOL_VERSION;
    hello.max_version = PROTOCOL_VERSION;
    hello.client = (char *)"libcardinal " CARDINAL_VERSION;
    if (token != NULL)
        hello.token = (char *)token;
    return call_init(&core->hello, CARDINAL__V1__REQUEST__BODY_HELLO, &hello.base);
}

static void drop_output(struct core *core)
{
    if (core->out.active && core->out.call == NULL)
        free(core->out.body);
    core->out.active = false;
}

void core_release(struct core *core)
{
    drop_output(core);
    bytes_release(&core->in);
    call_release(&core->hello);
}

static void list_remove(struct core *core, struct call *call)
{
    if (core->next_out == call)
        core->next_out = call->next;
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        core->first = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    else
        core->last = call->prev;
    call->prev = NULL;
    call->next = NULL;
}

void core_finish(struct core *core, struct call *call)
{
    list_remove(core, call);
    call->state = CALL_DONE;
    if (call->on_done != NULL)
        call->on_done(call);
}

void core_submit(struct core *core, struct call *call)
{
    call->state = CALL_QUEUED;
    call->reached = false;
    call->connections = core->state == CORE_CLOSED ? 0 : 1;
    call->next = NULL;
    call->prev = core->last;
    if (core->last != NULL)
        core->last->next = call;
    else
        core->first = call;
    core->last = call;
    if (core->next_out == NULL)
        core->next_out = call;
}

/* ---- output ----------------------------------------------------------- */

/* The next id whose slot is free; there is one, since in_flight is bounded. */
static uint64_t take_slot(struct core *core, struct call *call)
{
    struct core_slot *slot;
    do
        slot = &core->slots[++core->last_id % CORE_FLIGHT_MAX];
    while (slot->id != 0 || core->last_id == 0);
    slot->id = core->last_id;
    slot->call = call;
    core->in_flight++;
    return slot->id;
}

/*      4 bytes   payload length
 *      08 ..     id
 *      10 ..     deadline_ms, what is left of it
 *      kk kk ..  tag and length of the body, which follows */
static size_t put_head(uint8_t head[CORE_HEAD_MAX], const struct call *call, int64_t now_ms)
{
    uint8_t *at = head + FRAME_HEADER_BYTES;
    at = tag_put(at, 1, WIRE_VARINT);
    at = varint_put(at, call->id);
    if (call->deadline_ms > now_ms) {
        at = tag_put(at, 2, WIRE_VARINT);
        at = varint_put(at, (uint32_t)(call->deadline_ms - now_ms));
    }
    at = tag_put(at, (unsigned)call->kind, WIRE_LEN);
    at = varint_put(at, call->body_len);
    size_t head_len = (size_t)(at - head);
    frame_put_header(head, head_len - FRAME_HEADER_BYTES + call->body_len);
    return head_len;
}

static void start_writing(struct core *core, struct call *call, int64_t now_ms)
{
    call->id = take_slot(core, call);
    call->state = CALL_WRITING;
    core->out.active = true;
    core->out.call = call;
    core->out.head_len = put_head(core->out.head, call, now_ms);
    core->out.body = call->body;
    core->out.body_len = call->body_len;
    core->out.done = 0;
}

/* The next call that the server would take now, or NULL. */
static struct call *next_to_write(struct core *core)
{
    unsigned most = core->limits.max_in_flight;
    if (most > CORE_FLIGHT_MAX)
        most = CORE_FLIGHT_MAX;
    while (core->next_out != NULL && core->in_flight < most) {
        struct call *call = core->next_out;
        if (call->body_len + CORE_HEAD_MAX <= core->limits.max_frame) {
            core->next_out = call->next;
            return call;
        }
        fault_set(&call->fault, CARDINAL_ERR_USAGE,
                  "%s of %zu bytes is over the server's limit of %u", call_kind_name(call->kind),
                  call->body_len, core->limits.max_frame);
        core_finish(core, call);
    }
    return NULL;
}

int core_output(struct core *core, int64_t now_ms, struct iovec iov[2])
{
    if (!core->out.active) {
        struct call *call = core->state == CORE_OPEN ? next_to_write(core) : NULL;
        if (call == NULL)
            return 0;
        start_writing(core, call, now_ms);
    }
    size_t head_done = core->out.done < core->out.head_len ? core->out.done : core->out.head_len;
    size_t body_done = core->out.done - head_done;
    int count = 0;
    if (head_done < core->out.head_len)
        iov[count++] = (struct iovec){ core->out.head + head_done, core->out.head_len - head_done };
    if (body_done < core->out.body_len)
        iov[count++] = (struct iovec){ core->out.body + body_done, core->out.body_len - body_done };
    return count;
}

void core_written(struct core *core, size_t n)
{
    core->out.done += n;
    assert(core->out.active && core->out.done <= core->out.head_len + core->out.body_len);
    if (core->out.done < core->out.head_len + core->out.body_len)
        return;
    core->out.active = false;
    if (core->out.call == NULL) {
        free(core->out.body);
        return;
    }
    core->out.call->state = CALL_WRITTEN;
    core->out.call->reached = true;
}

/* ---- giving up -------------------------------------------------------- */

static void leave_slot(struct core *core, struct call *call)
{
    struct core_slot *slot = &core->slots[call->id % CORE_FLIGHT_MAX];
    assert(slot->call == call);
    slot->call = NULL;
}

void core_forget(struct core *core, struct call *call)
{
    if (call->state == CALL_NEW || call->state == CALL_DONE)
        return;
    if (call->state == CALL_WRITING) {
        core->out.call = NULL;
        call->body = NULL; /* the rest of it must still be written: ours now */
    }
    if (call->state != CALL_QUEUED)
        leave_slot(core, call);
    list_remove(core, call);
    call->state = CALL_DONE;
}

bool core_expire(struct core *core, int64_t now_ms)
{
    bool whole = true;
    struct call *next;
    for (struct call *call = core->first; call != NULL; call = next) {
        next = call->next;
        if (call->deadline_ms > now_ms)
            continue;
        if (call->state == CALL_WRITING) {
            core->out.active = false;
            whole = false;
        }
        if (call->state != CALL_QUEUED)
            leave_slot(core, call);
        fault_set(&call->fault, CARDINAL_ERR_TIMEOUT, "no answer to %s within %lld ms",
                  call_kind_name(call->kind), (long long)call->timeout_ms);
        core_finish(core, call);
    }
    return whole;
}

bool core_is_late(const struct core *core, int64_t now_ms)
{
    for (const struct call *call = core->first; call != NULL; call = call->next) {
        if (call->deadline_ms <= now_ms)
            return true;
    }
    return false;
}

/* ---- connections ------------------------------------------------------ */

void core_connected(struct core *core)
{
    assert(core->state == CORE_CLOSED);
    core->state = CORE_GREETING;
    core->hello.deadline_ms = 0;
    start_writing(core, &core->hello, 0);
}

/* Is a call that was written to be ended with the fault itself? So it is when
 * what the server said, or our reading of it, is at fault; a connection that
 * broke is made anew instead. */
static bool ends_calls(const struct fault *fault)
{
    return fault->status == CARDINAL_ERR_PROTOCOL || fault->status == CARDINAL_ERR_MEMORY ||
           fault->status == CARDINAL_MALFORMED || fault->status == CARDINAL_TOO_LARGE;
}

static void fail_lost(struct core *core, struct call *call, const struct fault *fault)
{
    if (call->reached && !ends_calls(fault))
        fault_set(&call->fault, CARDINAL_ERR_LOST,
                  "connection lost before the answer to %s: %.200s", call_kind_name(call->kind),
                  fault->text);
    else
        call->fault = *fault;
    core_finish(core, call);
}

/* May the call go on to another connection? */
static bool may_go_on(const struct core *core, const struct call *call, const struct fault *fault)
{
    if (call->connections > core->retries)
        return false;
    return call->state != CALL_WRITTEN || (call->repeatable && !ends_calls(fault));
}

void core_lost(struct core *core, const struct fault *fault)
{
    drop_output(core);
    memset(core->slots, 0, sizeof core->slots);
    core->in_flight = 0;
    core->in.len = 0;
    core->state = CORE_CLOSED;
    struct call *next;
    for (struct call *call = core->first; call != NULL; call = next) {
        next = call->next;
        if (may_go_on(core, call, fault))
            call->state = CALL_QUEUED;
        else
            fail_lost(core, call, fault);
    }
    core->next_out = core->first;
}

void core_reconnecting(struct core *core)
{
    for (struct call *call = core->first; call != NULL; call = call->next)
        call->connections++;
}

void core_fail_all(struct core *core, const struct fault *fault)
{
    while (core->first != NULL)
        fail_lost(core, core->first, fault);
}
