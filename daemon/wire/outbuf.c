#include "daemon/wire/outbuf.h"

#include <stdlib.h>

#define OUTBUF_FIRST_BYTES 256u

void outbuf_init(struct outbuf *buf)
{
    *buf = (struct outbuf){ 0 };
}

void outbuf_release(struct outbuf *buf)
{
    free(buf->data);
    outbuf_init(buf);
}

enum status outbuf_reserve(struct outbuf *buf, size_t n)
{
    if (n <= buf->capacity - buf->len)
        return ST_OK;
    if (n > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4)
        return ST_RESOURCE_EXHAUSTED;
    size_t capacity = buf->capacity > 0 ? 2 * buf->capacity : OUTBUF_FIRST_BYTES;
    if (capacity < buf->len + n)
        capacity = buf->len + n;
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL)
        return ST_RESOURCE_EXHAUSTED;
    buf->data = data;
    buf->capacity = capacity;
    return ST_OK;
}

uint8_t *outbuf_take(struct outbuf *buf, size_t *len)
{
    uint8_t *data = buf->data;
    *len = buf->len;
    if (buf->len == 0) {
        outbuf_release(buf);
        return NULL;
    }
    outbuf_init(buf);
    return data;
}
