/* pending: a question on its way, with what its answer will be held against. */
#ifndef CARDINAL_CLIENT_PENDING_H
#define CARDINAL_CLIENT_PENDING_H

#include "client/lib/client.h"

struct cardinal_pending {
    struct cardinal_client *client;
    struct call call;
    struct arena *arena; /* becomes the result's */
    const char *const *columns;
    size_t column_count;
    const cardinal_key *keys; /* of a count */
    size_t key_count;
};

/* An empty one; NULL without memory, of which the client is told. */
struct cardinal_pending *pending_new(struct cardinal_client *client, const char *const *columns,
                                     size_t column_count);

/* Queues message as the question. On failure pending is left for the caller. */
cardinal_status pending_send(struct cardinal_pending *pending, int kind,
                             const ProtobufCMessage *message);

/* Waits for the answer, which must be of that kind. On failure pending is
 * consumed. */
cardinal_status pending_wait(struct cardinal_pending *pending, int kind);

#endif
