#include "daemon/server/ingest_queue.h"

#include "daemon/server/loop.h"

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct ingest_run *run = work->data;

    run->outcome = ingest_run_begin(run, run->loop->context, &run->request, &run->err);
}

static void on_work_done(uv_work_t *work, int rc)
{
    struct ingest_run *run = work->data;

    (void)rc; /* it is never cancelled */
    run->loop->jobs--;
    run->is_prepared = true;
    run->prepared(run);
}

static void begin_next(struct loop *loop)
{
    struct ingest_queue *queue = &loop->ingests;

    while (queue->first != NULL && queue->in_work < INGEST_QUEUE_RUNS) {
        struct ingest_run *run = queue->first;
        queue->first = run->next;
        if (queue->first == NULL)
            queue->last = NULL;
        queue->in_work++;
        uv_queue_work(&loop->uv, &run->work, on_work, on_work_done);
    }
}

void ingest_queue_enter(struct loop *loop, struct ingest_run *run,
                        const struct request_head *request,
                        void (*prepared)(struct ingest_run *run), void *owner)
{
    struct ingest_queue *queue = &loop->ingests;

    run->is_large = true;
    run->is_prepared = run->is_answered = false;
    run->work.data = run;
    run->loop = loop;
    run->request = *request;
    run->prepared = prepared;
    run->owner = owner;
    run->next = NULL;
    if (queue->last != NULL)
        queue->last->next = run;
    else
        queue->first = run;
    queue->last = run;
    loop->jobs++;
    begin_next(loop);
}

/* Giving back megabytes takes its time, too. */
static void on_bury(uv_work_t *work)
{
    struct ingest_run *run = work->data;

    ingest_run_end(run);
    arena_release(&run->arena);
}

static void on_buried(uv_work_t *work, int rc)
{
    struct ingest_run *run = work->data;

    (void)rc; /* it is never cancelled */
    run->loop->jobs--;
    ingest_run_free(run);
}

void ingest_queue_leave(struct loop *loop, struct ingest_run *run)
{
    loop->ingests.in_work--;
    begin_next(loop);
    loop->jobs++;
    uv_queue_work(&loop->uv, &run->work, on_bury, on_buried);
}
