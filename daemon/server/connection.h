/* connection: a socket with bytes going in and out, in turns with all others
 * of its loop.
 *
 * A turn is a read, work on what was read, and one write of the answers. There
 * is at most one read a turn, and none while what was read before is being
 * worked on, while a request waits for an earlier one, or while more than
 * CONNECTION_UNSENT_HIGH bytes wait to be sent: whoever does not read is not
 * read from.
 *
 * States, of `state`:
 *   OPEN       served
 *   FINISHING  no more requests are taken; what is unsent goes out
 *   LINGERING  all is sent and our side shut down; what still comes in is thrown
 *              away, so that the peer can read the last answer before a reset
 *   CLOSING    the poll handle is being closed
 *   CLOSED     its close callback ran, the descriptor is closed; the memory goes
 *              with the last job, turn and place in a queue
 *
 * Thread safety: none; but for connection_new(), everything is done on the
 * loop's thread. */
#ifndef CARDINAL_SERVER_CONNECTION_H
#define CARDINAL_SERVER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/server/inbuf.h"
#include "daemon/server/protocol.h"
#include "daemon/server/unsent.h"
#include "daemon/wire/outbuf.h"

#define CONNECTION_UNSENT_HIGH ((size_t)1 << 20) /* bytes; beyond, no requests are taken */
/* Long turns in a row: of one the reason may have been that the thread did not run. */
#define CONNECTION_LENGTHY_TURNS 2u
#define CONNECTION_LINGER_MS 1000u

struct loop;
struct turn_clock;

enum connection_state {
    CONNECTION_OPEN,
    CONNECTION_FINISHING,
    CONNECTION_LINGERING,
    CONNECTION_CLOSING,
    CONNECTION_CLOSED,
};

struct connection {
    uv_poll_t poll;
    int fd;
    enum connection_state state;
    int events;          /* polled for */
    bool refused;        /* not served: only told so */
    bool queued;         /* in the loop's queue of turns */
    bool readable;       /* its turn begins with a read */
    bool blocked;        /* the last turn was TURN_BLOCKED */
    bool waits_for_peer; /* has work, but too much is unsent */
    bool peer_gone;      /* the protocol was told so */
    bool eof;            /* read to the end */
    bool lingers;        /* in the loop's queue of those that linger */
    uint8_t long_turns;  /* in a row until now, of CONNECTION_LENGTHY_TURNS at most */
    bool read_in_drain;  /* the last read was after the drain began */
    uint32_t jobs;       /* that hold on to this memory */
    uint64_t read_ms;    /* loop time of the last read */
    uint64_t linger_until_ms;
    uint64_t partial_bytes; /* taken from the server's budget */
    struct loop *loop;
    const struct protocol *protocol;
    void *session;
    struct inbuf in;
    struct unsent unsent;
    struct connection *prev; /* of the loop */
    struct connection *next;
    struct connection *next_turn;   /* in the queue of turns */
    struct connection *next_linger; /* among those that linger */
};

/* A connection for an accepted socket, which it owns; NULL without memory. Any
 * thread. */
struct connection *connection_new(int fd, const struct protocol *protocol);

/* Closes the socket of a connection that was never opened, and frees it. */
void connection_discard(struct connection *connection);

/* Begins to serve it on this loop. */
void connection_open(struct connection *connection, struct loop *loop);

/* Begins, only to tell the peer why it is not served. */
void connection_refuse(struct connection *connection, struct loop *loop, const struct error *why);

/* Is it still served? */
static inline bool connection_is_open(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN;
}

/* Does so much wait to be sent, the loop's outbuf included, that no further
 * request should be taken? */
bool connection_is_congested(const struct connection *connection);

/* Sends all that is in out, now or as the peer takes it; out is empty after. */
void connection_send(struct connection *connection, struct outbuf *out);

/* Puts it into the queue of turns. */
void connection_wake(struct connection *connection);

/* A turn; called by the loop. */
void connection_turn(struct connection *connection, struct turn_clock *clock);

/* Counts n bytes of an unfinished message against the server's budget, instead
 * of what was counted before; false when they are too many in all. */
bool connection_charge_partial(struct connection *connection, size_t n);

/* Takes no more requests, and closes when all is sent. */
void connection_finish(struct connection *connection);

/* Gives up the long requests in work; they are answered so. */
void connection_cancel(struct connection *connection);

/* Closes without waiting for anything. */
void connection_abort(struct connection *connection);

/* Its time to linger is over; called by the loop. */
void connection_end_linger(struct connection *connection);

/* A job that held on to the memory is done. */
void connection_job_done(struct connection *connection);

#endif
