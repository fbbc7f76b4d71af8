#include "daemon/server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/server/context.h"
#include "daemon/server/loop.h"

struct connection *connection_new(int fd, const struct protocol *protocol)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return NULL;
    connection->fd = fd;
    connection->protocol = protocol;
    return connection;
}

void connection_discard(struct connection *connection)
{
    close(connection->fd);
    free(connection);
}

bool connection_charge_partial(struct connection *connection, size_t n)
{
    struct budget *budget = &connection->loop->context->partial_bytes;
    uint64_t before = connection->partial_bytes;

    if (n > before && !budget_take(budget, n - before))
        return false;
    if (n < before)
        budget_give(budget, before - n);
    connection->partial_bytes = n;
    return true;
}

/* ---- closing ------------------------------------------------------------- */

static void free_if_unused(struct connection *connection)
{
    struct loop *loop = connection->loop;

    if (connection->state != CONNECTION_CLOSED || connection->queued || connection->lingers ||
        connection->jobs > 0)
        return;
    if (connection->session != NULL)
        connection->protocol->free(connection->session);
    connection_charge_partial(connection, 0);
    inbuf_release(&connection->in, &loop->pool);
    free(connection);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct loop *loop = connection->loop;

    close(connection->fd);
    connection->state = CONNECTION_CLOSED;
    if (connection->prev != NULL)
        connection->prev->next = connection->next;
    else
        loop->connections = connection->next;
    if (connection->next != NULL)
        connection->next->prev = connection->prev;
    loop_count_gone(loop, connection);
    free_if_unused(connection);
}

static void tell_peer_gone(struct connection *connection)
{
    if (connection->peer_gone || connection->session == NULL)
        return;
    connection->peer_gone = true;
    connection->protocol->peer_gone(connection->session);
}

void connection_cancel(struct connection *connection)
{
    if (connection->session != NULL)
        connection->protocol->peer_gone(connection->session);
}

static size_t connection_unsent(const struct connection *connection)
{
    return unsent_len(&connection->unsent);
}

/* So many bytes need not be sent any more. */
static void drop_unsent(struct connection *connection, size_t n)
{
    struct loop *loop = connection->loop;

    if (connection_unsent(connection) == 0)
        return;
    unsent_consume(&connection->unsent, &loop->context->unsent_bytes, n);
    if (connection_unsent(connection) == 0)
        loop->unsent--;
}

void connection_abort(struct connection *connection)
{
    if (connection->state >= CONNECTION_CLOSING)
        return;
    connection->state = CONNECTION_CLOSING;
    drop_unsent(connection, connection_unsent(connection));
    tell_peer_gone(connection);
    uv_close((uv_handle_t *)&connection->poll, on_closed);
}

void connection_job_done(struct connection *connection)
{
    connection->jobs--;
    connection_wake(connection);
}

void connection_end_linger(struct connection *connection)
{
    connection->lingers = false;
    connection_abort(connection);
    free_if_unused(connection);
}

/* ---- polling ------------------------------------------------------------- */

static bool takes_input(const struct connection *connection)
{
    if (connection->eof)
        return false;
    if (connection->state == CONNECTION_LINGERING)
        return true;
    return connection->state == CONNECTION_OPEN && !connection->blocked &&
           connection_unsent(connection) <= CONNECTION_UNSENT_HIGH;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void poll_anew(struct connection *connection)
{
    int events = 0;

    if (connection->state >= CONNECTION_CLOSING)
        return;
    if (takes_input(connection))
        events |= UV_READABLE;
    else if (!connection->peer_gone && connection->session != NULL)
        events |= UV_DISCONNECT;
    if (connection_unsent(connection) > 0)
        events |= UV_WRITABLE;
    if (events == connection->events)
        return;
    connection->events = events;
    if (events == 0)
        uv_poll_stop(&connection->poll);
    else if (uv_poll_start(&connection->poll, events, on_poll) != 0)
        connection_abort(connection);
}

/* ---- sending ------------------------------------------------------------- */

static void settle_finishing(struct connection *connection)
{
    if (connection->state != CONNECTION_FINISHING || connection_unsent(connection) > 0 ||
        connection->jobs > 0)
        return;
    if (connection->eof || shutdown(connection->fd, SHUT_WR) != 0) {
        connection_abort(connection);
        return;
    }
    tell_peer_gone(connection);
    connection->state = CONNECTION_LINGERING;
    connection->lingers = true;
    loop_queue_linger(connection->loop, connection);
}

/* Sends what the socket takes; false after an error that ends the connection. */
static bool send_now(struct connection *connection, const uint8_t *data, size_t len, size_t *sent)
{
    bool is_sound = unsent_send(connection->fd, data, len, sent);

    stats_add(&connection->loop->stats, COUNTER_BYTES_OUT, *sent);
    if (!is_sound)
        connection_abort(connection);
    return is_sound;
}

/* Keeps the bytes of out from sent on. */
static void keep_unsent(struct connection *connection, struct outbuf *out, size_t sent)
{
    struct loop *loop = connection->loop;
    size_t before = connection_unsent(connection);
    enum status status = unsent_keep(&connection->unsent, &loop->context->unsent_bytes, out, sent);

    if (status == ST_TOO_LARGE)
        stats_add(&loop->stats, COUNTER_REFUSED_UNSENT_BYTES, 1);
    if (status != ST_OK) {
        connection_abort(connection);
        return;
    }
    if (before == 0)
        loop->unsent++;
    if (before <= CONNECTION_UNSENT_HIGH && connection_unsent(connection) > CONNECTION_UNSENT_HIGH)
        stats_add(&loop->stats, COUNTER_WRITE_PAUSES, 1);
}

void connection_send(struct connection *connection, struct outbuf *out)
{
    size_t sent = 0;

    if (out->len == 0)
        return;
    bool waits = connection_unsent(connection) > 0;
    if (connection->state < CONNECTION_LINGERING &&
        (waits || send_now(connection, out->data, out->len, &sent)) && sent < out->len)
        keep_unsent(connection, out, sent);
    out->len = 0;
    poll_anew(connection);
}

static void send_unsent(struct connection *connection)
{
    size_t sent;

    if (connection_unsent(connection) == 0)
        return;
    if (!send_now(connection, unsent_bytes(&connection->unsent), connection_unsent(connection),
                  &sent))
        return;
    drop_unsent(connection, sent);
    if (connection->waits_for_peer && connection_unsent(connection) <= CONNECTION_UNSENT_HIGH / 2)
        connection_wake(connection);
    settle_finishing(connection);
}

bool connection_is_congested(const struct connection *connection)
{
    return connection_unsent(connection) + connection->loop->out.len > CONNECTION_UNSENT_HIGH;
}

void connection_finish(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN)
        connection->state = CONNECTION_FINISHING;
}

