/* unsent: answers that a connection's peer has not taken yet, and how they are sent.
 *
 * All connections share a budget of such bytes. Empty, it holds no memory.
 *
 * Thread safety: none, but for the budget; it belongs to its connection. */
#ifndef CARDINAL_SERVER_UNSENT_H
#define CARDINAL_SERVER_UNSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/server/budget.h"
#include "daemon/wire/outbuf.h"
#include "proto/status.h"

#define UNSENT_SEND_BYTES ((size_t)256 << 10)

/* Zeroed memory is empty. */
struct unsent {
    struct outbuf buf; /* from start on */
    size_t start;
};

static inline size_t unsent_len(const struct unsent *unsent)
{
    return unsent->buf.len - unsent->start;
}

static inline const uint8_t *unsent_bytes(const struct unsent *unsent)
{
    return unsent->buf.data + unsent->start;
}

/* Appends the bytes of out from number `from` on; may take the buffer itself
 * away from out. ST_RESOURCE_EXHAUSTED: no memory; ST_TOO_LARGE: the budget is
 * used up. A failure changes nothing. */
enum status unsent_keep(struct unsent *unsent, struct budget *budget, struct outbuf *out,
                        size_t from);

/* Sends the first of len bytes, as many as the socket takes at once, but no more than
 * UNSENT_SEND_BYTES, so that others do not wait for long; *sent says how many. False
 * after an error that ends the connection. */
bool unsent_send(int fd, const uint8_t *data, size_t len, size_t *sent);

/* The first n bytes were sent. */
void unsent_consume(struct unsent *unsent, struct budget *budget, size_t n);

#endif
