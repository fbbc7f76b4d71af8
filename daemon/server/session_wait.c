/* Requests of a session that wait for earlier ones, and their deadlines.
 *
 * They lie in the inbuf, undecoded, and nothing is read while they wait. So it
 * is enough to look through them once for the earliest deadline, and again
 * when it has come: whose time is up is answered and taken out. */
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/ingest_run.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"
#include "proto/frame.h"

/* The loop time when a request that was read by now runs out of time; 0: never. */
static uint64_t expiry_ms(const struct session *session, const struct request_head *head)
{
    return head->deadline_ms > 0 ? session->connection->read_ms + head->deadline_ms : 0;
}

static void answer_expired(struct session *session, const struct request_head *head)
{
    struct error err;

    stats_add(&session->loop->stats, COUNTER_REQUESTS + (unsigned)head->kind, 1);
    error_set(&err, ST_DEADLINE_EXCEEDED, "%s before it was begun",
              status_text(ST_DEADLINE_EXCEEDED));
    session_answer_error(session, head->id, &err);
}

/* The batch in work, if the pool has not prepared it yet, expires like those
 * behind it, but its frame stays until it is prepared. Returns as look_through(). */
static uint64_t look_at_run(struct session *session, uint64_t now_ms)
{
    struct ingest_run *run = session->run;

    if (run == NULL || run->is_answered || run->is_begun || run->deadline_ms == 0)
        return 0;
    if (run->deadline_ms > now_ms)
        return run->deadline_ms;
    session_expire_run(session);
    return 0;
}

/* Takes out what is expired at now_ms (0: nothing is); the earliest expiry
 * among the rest, 0 if there is none. */
static uint64_t look_through(struct session *session, uint64_t now_ms)
{
    struct inbuf *in = &session->connection->in;
    size_t from = session->run != NULL ? session->run->frame_bytes : 0;
    size_t to = from;
    size_t len = inbuf_len(in);
    uint64_t earliest = look_at_run(session, now_ms);
    struct bytes_view payload;

    while (frame_peek(inbuf_bytes(in) + from, len - from, session->context->limits.max_frame,
                      &payload.data, &payload.len) == FRAME_WHOLE) {
        struct request_head head;
        struct error err;
        size_t frame_bytes = FRAME_HEADER_BYTES + payload.len;
        bool is_sound = request_peek(payload, &head, &err) == ST_OK;
        uint64_t expiry = is_sound ? expiry_ms(session, &head) : 0;
        if (expiry != 0 && expiry <= now_ms) {
            answer_expired(session, &head);
        } else {
            if (expiry != 0 && (earliest == 0 || expiry < earliest))
                earliest = expiry;
            inbuf_move(in, to, from, frame_bytes);
            to += frame_bytes;
        }
        from += frame_bytes;
    }
    inbuf_move(in, to, from, len - from);
    inbuf_shorten(in, to + len - from);
    return earliest;
}

void session_expire_waiting(struct session *session)
{
    uint64_t now_ms = uv_now(&session->loop->uv);

    if (session->earliest_ms == 0 || now_ms < session->earliest_ms)
        return;
    session->earliest_ms = look_through(session, now_ms);
    if (session->earliest_ms != 0)
        alarm_set(&session->loop->alarms, &session->alarm, session->earliest_ms);
}

void session_note_waiting(struct session *session, bool waits)
{
    if (waits == session->has_waiting)
        return;
    session->has_waiting = waits;
    session->earliest_ms = waits ? look_through(session, 0) : 0;
    if (session->earliest_ms != 0)
        alarm_set(&session->loop->alarms, &session->alarm, session->earliest_ms);
    else
        alarm_clear(&session->loop->alarms, &session->alarm);
}
