#include "daemon/server/inbuf.h"

#include <stdlib.h>
#include <string.h>

#define SMALL_MIN_BYTES 512u

static uint8_t *pool_take(struct inbuf_pool *pool)
{
    uint8_t *data = pool->spare;

    pool->spare = NULL;
    return data != NULL ? data : malloc(INBUF_READ_BYTES);
}

static void pool_give(struct inbuf_pool *pool, uint8_t *data, size_t capacity)
{
    if (capacity == INBUF_READ_BYTES && pool->spare == NULL)
        pool->spare = data;
    else
        free(data);
}

void inbuf_pool_release(struct inbuf_pool *pool)
{
    free(pool->spare);
    pool->spare = NULL;
}

void inbuf_release(struct inbuf *buf, struct inbuf_pool *pool)
{
    pool_give(pool, buf->data, buf->capacity);
    *buf = (struct inbuf){ 0 };
}

/* Moves the bytes into other memory, which it owns from now on. */
static void rehouse(struct inbuf *buf, struct inbuf_pool *pool, uint8_t *data, size_t capacity)
{
    size_t len = inbuf_len(buf);

    if (len > 0)
        memcpy(data, inbuf_bytes(buf), len);
    pool_give(pool, buf->data, buf->capacity);
    buf->data = data;
    buf->capacity = capacity;
    buf->start = 0;
    buf->end = len;
}

/* More room than there is: the large buffer first, then twice the size. */
static bool grow(struct inbuf *buf, struct inbuf_pool *pool)
{
    bool doubles = buf->capacity >= INBUF_READ_BYTES;
    size_t capacity = doubles ? buf->capacity * 2 : INBUF_READ_BYTES;
    uint8_t *data = doubles ? malloc(capacity) : pool_take(pool);

    if (data == NULL)
        return false;
    rehouse(buf, pool, data, capacity);
    return true;
}

uint8_t *inbuf_reserve(struct inbuf *buf, struct inbuf_pool *pool, size_t *room)
{
    bool small = buf->capacity < INBUF_READ_BYTES;

    if (!small && buf->start > 0) {
        memmove(buf->data, inbuf_bytes(buf), inbuf_len(buf));
        buf->end = inbuf_len(buf);
        buf->start = 0;
    }
    bool cramped = buf->end == buf->capacity || (small && buf->filled);
    if (cramped && !grow(buf, pool))
        return NULL;
    *room = buf->capacity - buf->end;
    if (*room > INBUF_READ_BYTES)
        *room = INBUF_READ_BYTES;
    return buf->data + buf->end;
}

void inbuf_fill(struct inbuf *buf, size_t n, size_t room)
{
    buf->end += n;
    buf->filled = n == room || n >= INBUF_READ_BYTES / 16;
}

void inbuf_move(struct inbuf *buf, size_t to, size_t from, size_t n)
{
    if (to != from && n > 0)
        memmove(buf->data + buf->start + to, buf->data + buf->start + from, n);
}

void inbuf_shorten(struct inbuf *buf, size_t len)
{
    buf->end = buf->start + len;
}

void inbuf_consume(struct inbuf *buf, size_t n)
{
    buf->start += n;
}

void inbuf_settle(struct inbuf *buf, struct inbuf_pool *pool)
{
    size_t len = inbuf_len(buf);

    if (len == 0) {
        bool filled = buf->filled;
        inbuf_release(buf, pool);
        buf->filled = filled;
        return;
    }
    if (buf->capacity < INBUF_READ_BYTES || len > buf->capacity / 4)
        return;
    size_t capacity = len * 2 > SMALL_MIN_BYTES ? len * 2 : SMALL_MIN_BYTES;
    if (capacity >= INBUF_READ_BYTES) /* small buffers are told by their size */
        capacity = INBUF_READ_BYTES - 1;
    uint8_t *data = malloc(capacity);
    if (data != NULL)
        rehouse(buf, pool, data, capacity);
}
