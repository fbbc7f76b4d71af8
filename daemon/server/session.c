#include "daemon/server/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/log.h"
#include "daemon/server/call.h"
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/held.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"
#include "proto/frame.h"

#define SMALL_BODY_BYTES 1024u /* of a request that may begin at any time of a turn */

/* ---- answers --------------------------------------------------------------- */

struct reply_to session_reply_to(const struct session *session, uint64_t id)
{
    return (struct reply_to){
        .out = &session->loop->out,
        .id = id,
        .max_frame = session->context->limits.max_frame,
    };
}

void session_count_error(struct session *session, enum status status)
{
    stats_add(&session->loop->stats, COUNTER_ERRORS + (unsigned)status, 1);
}

void session_answer_error(struct session *session, uint64_t id, const struct error *err)
{
    session_count_error(session, err->code);
    if (!call_answer_error(&session->loop->out, id, err))
        connection_abort(session->connection);
}

/* ---- hello ----------------------------------------------------------------- */

static void note_client(const struct hello_request *hello)
{
    char client[CLIENT_NAME_MAX_BYTES + 1];

    log_debug("hello", "client",
              error_quote(client, sizeof client, hello->client.data, hello->client.len));
}

static enum status say_hello(struct session *session, const struct request_head *head,
                             struct error *err)
{
    const struct limits *limits = &session->context->limits;
    struct hello_request hello;
    struct reply_to to = session_reply_to(session, head->id);

    if (session->said_hello)
        return error_set(err, ST_FAILED_PRECONDITION, "hello was said already");
    enum status status = decode_hello(head->body, &session->loop->arena, &hello, err);
    if (status != ST_OK)
        return status;
    if (hello.min_version > PROTOCOL_VERSION || hello.max_version < PROTOCOL_VERSION) {
        connection_finish(session->connection);
        return error_set(err, ST_FAILED_PRECONDITION,
                         "no common version: the client speaks %" PRIu32 " to %" PRIu32
                         ", the server %u",
                         hello.min_version, hello.max_version, PROTOCOL_VERSION);
    }
    note_client(&hello);
    session->said_hello = true;
    const struct hello_reply reply = {
        .version = PROTOCOL_VERSION,
        .server_version = CARDINAL_VERSION,
        .max_frame = (uint32_t)limits->max_frame,
        .max_batch_values = (uint32_t)limits->max_batch_values,
        .max_in_flight = (uint32_t)limits->max_in_flight,
        .max_key = KEY_MAX_BYTES,
    };
    return reply_hello(&to, &reply, err);
}

/* ---- requests -------------------------------------------------------------- */

bool session_time_left(const struct session *session, const struct request_head *head,
                       uint64_t *left_ms)
{
    uint64_t waited = uv_now(&session->loop->uv) - session->connection->read_ms;

    *left_ms = 0;
    if (head->deadline_ms == 0)
        return true;
    if (waited >= head->deadline_ms)
        return false;
    *left_ms = head->deadline_ms - waited;
    return true;
}

static enum status run_call(struct session *session, const struct request_head *head,
                            uint64_t left_ms, struct error *err)
{
    struct call call = {
        .context = session->context,
        .head = *head,
        .arena = &session->loop->arena,
        .to = session_reply_to(session, head->id),
        .is_on_loop = true,
    };

    if (call_is_long(head))
        return session_begin_job(session, head, left_ms, err);
    size_t from = session->loop->out.len;
    enum status status = call_handle(&call, err);
    arena_reset(&session->loop->arena);
    if (status == ST_OK && call.is_durable)
        held_keep(session, head->id, &session->loop->out, from);
    if (status == ST_OK && call.is_deferred)
        return session_begin_job(session, head, left_ms, err);
    return status;
}

/* May the request not be answered while tables are being brought back? */
static bool needs_tables(enum request_kind kind)
{
    return kind != REQUEST_HELLO && kind != REQUEST_PING && kind != REQUEST_STATS;
}