/* ---- reading ------------------------------------------------------------- */

static void throw_away_input(struct connection *connection)
{
    uint8_t bytes[16384];
    ssize_t n = read(connection->fd, bytes, sizeof bytes);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        connection_abort(connection);
}

static void read_input(struct connection *connection)
{
    struct loop *loop = connection->loop;
    size_t room;
    uint8_t *data = inbuf_reserve(&connection->in, &loop->pool, &room);

    if (data == NULL) {
        connection_abort(connection);
        return;
    }
    ssize_t n = read(connection->fd, data, room);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            connection_abort(connection);
        else
            inbuf_settle(&connection->in, &loop->pool);
        return;
    }
    if (n == 0) {
        connection->eof = true;
        tell_peer_gone(connection);
    }
    inbuf_fill(&connection->in, (size_t)n, room);
    connection->read_ms = uv_now(&loop->uv);
    connection->read_in_drain = loop->phase != LOOP_RUNNING;
    stats_add(&loop->stats, COUNTER_BYTES_IN, (uint64_t)n);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;

    if (status < 0) {
        connection_abort(connection);
        return;
    }
    if (events & UV_WRITABLE)
        send_unsent(connection);
    if ((events & UV_READABLE) && takes_input(connection)) {
        if (connection->state == CONNECTION_LINGERING)
            throw_away_input(connection);
        else if (!connection->queued) {
            connection->readable = true;
            connection_wake(connection);
        }
    } else if (events & UV_DISCONNECT) {
        tell_peer_gone(connection);
    }
    poll_anew(connection);
}

/* ---- turns --------------------------------------------------------------- */

void connection_wake(struct connection *connection)
{
    if (!connection->queued)
        loop_queue_turn(connection->loop, connection);
}

void connection_turn(struct connection *connection, struct turn_clock *clock)
{
    struct loop *loop = connection->loop;
    enum turn turn = TURN_IDLE;

    connection->waits_for_peer = false;
    if (connection->readable && takes_input(connection))
        read_input(connection);
    connection->readable = false;
    if (connection->session != NULL && !connection->refused)
        turn = connection->protocol->turn(connection->session, clock);
    if (!turn_clock_is_long(clock))
        connection->long_turns = 0;
    else if (connection->long_turns < CONNECTION_LENGTHY_TURNS)
        connection->long_turns++;
    connection_send(connection, &loop->out);
    connection->blocked = turn == TURN_BLOCKED;
    if (turn == TURN_AGAIN) {
        connection->waits_for_peer = connection_unsent(connection) > CONNECTION_UNSENT_HIGH;
        if (!connection->waits_for_peer)
            connection_wake(connection);
    } else if (turn == TURN_IDLE && connection->state == CONNECTION_OPEN) {
        inbuf_settle(&connection->in, &loop->pool);
        if (connection->eof && connection->jobs == 0)
            connection_finish(connection);
    }
    settle_finishing(connection);
    poll_anew(connection);
    free_if_unused(connection);
}

/* ---- opening ------------------------------------------------------------- */

/* Makes it one of the loop's; false when it had to be discarded. */
static bool adopt(struct connection *connection, struct loop *loop)
{
    connection->loop = loop;
    if (uv_poll_init(&loop->uv, &connection->poll, connection->fd) != 0) {
        loop_count_gone(loop, connection);
        connection_discard(connection);
        return false;
    }
    connection->poll.data = connection;
    connection->next = loop->connections;
    if (connection->next != NULL)
        connection->next->prev = connection;
    loop->connections = connection;
    return true;
}

void connection_open(struct connection *connection, struct loop *loop)
{
    if (!adopt(connection, loop))
        return;
    connection->session = connection->protocol->open(connection);
    if (connection->session == NULL)
        connection_abort(connection);
    poll_anew(connection);
}

void connection_refuse(struct connection *connection, struct loop *loop, const struct error *why)
{
    struct outbuf out;

    if (!adopt(connection, loop))
        return;
    outbuf_init(&out);
    connection->protocol->refuse(&out, why);
    connection_finish(connection);
    connection_send(connection, &out);
    settle_finishing(connection);
    poll_anew(connection);
    outbuf_release(&out);
}
