/* inbuf: bytes that came in and were not used up yet.
 *
 * Room to read into is made as bytes arrive, never by what a peer announces: a
 * buffer at most doubles. A loop has a few large buffers to spare, so that their
 * pages are not made anew for each message, and the connections whose turns end
 * before all that was read is done have one each; whoever reads borrows: a connection that has
 * nothing unread holds no memory, one with the beginning of a message two to four times its size.
 * Buffers of that size and more are mapped, and grow without a copy.
 *
 * Thread safety: none; a pool and its buffers belong to one loop. */
#ifndef CARDINAL_SERVER_INBUF_H
#define CARDINAL_SERVER_INBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INBUF_READ_BYTES ((size_t)256 << 10)  /* of the large buffer; the most read at once */
#define INBUF_FRESH_BYTES ((size_t)64 << 10)  /* of them, into pages never written to */
#define INBUF_BEYOND_BYTES ((size_t)16 << 10) /* of them, beyond the end of a large message */

#define INBUF_SPARE_MAX_BYTES ((size_t)2 << 20)

#define INBUF_SPARES 4u

struct inbuf_spare {
    uint8_t *data;
    size_t bytes; /* INBUF_READ_BYTES .. INBUF_SPARE_MAX_BYTES */
    size_t written;
};

/* The buffers to spare, one of them of more than INBUF_READ_BYTES at most. Zeroed memory is
 * a pool. */
struct inbuf_pool {
    struct inbuf_spare spares[INBUF_SPARES];
    unsigned count;
};

/* data[start .. end) is unused yet. Zeroed memory is an empty buffer. */
struct inbuf {
    uint8_t *data;
    size_t start;
    size_t end;
    size_t capacity;
    size_t written; /* the first byte that never was, of a large buffer */
    size_t wanted;  /* bytes that the large message at the front has in all; 0: not known */
    bool filled;    /* the last read took all the room there was: make more */
};

void inbuf_pool_release(struct inbuf_pool *pool);
void inbuf_release(struct inbuf *buf, struct inbuf_pool *pool);

static inline const uint8_t *inbuf_bytes(const struct inbuf *buf)
{
    return buf->data + buf->start;
}

static inline size_t inbuf_len(const struct inbuf *buf)
{
    return buf->end - buf->start;
}

/* Says how long the message at the front is going to be: of what comes behind a large
 * one little is read along with it, to be moved when it is used up. */
void inbuf_expect(struct inbuf *buf, size_t message_bytes);

/* Makes room behind the bytes: *room bytes at the pointer returned, at most
 * INBUF_READ_BYTES, and INBUF_FRESH_BYTES of new pages. Moves the bytes. NULL without
 * memory, nothing changed. */
uint8_t *inbuf_reserve(struct inbuf *buf, struct inbuf_pool *pool, size_t *room);

/* n bytes were read into the room of inbuf_reserve(), *room of which there were. */
void inbuf_fill(struct inbuf *buf, size_t n, size_t room);

/* Moves n bytes from offset `from` of those there are down to offset `to`. */
void inbuf_move(struct inbuf *buf, size_t to, size_t from, size_t n);

/* Keeps the first len bytes only. */
void inbuf_shorten(struct inbuf *buf, size_t len);

/* The first n bytes are used up. */
void inbuf_consume(struct inbuf *buf, size_t n);

/* Gives back memory that the bytes left do not need. Moves them. */
void inbuf_settle(struct inbuf *buf, struct inbuf_pool *pool);

#endif
