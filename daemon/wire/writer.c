#include "daemon/wire/writer.h"

#include <endian.h>
#include <string.h>

#include "daemon/wire/cursor.h"

uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->status != ST_OK)
        return NULL;
    if (w->out->len > w->limit || n > w->limit - w->out->len) {
        w->status = ST_TOO_LARGE;
        return NULL;
    }
    w->status = outbuf_reserve(w->out, n);
    if (w->status != ST_OK)
        return NULL;
    uint8_t *room = w->out->data + w->out->len;
    w->out->len += n;
    return room;
}

void writer_uint(struct writer *w, uint32_t field, uint64_t value)
{
    if (value == 0)
        return;
    uint64_t tag = WIRE_TAG(field, WIRE_VARINT);
    uint8_t *at = writer_room(w, varint_size(tag) + varint_size(value));
    if (at != NULL)
        varint_put(varint_put(at, tag), value);
}

void writer_fixed64(struct writer *w, uint32_t field, uint64_t value)
{
    if (value == 0)
        return;
    uint64_t tag = WIRE_TAG(field, WIRE_64BIT);
    uint8_t *at = writer_room(w, varint_size(tag) + sizeof value);
    if (at == NULL)
        return;
    value = htole64(value);
    memcpy(varint_put(at, tag), &value, sizeof value);
}

static void put_bytes(struct writer *w, uint32_t field, struct bytes_view bytes)
{
    uint64_t tag = WIRE_TAG(field, WIRE_BYTES);
    uint8_t *at = writer_room(w, varint_size(tag) + varint_size(bytes.len) + bytes.len);
    if (at == NULL)
        return;
    at = varint_put(varint_put(at, tag), bytes.len);
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
}

void writer_bytes(struct writer *w, uint32_t field, struct bytes_view bytes)
{
    if (bytes.len > 0)
        put_bytes(w, field, bytes);
}

void writer_string(struct writer *w, uint32_t field, const char *text)
{
    writer_bytes(w, field, (struct bytes_view){ (const uint8_t *)text, strlen(text) });
}

void writer_element(struct writer *w, uint32_t field, const char *text)
{
    put_bytes(w, field, (struct bytes_view){ (const uint8_t *)text, strlen(text) });
}

struct writer_mark writer_open(struct writer *w, uint32_t field, size_t likely_bytes)
{
    uint64_t tag = WIRE_TAG(field, WIRE_BYTES);
    struct writer_mark mark = { .len_bytes = varint_size(likely_bytes) };
    uint8_t *at = writer_room(w, varint_size(tag) + mark.len_bytes);
    if (at != NULL) {
        varint_put(at, tag);
        mark.len_at = w->out->len - mark.len_bytes;
    }
    return mark;
}

void writer_close(struct writer *w, struct writer_mark mark)
{
    if (w->status != ST_OK)
        return;
    size_t start = mark.len_at + mark.len_bytes;
    size_t len = w->out->len - start;
    size_t len_bytes = varint_size(len);
    if (len_bytes > mark.len_bytes && writer_room(w, len_bytes - mark.len_bytes) == NULL)
        return;
    if (len_bytes != mark.len_bytes)
        memmove(w->out->data + mark.len_at + len_bytes, w->out->data + start, len);
    w->out->len = mark.len_at + len_bytes + len;
    varint_put(w->out->data + mark.len_at, len);
}