bool session_takes_requests(const struct session *session)
{
    return session->said_hello && !session->connection->read_in_drain &&
           session->loop->phase < LOOP_CANCELLING && atomic_load(&session->context->is_ready);
}

static enum status take_request(struct session *session, const struct request_head *head,
                                size_t frame_bytes, struct error *err)
{
    uint64_t left_ms;

    if (session->connection->read_in_drain || session->loop->phase >= LOOP_CANCELLING)
        return error_set(err, ST_UNAVAILABLE, "the server is stopping");
    if (!session->said_hello && head->kind != REQUEST_HELLO)
        return error_set(err, ST_FAILED_PRECONDITION, "the first request must be hello");
    if (head->kind == REQUEST_UNKNOWN)
        return err->code;
    if (needs_tables(head->kind) && !atomic_load(&session->context->is_ready))
        return error_set(err, ST_NOT_READY, "the server is still reading its data directory");
    if (!session_time_left(session, head, &left_ms))
        return error_set(err, ST_DEADLINE_EXCEEDED, "%s before it was begun",
                         status_text(ST_DEADLINE_EXCEEDED));
    switch (head->kind) {
    case REQUEST_HELLO: {
        enum status status = say_hello(session, head, err);
        arena_reset(&session->loop->arena);
        return status;
    }
    case REQUEST_INGEST:
        return session_begin_batch(session, head, frame_bytes, left_ms, err);
    default:
        return run_call(session, head, left_ms, err);
    }
}

/* Would the request, by what its like took before, end within the turn? */
static bool fits_into_turn(const struct session *session, const struct request_head *head)
{
    const struct loop *loop = session->loop;
    uint64_t left_ns = turn_clock_left(&loop->clock);

    if (head->kind == REQUEST_INGEST && !ingest_queue_wants(head))
        return pace_ns(&loop->batch_pace, head->body.len) < left_ns;
    return head->body.len <= SMALL_BODY_BYTES || left_ns >= TURN_NS / 2;
}

enum begin {
    BEGIN_DONE,
    BEGIN_WAITS, /* for an earlier one */
    BEGIN_LATER, /* with the next turn */
};

/* Looks at the request at the front; the first of a turn has time in any case. */
static enum begin begin_request(struct session *session, struct bytes_view payload, bool is_first)
{
    struct stats *stats = &session->loop->stats;
    struct request_head head;
    struct error err = { ST_OK, "" };
    enum status status = request_peek(payload, &head, &err);

    switch (order_ask(&session->order, head.kind, session->context->limits.max_in_flight)) {
    case ORDER_WAIT:
        return BEGIN_WAITS;
    case ORDER_FULL:
        if (!session->counted_pause)
            stats_add(stats, COUNTER_REFUSED_IN_FLIGHT, 1);
        session->counted_pause = true;
        return BEGIN_WAITS;
    case ORDER_GO:
        break;
    }
    if (!is_first && !fits_into_turn(session, &head))
        return BEGIN_LATER;
    session->counted_pause = false;
    stats_add(stats, COUNTER_REQUESTS + (unsigned)head.kind, 1);
    size_t frame_bytes = FRAME_HEADER_BYTES + payload.len;
    if (status == ST_OK || status == ST_UNIMPLEMENTED)
        status = take_request(session, &head, frame_bytes, &err);
    if (status != ST_OK)
        session_answer_error(session, head.id, &err);
    if (session->run == NULL)
        inbuf_consume(&session->connection->in, frame_bytes);
    return BEGIN_DONE;
}

/* ---- turns ----------------------------------------------------------------- */

static void refuse_oversized(struct session *session, size_t announced)
{
    struct error err;

    stats_add(&session->loop->stats, COUNTER_REFUSED_FRAME, 1);
    error_set(&err, ST_TOO_LARGE, "frame of %zu bytes, at most %" PRIu64 " are taken (max_frame)",
              announced, session->context->limits.max_frame);
    session_answer_error(session, 0, &err);
    connection_finish(session->connection);
}

