#include "daemon/wire/reply_frame.h"

#include "daemon/wire/cursor.h"
#include "proto/frame.h"

size_t reply_head_size(uint64_t id, enum request_kind kind, size_t body_bytes)
{
    size_t size =
        varint_size(WIRE_TAG(request_kind_info(kind)->field, WIRE_BYTES)) + varint_size(body_bytes);
    if (id != 0)
        size += varint_size(WIRE_TAG(RESPONSE_ID, WIRE_VARINT)) + varint_size(id);
    return size;
}

void reply_frame_begin(struct reply_frame *frame, const struct reply_to *to, enum request_kind kind,
                       size_t likely_bytes)
{
    frame->start = to->out->len;
    frame->w = (struct writer){
        .out = to->out,
        .limit = to->out->len + FRAME_HEADER_BYTES + to->max_frame,
    };
    writer_room(&frame->w, FRAME_HEADER_BYTES);
    writer_uint(&frame->w, RESPONSE_ID, to->id);
    frame->body = writer_open(&frame->w, request_kind_info(kind)->field, likely_bytes);
}

enum status reply_frame_end(struct reply_frame *frame, struct error *err)
{
    struct writer *w = &frame->w;
    writer_close(w, frame->body);
    if (w->status == ST_OK) {
        size_t payload = w->out->len - frame->start - FRAME_HEADER_BYTES;
        frame_put_header(w->out->data + frame->start, payload);
        return ST_OK;
    }
    w->out->len = frame->start;
    if (w->status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return error_set(err, w->status, "answer of more than %zu bytes",
                     w->limit - frame->start - FRAME_HEADER_BYTES);
}
