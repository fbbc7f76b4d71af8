#include "client/lib/core.h"

#include <stdlib.h>
#include <string.h>

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

void core_release(struct core *core)
{
    core_output_drop(core);
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
    if (core->first == NULL || call->deadline_ms < core->earliest_ms)
        core->earliest_ms = call->deadline_ms;
    if (core->last != NULL)
        core->last->next = call;
    else
        core->first = call;
    core->last = call;
    core->queued_bytes += call->body_len + CORE_HEAD_MAX;
    if (core->next_out == NULL)
        core->next_out = call;
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
    if (call->state == CALL_WRITING && !core_output_retract(core, call)) {
        core_output_adopt(core); /* the rest of it must still be written */
        leave_slot(core, call);
    } else if (call->state == CALL_WRITTEN) {
        leave_slot(core, call);
    }
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
        if (call->state == CALL_WRITING)
            whole = core_output_retract(core, call) && whole;
        else if (call->state == CALL_WRITTEN)
            leave_slot(core, call);
        fault_set(&call->fault, CARDINAL_ERR_TIMEOUT, "no answer to %s within %lld ms",
                  call_kind_name(call->kind), (long long)call->timeout_ms);
        core_finish(core, call);
    }
    return whole;
}

bool core_is_late(struct core *core, int64_t now_ms)
{
    if (core->first == NULL || now_ms < core->earliest_ms)
        return false;
    core->earliest_ms = INT64_MAX; /* that of a call which may be gone */
    for (const struct call *call = core->first; call != NULL; call = call->next) {
        if (call->deadline_ms < core->earliest_ms)
            core->earliest_ms = call->deadline_ms;
    }
    return core->earliest_ms <= now_ms;
}

/* ---- connections ------------------------------------------------------ */

void core_connected(struct core *core)
{
    assert(core->state == CORE_CLOSED);
    core->state = CORE_GREETING;
    core->hello.deadline_ms = 0;
    core_output_stage(core, &core->hello, 0);
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
    core_output_drop(core);
    memset(core->slots, 0, sizeof core->slots);
    core->in_flight = 0;
    core->in.len = 0;
    core->queued_bytes = 0;
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
    for (const struct call *call = core->first; call != NULL; call = call->next)
        core->queued_bytes += call->body_len + CORE_HEAD_MAX;
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
