#include "daemon/server/opening.h"

#include "daemon/server/burial.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"

/* From the flusher: loops have answers that wait for it. */
static void on_store_change(void *arg)
{
    struct server_context *context = arg;

    for (unsigned i = 0; i < context->loop_count; i++)
        loop_poke(&context->loops[i]);
}

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct opening *opening = work->data;
    struct store *store = opening->context->store;

    store_listen(store, on_store_change, opening->context);
    opening->outcome = store_recover(store, opening->context->catalog, burial_bury,
                                     (unsigned)uv_available_parallelism(), &opening->err);
    if (opening->outcome == ST_OK)
        opening->outcome = store_keep(store, opening->context->catalog, &opening->err);
    if (opening->outcome == ST_OK)
        opening->outcome = store_start(store, &opening->err);
    if (opening->outcome == ST_OK)
        catalog_set_sink(opening->context->catalog, store_sink(store));
}

static void finish(struct opening *opening)
{
    opening->is_running = false;
    if (opening->outcome == ST_OK)
        atomic_store(&opening->context->is_ready, true);
    opening->done(opening);
}

static void on_work_done(uv_work_t *work, int rc)
{
    (void)rc; /* it is never cancelled */
    finish(work->data);
}

void opening_start(struct opening *opening, uv_loop_t *loop, struct server_context *context,
                   void (*done)(struct opening *opening))
{
    *opening = (struct opening){ .context = context, .is_running = true, .done = done };
    opening->work.data = opening;
    if (context->store == NULL)
        finish(opening);
    else
        uv_queue_work(loop, &opening->work, on_work, on_work_done);
}

void opening_wait(struct opening *opening, uv_loop_t *loop)
{
    while (opening->is_running)
        uv_run(loop, UV_RUN_ONCE);
}
