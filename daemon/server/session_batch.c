/* The batches of a session. */
#include "daemon/server/call.h"
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/held.h"
#include "daemon/server/ingest_run.h"
#include "daemon/server/loop.h"
#include "daemon/server/pressure.h"
#include "daemon/server/session_impl.h"

static struct ingest_run *take_spare(struct session *session)
{
    struct ingest_run *run = session->loop->spare_run;

    session->loop->spare_run = NULL;
    return run != NULL ? run : ingest_run_new(session->context);
}

static void keep_spare(struct session *session, struct ingest_run *run)
{
    if (session->loop->spare_run == NULL)
        session->loop->spare_run = run;
    else
        ingest_run_free(run);
}

/* The run is done, and with it its frame. */
static void end_run(struct session *session)
{
    struct ingest_run *run = session->run;

    inbuf_consume(&session->connection->in, run->frame_bytes);
    session->run = NULL;
    if (run->is_large) {
        ingest_queue_leave(session->loop, run);
    } else {
        ingest_run_end(run);
        keep_spare(session, run);
    }
}

static void count_refusal(struct session *session, enum status status)
{
    if (status == ST_TOO_LARGE)
        stats_add(&session->loop->stats, COUNTER_REFUSED_BATCH_VALUES, 1);
}

static void on_prepared(struct ingest_run *run)
{
    struct session *session = run->owner;

    connection_job_done(session->connection);
}

enum status session_begin_batch(struct session *session, const struct request_head *head,
                                size_t frame_bytes, uint64_t left_ms, struct error *err)
{
    struct loop *loop = session->loop;
    struct ingest_run *run = take_spare(session);
    enum status status = ST_OK;

    if (run == NULL)
        return error_nomem(err);
    run->id = head->id;
    run->frame_bytes = frame_bytes;
    run->is_begun = false;
    run->deadline_ms = left_ms > 0 ? uv_now(&loop->uv) + left_ms : 0;
    if (!ingest_queue_wants(head)) {
        status = ingest_run_begin(run, session->context, head, err);
        pace_note(&loop->batch_pace, head->body.len, turn_clock_look(&loop->clock));
    } else {
        session->connection->jobs++;
        ingest_queue_enter(loop, run, head, on_prepared, session);
    }
    if (status != ST_OK) {
        count_refusal(session, status);
        keep_spare(session, run);
        return status;
    }
    session->run = run;
    return ST_OK;
}

void session_expire_run(struct session *session)
{
    struct error err;

    session->run->is_answered = true;
    error_set(&err, ST_DEADLINE_EXCEEDED, "%s, nothing was applied",
              status_text(ST_DEADLINE_EXCEEDED));
    session_answer_error(session, session->run->id, &err);
}

/* May the batch that the pool has prepared be applied? Else says why not. */
static enum status check_prepared(struct session *session, struct error *err)
{
    const struct ingest_run *run = session->run;

    if (run->outcome != ST_OK) {
        *err = run->err;
        return run->outcome;
    }
    if (session->loop->phase >= LOOP_CANCELLING || !connection_is_open(session->connection))
        return error_set(err, ST_CANCELLED, "%s, nothing was applied", status_text(ST_CANCELLED));
    return ST_OK;
}

static void answer_applied(struct session *session)
{
    const struct ingest_run *run = session->run;
    struct reply_to to = session_reply_to(session, run->id);
    size_t from = to.out->len;
    const struct ingest_reply reply = {
        .rows = run->batch.row_count,
        .values = run->batch.value_count,
        .changes = run->cursor.changes,
    };
    struct error err;

    if (reply_ingest(&to, &reply, &err) != ST_OK)
        session_answer_error(session, run->id, &err);
    else if (run->is_durable)
        held_keep(session, run->id, to.out, from);
    stats_add(&session->loop->stats, COUNTER_VALUES, reply.values);
    stats_add(&session->loop->stats, COUNTER_CHANGES, reply.changes);
}

/* Looks at what the pool has prepared; false when there is nothing to apply. */
static bool begin_prepared(struct session *session)
{
    struct ingest_run *run = session->run;
    struct error err;

    if (run->deadline_ms != 0 && uv_now(&session->loop->uv) >= run->deadline_ms &&
        !run->is_answered)
        session_expire_run(session);
    enum status status = run->is_answered ? ST_DEADLINE_EXCEEDED : check_prepared(session, &err);
    if (status == ST_OK)
        return true;
    if (!run->is_answered) {
        count_refusal(session, status);
        session_answer_error(session, run->id, &err);
    }
    end_run(session);
    return false;
}

enum batch_progress session_advance_batch(struct session *session, struct turn_clock *clock)
{
    struct ingest_run *run = session->run;
    struct error err;
    bool done = false;

    if (run == NULL)
        return BATCH_DONE;
    if (run->is_large && !run->is_prepared)
        return BATCH_WAITING;
    if (run->is_large && !run->is_begun && !begin_prepared(session))
        return BATCH_DONE;
    run->is_begun = true;
    if (pressure_waits(session))
        return BATCH_WAITING;
    enum status status = ingest_run_step(run, clock, &session->loop->value_pace, &done, &err);
    if (status == ST_OK && !done)
        return BATCH_AGAIN;
    if (status == ST_OK)
        answer_applied(session);
    else
        session_answer_error(session, run->id, &err);
    end_run(session);
    return BATCH_DONE;
}
