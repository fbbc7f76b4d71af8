/* client: a core, a transport, and the waiting between them.
 *
 * Blocking calls submit a call and take turns until it is done. A turn does
 * what can be done: connects (again, with a pause that doubles), writes, waits
 * for the socket up to a point in time, reads.
 *
 * Thread safety: one thread at a time. */
#ifndef CARDINAL_CLIENT_CLIENT_H
#define CARDINAL_CLIENT_CLIENT_H

#include "client/lib/address.h"
#include "client/lib/core.h"
#include "client/lib/transport.h"

/* Something that is to be looked at in cardinal_poll(). */
struct client_watch {
    struct client_watch *prev;
    struct client_watch *next;
    void (*look)(struct client_watch *watch);
    int64_t (*due_ms)(const struct client_watch *watch); /* when that matters; INT64_MAX: never */
};

struct cardinal_client {
    struct core core;
    struct transport transport;
    struct address address;
    char *address_text;
    int64_t connect_timeout_ms;
    int64_t request_timeout_ms;
    cardinal_ack ack; /* of writes that do not say */

    int64_t connect_deadline_ms; /* while connecting and greeting */
    int64_t retry_at_ms;         /* not before is connected anew */
    unsigned failures;           /* connections in a row that brought no answer */
    uint64_t answers_before;     /* core.answers when this connection began */
    struct fault connection;     /* why there is no connection */

    int64_t batch_ms; /* when the last batch was queued */

    struct fault fault; /* of the last call that failed */
    struct client_watch *watches;
    void *user; /* of an event loop: its connection */
};

/* A client that is not connected yet: the first call that it is given makes it
 * connect. */
cardinal_status client_new(const cardinal_options *options, struct cardinal_client **out,
                           struct fault *fault);

/* Begins to connect; on failure the transport is CLOSED and connection says why. */
void client_open(struct cardinal_client *client);

/* One turn, which ends by until_ms at the latest. */
void client_turn(struct cardinal_client *client, int64_t until_ms);

/* Hands a call to the core, with the request timeout, and writes what goes. */
void client_submit(struct cardinal_client *client, struct call *call);

/* The same, but requests are held until enough are together or a turn is taken, so
 * that many go out in one write. */
void client_queue(struct cardinal_client *client, struct call *call);

/* The same for a batch, which is held only where it follows another one closely and
 * more may come: is_last says that none will before there are answers. */
void client_queue_batch(struct cardinal_client *client, struct call *call, bool is_last);

/* Writes what is held, unless the last batch came but now. */
void client_push_held(struct cardinal_client *client, int64_t now_ms);

/* When a turn is to be taken even if the socket stays quiet, or INT64_MAX. */
int64_t client_due_ms(const struct cardinal_client *client);

/* Lets everything that watches have its look. */
void client_look(struct cardinal_client *client);

/* Writes what goes. */
void client_push(struct cardinal_client *client);

/* Takes turns until the call is done; its status, with the words for
 * cardinal_error(). */
cardinal_status client_wait(struct cardinal_client *client, struct call *call);

/* Makes a request of the message and waits for its answer, which is then in
 * call->reply until call_release(). Nothing to release on failure. */
cardinal_status client_ask(struct cardinal_client *client, int kind,
                           const ProtobufCMessage *message, struct call *call);

/* The reply to an answered call makes no sense: drops the connection. */
cardinal_status client_bad_reply(struct cardinal_client *client, const char *what);

/* fault_set() and fault_nomem() on the client's fault. */
#define client_fail(client, ...) fault_set(&(client)->fault, __VA_ARGS__)
#define client_nomem(client) fault_nomem(&(client)->fault)

void client_watch_add(struct cardinal_client *client, struct client_watch *watch);
void client_watch_remove(struct cardinal_client *client, struct client_watch *watch);

#endif
