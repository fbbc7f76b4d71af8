/* The half of the core that reads: frames to replies, replies to calls. */
#include <string.h>

#include "client/lib/core.h"
#include "proto/frame.h"

#define ERROR_PLACE_MAX 300 /* bytes kept of a server's message */

static cardinal_status refuse(struct fault *fault, const char *what)
{
    return fault_set(fault, CARDINAL_ERR_PROTOCOL, "the server does not keep to the protocol: %s",
                     what);
}

static cardinal_status server_fault(struct fault *fault, const Cardinal__V1__Response *reply)
{
    cardinal_status status = fault_status_from_wire((int)reply->status);
    if (reply->message[0] == '\0')
        return fault_set(fault, status, "%s", cardinal_status_text(status));
    return fault_set(fault, status, "%.*s", ERROR_PLACE_MAX, reply->message);
}

/* The hello was answered: the connection is open, or refused. */
static cardinal_status greet(struct core *core, const Cardinal__V1__Response *reply,
                             struct fault *fault)
{
    if (reply->status != CARDINAL__V1__STATUS__STATUS_OK)
        return server_fault(fault, reply);
    const Cardinal__V1__HelloReply *hello = reply->hello;
    if (hello->max_frame == 0 || hello->max_batch_values == 0 || hello->max_in_flight == 0)
        return refuse(fault, "a limit of 0 in its hello");
    core->greetings++;
    core->limits.max_frame = hello->max_frame < CORE_FRAME_MAX ? hello->max_frame : CORE_FRAME_MAX;
    core->limits.max_batch_values = hello->max_batch_values;
    core->limits.max_in_flight = hello->max_in_flight;
    core->limits.max_key = hello->max_key;
    strncpy(core->server_version, hello->server_version, sizeof core->server_version - 1);
    core->state = CORE_OPEN;
    return CARDINAL_OK;
}

static void finish_call(struct core *core, struct call *call, struct arena *arena,
                        Cardinal__V1__Response *reply)
{
    core->answers++;
    if (reply->status == CARDINAL__V1__STATUS__STATUS_OK) {
        call->fault.status = CARDINAL_OK;
        call->arena = arena;
        call->reply = reply;
    } else {
        server_fault(&call->fault, reply);
        arena_free(arena);
    }
    core_finish(core, call);
}

/* Gives an unpacked reply to the call it answers. Consumes the arena. */
static cardinal_status deliver(struct core *core, struct arena *arena,
                               Cardinal__V1__Response *reply, struct fault *fault)
{
    cardinal_status status = CARDINAL_OK;
    struct core_slot *slot = &core->slots[reply->id % CORE_FLIGHT_MAX];
    bool ok = reply->status == CARDINAL__V1__STATUS__STATUS_OK;
    if (reply->id == 0 && !ok) {
        status = server_fault(fault, reply); /* a word to the connection, which ends */
        goto drop;
    }
    if (reply->id == 0 || slot->id != reply->id ||
        (slot->call != NULL && slot->call->state == CALL_WRITING)) {
        status = refuse(fault, "an answer to a request that was not made");
        goto drop;
    }
    struct call *call = slot->call;
    if (call != NULL && ok && (int)reply->body_case != call->kind) {
        status = refuse(fault, "an answer of another kind than the request");
        goto drop;
    }
    *slot = (struct core_slot){ 0 };
    core->in_flight--;
    if (call == NULL)
        goto drop;
    if (call == &core->hello) {
        status = greet(core, reply, fault);
        goto drop;
    }
    finish_call(core, call, arena, reply);
    return CARDINAL_OK;
drop:
    arena_free(arena);
    return status;
}

static cardinal_status take_frame(struct core *core, const uint8_t *payload, size_t len,
                                  struct fault *fault)
{
    struct arena *arena = arena_new(CORE_REPLY_MEMORY_MAX);
    if (arena == NULL)
        return fault_nomem(fault);
    Cardinal__V1__Response *reply = cardinal__v1__response__unpack(&arena->allocator, len, payload);
    if (reply != NULL)
        return deliver(core, arena, reply, fault);
    bool over_cap = arena->over_cap;
    bool failed = arena->failed;
    arena_free(arena);
    if (failed)
        return fault_nomem(fault);
    return refuse(fault, over_cap ? "a reply too large to unpack" : "a malformed reply");
}

/* Takes the whole frames at the front of bytes; *used is what they took. */
static cardinal_status take_frames(struct core *core, const uint8_t *bytes, size_t len,
                                   size_t *used, struct fault *fault)
{
    cardinal_status status = CARDINAL_OK;
    size_t cap = core->state == CORE_OPEN ? core->limits.max_frame : CORE_GREETING_FRAME_MAX;
    *used = 0;
    while (status == CARDINAL_OK) {
        const uint8_t *payload;
        size_t payload_len;
        enum frame_state state =
            frame_peek(bytes + *used, len - *used, cap, &payload, &payload_len);
        if (state == FRAME_OVERSIZED)
            return fault_set(fault, CARDINAL_ERR_PROTOCOL,
                             "the server announced a frame of %zu bytes, over the limit of %zu",
                             payload_len, cap);
        if (state == FRAME_PARTIAL)
            break;
        *used += FRAME_HEADER_BYTES + payload_len;
        status = take_frame(core, payload, payload_len, fault);
    }
    return status;
}

cardinal_status core_feed(struct core *core, const void *bytes, size_t len, struct fault *fault)
{
    const uint8_t *at = bytes;
    size_t used;
    cardinal_status status;
    if (core->in.len == 0) { /* mostly whole frames: taken where they lie */
        status = take_frames(core, at, len, &used, fault);
        if (status != CARDINAL_OK)
            return status;
        at += used;
        len -= used;
    }
    if (len == 0)
        return CARDINAL_OK;
    if (!bytes_reserve(&core->in, len))
        return fault_nomem(fault);
    bytes_append(&core->in, at, len);
    status = take_frames(core, core->in.data, core->in.len, &used, fault);
    if (status == CARDINAL_OK)
        bytes_consume(&core->in, used);
    return status;
}
