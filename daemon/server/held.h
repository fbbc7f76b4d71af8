/* held: answers that wait until what they say is on disk.
 *
 * A durable request is done, and the next of its connection may begin; its answer
 * is kept back with a ticket of the store. When the flusher has synced, or failed,
 * every loop looks through its own, which lie in the order of their tickets.
 *
 * An answer that is held counts as a request in work of its connection
 * (max_in_flight), and keeps the connection's memory and the loop alive.
 *
 * Thread safety: none; they belong to the loop. */
#ifndef CARDINAL_SERVER_HELD_H
#define CARDINAL_SERVER_HELD_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct outbuf;
struct session;

struct held;

struct held_queue {
    struct held *first;
    struct held *last;
};

/* Takes the answer to request id, all of out from byte `from` on, and sends it when
 * what was done before the call is on disk. Without memory the connection is closed. */
void held_keep(struct session *session, uint64_t id, struct outbuf *out, size_t from);

/* Sends what need not wait any longer. */
void held_release(struct loop *loop);

#endif
