/* The long requests of a session. */
#include "daemon/server/connection.h"
#include "daemon/server/held.h"
#include "daemon/server/job.h"
#include "daemon/server/loop.h"
#include "daemon/server/session_impl.h"

static void on_job_done(struct job *job)
{
    struct session *session = job->owner;

    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        session->jobs = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    order_end(&session->order, job->call.head.kind);
    if (job->outcome != ST_OK)
        session_count_error(session, job->outcome);
    if (job->outcome == ST_OK && job->call.is_durable)
        held_keep(session, job->call.head.id, &job->out, 0);
    else if (job->out.len == 0)
        connection_abort(session->connection);
    else
        connection_send(session->connection, &job->out);
    connection_job_done(session->connection);
}

enum status session_begin_job(struct session *session, const struct request_head *head,
                              uint64_t left_ms, struct error *err)
{
    struct job *job;
    enum status status = job_start(session->loop, head, left_ms, on_job_done, session, &job, err);

    if (status != ST_OK)
        return status;
    job->next = session->jobs;
    if (job->next != NULL)
        job->next->prev = job;
    session->jobs = job;
    session->connection->jobs++;
    order_begin(&session->order, head->kind);
    return ST_OK;
}

void session_stop_jobs(struct session *session)
{
    for (struct job *job = session->jobs; job != NULL; job = job->next)
        job_stop(job, ST_CANCELLED);
}
