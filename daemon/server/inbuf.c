#include "daemon/server/inbuf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALL_MIN_BYTES 512u

static uint8_t *map(size_t bytes)
{
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return data != MAP_FAILED ? data : NULL;
}

/* Makes a mapping larger, wherever it is then; NULL: it stays as it is. */
static uint8_t *map_more(uint8_t *data, size_t bytes, size_t wanted)
{
#ifdef __SANITIZE_THREAD__
    /* TSan does not see what mremap() moves, and takes the next owner of the addresses
     * for one that races with the last. */
    uint8_t *moved = map(wanted);
    if (moved != NULL) {
        memcpy(moved, data, bytes);
        munmap(data, bytes);
    }
    return moved;
#else
    void *moved = mremap(data, bytes, wanted, MREMAP_MAYMOVE);

    return moved != MAP_FAILED ? moved : NULL;
#endif
}

static uint8_t *pool_take(struct inbuf_pool *pool, size_t *capacity)
{
    uint8_t *data = pool->spare;

    *capacity = data != NULL ? pool->spare_bytes : INBUF_READ_BYTES;
    *pool = (struct inbuf_pool){ 0 };
    return data != NULL ? data : map(INBUF_READ_BYTES);
}

static void pool_give(struct inbuf_pool *pool, uint8_t *data, size_t capacity)
{
    if (capacity < INBUF_READ_BYTES) {
        free(data);
        return;
    }
    if (capacity > INBUF_SPARE_MAX_BYTES || capacity <= pool->spare_bytes) {
        munmap(data, capacity);
        return;
    }
    inbuf_pool_release(pool);
    *pool = (struct inbuf_pool){ data, capacity };
}

void inbuf_pool_release(struct inbuf_pool *pool)
{
    if (pool->spare != NULL)
        munmap(pool->spare, pool->spare_bytes);
    *pool = (struct inbuf_pool){ 0 };
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
    buf->grown = false;
    buf->start = 0;
    buf->end = len;
}

/* More room than there is: the large buffer first, then twice the size. */
static bool grow(struct inbuf *buf, struct inbuf_pool *pool)
{
    if (buf->capacity < INBUF_READ_BYTES) {
        size_t capacity;
        uint8_t *large = pool_take(pool, &capacity);
        if (large == NULL)
            return false;
        rehouse(buf, pool, large, capacity);
        return true;
    }
    uint8_t *data = map_more(buf->data, buf->capacity, buf->capacity * 2);
    if (data == NULL)
        return false;
    buf->data = data;
    buf->capacity *= 2;
    buf->grown = true;
    return true;
}

static void move_to_front(struct inbuf *buf)
{
    if (buf->start == 0)
        return;
    memmove(buf->data, inbuf_bytes(buf), inbuf_len(buf));
    buf->end = inbuf_len(buf);
    buf->start = 0;
}

uint8_t *inbuf_reserve(struct inbuf *buf, struct inbuf_pool *pool, size_t *room)
{
    bool small = buf->capacity < INBUF_READ_BYTES;

    if (!small)
        move_to_front(buf);
    bool cramped = buf->end == buf->capacity || (small && buf->filled);
    if (cramped && !grow(buf, pool))
        return NULL;
    size_t most = buf->grown ? INBUF_FRESH_BYTES : INBUF_READ_BYTES;
    *room = buf->capacity - buf->end;
    if (*room > most)
        *room = most;
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

/* Gives back the half of a large buffer that its bytes do not need. */
static void cut_to_half(struct inbuf *buf)
{
    move_to_front(buf);
    if (mremap(buf->data, buf->capacity, buf->capacity / 2, 0) != MAP_FAILED)
        buf->capacity /= 2;
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
    if (len >= INBUF_READ_BYTES / 2) { /* small buffers are told by their size */
        cut_to_half(buf);
        return;
    }
    size_t capacity = len * 2 > SMALL_MIN_BYTES ? len * 2 : SMALL_MIN_BYTES;
    uint8_t *data = malloc(capacity);
    if (data != NULL)
        rehouse(buf, pool, data, capacity);
}
