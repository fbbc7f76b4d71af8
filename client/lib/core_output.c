/* The half of the core that writes: calls to frames, several at a time. */
#include <stdlib.h>
#include <string.h>

#include "client/lib/core.h"
#include "proto/frame.h"

static struct core_frame *frame_at(struct core *core, unsigned i)
{
    return &core->out.frames[(core->out.first + i) % CORE_OUT_MAX];
}

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

void core_output_stage(struct core *core, struct call *call, int64_t now_ms)
{
    assert(core->out.count < CORE_OUT_MAX);
    struct core_frame *frame = frame_at(core, core->out.count++);
    call->id = take_slot(core, call);
    call->state = CALL_WRITING;
    frame->call = call;
    frame->head_len = put_head(frame->head, call, now_ms);
    frame->body = call->body;
    frame->body_len = call->body_len;
}

/* Would the server take another request? */
static bool may_write(const struct core *core)
{
    unsigned most = core->limits.max_in_flight;
    if (most > CORE_FLIGHT_MAX)
        most = CORE_FLIGHT_MAX;
    return core->state == CORE_OPEN && core->in_flight < most;
}

bool core_has_output(const struct core *core)
{
    return core->out.count > 0 || (core->next_out != NULL && may_write(core));
}

/* The next call that the server would take now, or NULL. */
static struct call *next_to_write(struct core *core)
{
    while (core->next_out != NULL && may_write(core)) {
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

/* Drops the first frame, which is written or empty. */
static void pop(struct core *core)
{
    struct core_frame *frame = frame_at(core, 0);
    if (frame->call == NULL)
        free(frame->body);
    core->out.first = (core->out.first + 1) % CORE_OUT_MAX;
    core->out.count--;
    core->out.done = 0;
}

static size_t frame_len(const struct core_frame *frame)
{
    return frame->head_len + frame->body_len;
}

/* Adds what is left of a frame of which done bytes are written; how much that is. */
static size_t add_pieces(struct core_frame *frame, size_t done, struct iovec *iov, int *count)
{
    size_t head_done = done < frame->head_len ? done : frame->head_len;
    size_t body_done = done - head_done;
    if (head_done < frame->head_len)
        iov[(*count)++] = (struct iovec){ frame->head + head_done, frame->head_len - head_done };
    if (body_done < frame->body_len)
        iov[(*count)++] = (struct iovec){ frame->body + body_done, frame->body_len - body_done };
    return frame_len(frame) - done;
}

int core_output(struct core *core, int64_t now_ms, struct iovec iov[CORE_IOV_MAX])
{
    int count = 0;
    size_t bytes = 0;
    while (core->out.count > 0 && frame_len(frame_at(core, 0)) == 0)
        pop(core);
    for (unsigned i = 0; i < CORE_OUT_MAX && bytes < CORE_OUT_BYTES; i++) {
        if (i == core->out.count) {
            struct call *call = next_to_write(core);
            if (call == NULL)
                break;
            core_output_stage(core, call, now_ms);
        }
        bytes += add_pieces(frame_at(core, i), i == 0 ? core->out.done : 0, iov, &count);
    }
    return count;
}

void core_written(struct core *core, size_t n)
{
    while (core->out.count > 0) {
        struct core_frame *frame = frame_at(core, 0);
        size_t left = frame_len(frame) - core->out.done;
        if (n < left)
            break;
        n -= left;
        if (frame->call != NULL) {
            frame->call->state = CALL_WRITTEN;
            frame->call->reached = true;
        }
        pop(core);
    }
    assert(n == 0 || core->out.count > 0);
    core->out.done += n;
    if (core->next_out == NULL)
        core->queued_bytes = 0;
}

bool core_output_retract(struct core *core, struct call *call)
{
    unsigned i = 0;
    while (frame_at(core, i)->call != call)
        i++;
    assert(i < core->out.count);
    struct core_slot *slot = &core->slots[call->id % CORE_FLIGHT_MAX];
    if (i == 0 && core->out.done > 0)
        return false;
    *frame_at(core, i) = (struct core_frame){ 0 };
    *slot = (struct core_slot){ 0 };
    core->in_flight--;
    return true;
}

void core_output_adopt(struct core *core)
{
    struct core_frame *frame = frame_at(core, 0);
    frame->call->body = NULL;
    frame->call = NULL;
}

void core_output_drop(struct core *core)
{
    while (core->out.count > 0)
        pop(core);
}
