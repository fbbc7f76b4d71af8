#include "daemon/server/job.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/server/context.h"
#include "daemon/server/loop.h"

#define ARENA_FIRST_BYTES ((size_t)4 << 10)
#define JOB_BASE_BYTES ((size_t)16 << 10) /* what a job takes besides its request */

static enum status check(void *arg)
{
    const struct job *job = arg;

    return (enum status)atomic_load_explicit(&job->stop, memory_order_relaxed);
}

static void answer_stopped(struct job *job, enum status why)
{
    struct error err;

    error_set(&err, why, "%s before it was begun", status_text((int)why));
    job->outcome = why;
    call_answer_error(&job->out, job->call.head.id, &err);
}

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct job *job = work->data;
    struct error err;
    enum status stop = check(job);

    if (stop != ST_OK) {
        answer_stopped(job, stop);
        return;
    }
    job->outcome = call_handle(&job->call, &err);
    if (job->outcome != ST_OK)
        call_answer_error(&job->out, job->call.head.id, &err);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct job *job = timer->data;

    budget_give(&job->loop->context->job_bytes, job->budget_bytes);
    arena_release(&job->arena);
    outbuf_release(&job->out);
    free(job);
}

static void on_work_done(uv_work_t *work, int rc)
{
    struct job *job = work->data;

    if (rc == UV_ECANCELED)
        answer_stopped(job, check(job));
    job->loop->jobs--;
    job->done(job);
    uv_close((uv_handle_t *)&job->deadline, on_timer_closed);
}

void job_stop(struct job *job, enum status why)
{
    int running = ST_OK;

    if (atomic_compare_exchange_strong(&job->stop, &running, (int)why))
        uv_cancel((uv_req_t *)&job->work); /* fails where it already runs */
}

static void on_deadline(uv_timer_t *timer)
{
    job_stop(timer->data, ST_DEADLINE_EXCEEDED);
}

static void fill_in(struct job *job, struct loop *loop, const struct request_head *head)
{
    struct server_context *context = loop->context;

    memset(job, 0, sizeof *job);
    if (head->body.len > 0)
        memcpy(job->body, head->body.data, head->body.len);
    arena_init(&job->arena, ARENA_FIRST_BYTES,
               DECODE_ARENA_BYTES(context->limits.max_frame, context->decode_limits.max_keys));
    outbuf_init(&job->out);
    atomic_init(&job->stop, ST_OK);
    job->loop = loop;
    job->work.data = job->deadline.data = job;
    job->call = (struct call){
        .context = context,
        .head = *head,
        .arena = &job->arena,
        .to = { .out = &job->out, .id = head->id, .max_frame = context->limits.max_frame },
        .task = { .check = check, .arg = job },
    };
    job->call.head.body.data = job->body;
}

enum status job_start(struct loop *loop, const struct request_head *head, uint64_t time_ms,
                      void (*done)(struct job *job), void *owner, struct job **out,
                      struct error *err)
{
    struct budget *budget = &loop->context->job_bytes;
    uint64_t bytes =
        JOB_BASE_BYTES + 3 * (uint64_t)head->body.len; /* frame and what it unpacks to */

    if (!budget_take(budget, bytes)) {
        stats_add(&loop->stats, COUNTER_REFUSED_JOB_BYTES, 1);
        return error_set(err, ST_RESOURCE_EXHAUSTED,
                         "too many long requests at one time (max_job_bytes)");
    }
    struct job *job = malloc(sizeof *job + head->body.len);
    if (job == NULL) {
        budget_give(budget, bytes);
        return error_nomem(err);
    }
    fill_in(job, loop, head);
    job->budget_bytes = bytes;
    job->done = done;
    job->owner = owner;
    uv_timer_init(&loop->uv, &job->deadline);
    if (time_ms > 0)
        uv_timer_start(&job->deadline, on_deadline, time_ms, 0);
    uv_queue_work(&loop->uv, &job->work, on_work, on_work_done);
    loop->jobs++;
    *out = job;
    return ST_OK;
}
