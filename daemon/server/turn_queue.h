/* turn_queue: connections that wait for a turn of their loop, in the order they came.
 *
 * Thread safety: none; a queue belongs to its loop. */
#ifndef CARDINAL_SERVER_TURN_QUEUE_H
#define CARDINAL_SERVER_TURN_QUEUE_H

#include <stddef.h>

struct connection;

/* Zeroed memory is an empty queue. A connection is in one at a time, and marked so. */
struct turn_queue {
    struct connection *first;
    struct connection *last;
    size_t count;
};

void turn_queue_add(struct turn_queue *queue, struct connection *connection);

/* The first, which is no longer in the queue; there is one. */
struct connection *turn_queue_take(struct turn_queue *queue);

#endif
