/* protocol: what a transport asks of whatever is spoken over it.
 *
 * The connection brings bytes in and out, the protocol makes requests and
 * answers of them. A session is the protocol's part of one connection and
 * belongs to the connection's loop; nothing here is called from elsewhere. */
#ifndef CARDINAL_SERVER_PROTOCOL_H
#define CARDINAL_SERVER_PROTOCOL_H

#include <stddef.h>

#include "daemon/wire/outbuf.h"
#include "proto/status.h"

struct connection;
struct turn_clock;

/* How a turn ended. */
enum turn {
    TURN_IDLE,    /* nothing more can be done until more bytes come */
    TURN_AGAIN,   /* the time is up, or too much waits to be sent: there is more to do */
    TURN_BLOCKED, /* a request waits for an earlier one: do not read, connection_wake() follows */
};

struct protocol {
    /* A session for a new connection; NULL without memory. */
    void *(*open)(struct connection *connection);

    /* Works on what is in the connection's inbuf until the clock's time is up,
     * and appends answers to the loop's outbuf. A connection that is no longer
     * open gets turns as long as they return TURN_AGAIN. */
    enum turn (*turn)(void *session, struct turn_clock *clock);

    /* The peer is gone, or sends no more: long requests are to be given up. */
    void (*peer_gone)(void *session);

    /* The last call: the connection is closed and none of its jobs runs. */
    void (*free)(void *session);

    /* Appends the answer to a connection that is not served; best effort. */
    void (*refuse)(struct outbuf *out, const struct error *why);
};

#endif