static void hold_partial(struct session *session, size_t len)
{
    struct error err;

    if (connection_charge_partial(session->connection, len))
        return;
    stats_add(&session->loop->stats, COUNTER_REFUSED_PARTIAL_BYTES, 1);
    error_set(&err, ST_RESOURCE_EXHAUSTED,
              "too many bytes of unfinished frames (max_partial_bytes)");
    session_answer_error(session, 0, &err);
    connection_finish(session->connection);
}

/* Goes on with the batch in work, if there is one; false when the turn is over. */
static bool advance(struct session *session, struct turn_clock *clock, enum turn *turn)
{
    switch (session_advance_batch(session, clock)) {
    case BATCH_AGAIN:
        *turn = TURN_AGAIN;
        return false;
    case BATCH_WAITING:
        *turn = TURN_BLOCKED;
        return false;
    case BATCH_DONE:
        break;
    }
    return true;
}

/* Takes the request at the front, and those like it that are taken together; false when
 * the turn is over. */
static bool take_frame(struct session *session, struct bytes_view payload, bool is_first,
                       enum turn *turn)
{
    if (session_answer_points(session))
        return true;
    switch (begin_request(session, payload, is_first)) {
    case BEGIN_WAITS:
        *turn = TURN_BLOCKED;
        return false;
    case BEGIN_LATER:
        *turn = TURN_AGAIN;
        return false;
    case BEGIN_DONE:
        break;
    }
    return true;
}

static enum turn take_turn(struct session *session, struct turn_clock *clock)
{
    struct connection *connection = session->connection;
    bool is_first = session->run == NULL;
    enum turn turn;

    turn_clock_look(clock);
    if (!advance(session, clock, &turn))
        return turn;
    while (connection_is_open(connection)) {
        struct bytes_view payload;
        if (connection_is_congested(connection))
            return TURN_AGAIN;
        switch (frame_peek(inbuf_bytes(&connection->in), inbuf_len(&connection->in),
                           session->context->limits.max_frame, &payload.data, &payload.len)) {
        case FRAME_PARTIAL:
            inbuf_expect(&connection->in, FRAME_HEADER_BYTES + payload.len);
            hold_partial(session, inbuf_len(&connection->in));
            return TURN_IDLE;
        case FRAME_OVERSIZED:
            refuse_oversized(session, payload.len);
            return TURN_IDLE;
        case FRAME_WHOLE:
            if (!take_frame(session, payload, is_first, &turn))
                return turn;
        }
        is_first = false;
        turn_clock_look(clock);
        if (!advance(session, clock, &turn))
            return turn;
        if (turn_clock_left(clock) == 0)
            return TURN_AGAIN;
    }
    return TURN_IDLE;
}

static enum turn session_turn(void *arg, struct turn_clock *clock)
{
    struct session *session = arg;

    session_expire_waiting(session);
    enum turn turn = take_turn(session, clock);
    session_note_waiting(session, turn == TURN_BLOCKED);
    return turn;
}

/* ---- life ------------------------------------------------------------------ */

static void *session_open(struct connection *connection)
{
    struct session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return NULL;
    session->connection = connection;
    session->loop = connection->loop;
    session->context = connection->loop->context;
    session->alarm.connection = connection;
    return session;
}

static void session_peer_gone(void *arg)
{
    session_stop_jobs(arg);
}

static void session_free(void *arg)
{
    struct session *session = arg;

    alarm_clear(&session->loop->alarms, &session->alarm);
    free(session);
}

static void session_refuse(struct outbuf *out, const struct error *why)
{
    call_answer_error(out, 0, why);
}

const struct protocol cardinal_protocol = {
    .open = session_open,
    .turn = session_turn,
    .peer_gone = session_peer_gone,
    .free = session_free,
    .refuse = session_refuse,
};
