#include "daemon/server/inbuf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALL_MIN_BYTES 512u
#define COPY_MAX_BYTES ((size_t)64 << 10) /* to new memory, at one time */

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

/* A spare buffer, the one that came back last, or a new one; its memory is NULL if there is
 * none. */
static struct inbuf_spare pool_take(struct inbuf_pool *pool)
{
    if (pool->count > 0)
        return pool->spares[--pool->count];
    return (struct inbuf_spare){ map(INBUF_READ_BYTES), INBUF_READ_BYTES, 0 };
}

/* The one that is larger than the others; NULL if none is. */
static struct inbuf_spare *find_larger(struct inbuf_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        if (pool->spares[i].bytes > INBUF_READ_BYTES)
            return &pool->spares[i];
    }
    return NULL;
}

/* Takes over the buffer's memory. */
static void pool_give(struct inbuf_pool *pool, const struct inbuf *buf)
{
    struct inbuf_spare given = { buf->data, buf->capacity, buf->written };
    struct inbuf_spare *larger = find_larger(pool);

    if (given.bytes < INBUF_READ_BYTES) {
        free(given.data);
        return;
    }
    if (larger != NULL && given.bytes > larger->bytes && given.bytes <= INBUF_SPARE_MAX_BYTES) {
        struct inbuf_spare before = *larger;
        *larger = given;
        given = before;
    } else if (pool->count < INBUF_SPARES && given.bytes <= INBUF_SPARE_MAX_BYTES &&
               (larger == NULL || given.bytes == INBUF_READ_BYTES)) {
        pool->spares[pool->count++] = given;
        return;
    }
    munmap(given.data, given.bytes);
}

void inbuf_pool_release(struct inbuf_pool *pool)
{
    while (pool->count > 0) {
        struct inbuf_spare spare = pool_take(pool);
        munmap(spare.data, spare.bytes);
    }
}

void inbuf_release(struct inbuf *buf, struct inbuf_pool *pool)
{
    pool_give(pool, buf);
    *buf = (struct inbuf){ 0 };
}

/* Moves the bytes into other memory, which it owns from now on. */
static void rehouse(struct inbuf *buf, struct inbuf_pool *pool, uint8_t *data, size_t capacity,
                    size_t written)
{
    size_t len = inbuf_len(buf);

    if (len > 0)
        memcpy(data, inbuf_bytes(buf), len);
    pool_give(pool, buf);
    buf->data = data;
    buf->capacity = capacity;
    buf->written = written > len ? written : len;
    buf->start = 0;
    buf->end = len;
}

/* More room than there is: the large buffer first, then twice the size. */
static bool grow(struct inbuf *buf, struct inbuf_pool *pool)
{
    if (buf->capacity < INBUF_READ_BYTES) {
        struct inbuf_spare large = pool_take(pool);
        if (large.data == NULL)
            return false;
        rehouse(buf, pool, large.data, large.bytes, large.written);
        return true;
    }
    uint8_t *data = map_more(buf->data, buf->capacity, buf->capacity * 2);
    if (data == NULL)
        return false;
    buf->data = data;
    buf->capacity *= 2;
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void move_to_front(struct inbuf *buf)
{
    if (buf->start == 0)
        return;
    memmove(buf->data, inbuf_bytes(buf), inbuf_len(buf));
    buf->end = inbuf_len(buf);
    buf->start = 0;
}

void inbuf_expect(struct inbuf *buf, size_t message_bytes)
{
    buf->wanted = message_bytes >= INBUF_READ_BYTES ? message_bytes : 0;
}

uint8_t *inbuf_reserve(struct inbuf *buf, struct inbuf_pool *pool, size_t *room)
{
    bool small = buf->capacity < INBUF_READ_BYTES;

    if (!small)
        move_to_front(buf);
    bool cramped = buf->end == buf->capacity || (small && buf->filled);
    if (cramped && !grow(buf, pool))
        return NULL;
    *room = least(buf->capacity - buf->end, INBUF_READ_BYTES);
    if (buf->capacity >= INBUF_READ_BYTES && buf->end + *room > buf->written + INBUF_FRESH_BYTES)
        *room = buf->written + INBUF_FRESH_BYTES - buf->end;
    if (buf->wanted > inbuf_len(buf))
        *room = least(*room, buf->wanted - inbuf_len(buf) + INBUF_BEYOND_BYTES);
    return buf->data + buf->end;
}

void inbuf_fill(struct inbuf *buf, size_t n, size_t room)
{
    buf->end += n;
    if (buf->written < buf->end)
        buf->written = buf->end;
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
    buf->wanted = 0;
}

/* Gives back what a large buffer's bytes do not need; it stays a large one. */
static void cut_down(struct inbuf *buf)
{
    size_t capacity = buf->capacity;

    while (capacity / 2 >= INBUF_READ_BYTES && inbuf_len(buf) <= capacity / 4)
        capacity /= 2;
    if (capacity == buf->capacity)
        return;
    move_to_front(buf);
    if (mremap(buf->data, buf->capacity, capacity, 0) == MAP_FAILED)
        return;
    buf->capacity = capacity;
    buf->written = least(buf->written, capacity);
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
    if (len > COPY_MAX_BYTES) { /* small buffers are told by their size */
        cut_down(buf);
        return;
    }
    size_t capacity = len * 2 > SMALL_MIN_BYTES ? len * 2 : SMALL_MIN_BYTES;
    uint8_t *data = malloc(capacity);
    if (data != NULL)
        rehouse(buf, pool, data, capacity, 0);
}
