#include "daemon/server/held.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/server/call.h"
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"
#include "daemon/store/store.h"

struct held {
    struct held *next;
    struct session *session;
    uint64_t ticket;
    uint64_t id; /* of the request */
    size_t len;
    uint8_t bytes[];
};

void held_keep(struct session *session, uint64_t id, struct outbuf *out, size_t from)
{
    struct held_queue *queue = &session->loop->held;
    size_t len = out->len - from;
    struct held *held = malloc(sizeof *held + len);

    out->len = from;
    if (held == NULL) {
        connection_abort(session->connection);
        return;
    }
    held->next = NULL;
    held->session = session;
    held->ticket = store_ticket(session->context->store);
    held->id = id;
    held->len = len;
    memcpy(held->bytes, out->data + from, len);
    if (queue->last != NULL)
        queue->last->next = held;
    else
        queue->first = held;
    queue->last = held;
    session->order.held++;
    session->connection->jobs++;
    session->loop->jobs++;
    if (store_outcome(session->context->store, held->ticket) != STORE_PENDING)
        loop_poke(session->loop);
}

static void answer_lost(struct held *held)
{
    struct error err;

    error_set(&err, ST_UNAVAILABLE,
              "the journal could not be written: the request was carried out, but a crash may "
              "undo it");
    session_answer_error(held->session, held->id, &err);
}

/* Appends the answer to the loop's outbuf. */
static void put_answer(struct held *held, enum store_outcome outcome)
{
    struct outbuf *out = &held->session->loop->out;

    if (outcome == STORE_LOST) {
        answer_lost(held);
    } else if (outbuf_reserve(out, held->len) == ST_OK) {
        memcpy(out->data + out->len, held->bytes, held->len);
        out->len += held->len;
    } else {
        connection_abort(held->session->connection);
    }
}

/* The first one, if it need not wait any longer, taken out; else NULL. */
static struct held *take_ready(struct loop *loop, enum store_outcome *outcome)
{
    struct held_queue *queue = &loop->held;
    struct held *held = queue->first;

    if (held == NULL)
        return NULL;
    *outcome = store_outcome(loop->context->store, held->ticket);
    if (*outcome == STORE_PENDING)
        return NULL;
    queue->first = held->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return held;
}

void held_release(struct loop *loop)
{
    struct connection *connection = NULL; /* whose answers are in the loop's outbuf */
    struct held *held;
    enum store_outcome outcome;

    while ((held = take_ready(loop, &outcome)) != NULL) {
        struct session *session = held->session;
        if (connection != NULL && connection != session->connection)
            connection_send(connection, &loop->out);
        connection = session->connection;
        put_answer(held, outcome);
        session->order.held--;
        loop->jobs--;
        free(held);
        connection_job_done(connection);
    }
    if (connection != NULL)
        connection_send(connection, &loop->out);
}
