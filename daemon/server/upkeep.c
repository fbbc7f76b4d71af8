#include "daemon/server/upkeep.h"

#include "daemon/server/memory_watch.h"
#include "daemon/table/catalog.h"

#define PAUSE_MIN_MS 200u
#define PAUSE_FACTOR 9u /* of the time that the work took */

static enum status check(void *arg)
{
    const struct upkeep *upkeep = arg;

    return atomic_load_explicit(&upkeep->stopped, memory_order_relaxed) ? ST_CANCELLED : ST_OK;
}

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct upkeep *upkeep = work->data;
    const struct task task = { check, upkeep };
    uint64_t begun = uv_hrtime();

    catalog_maintain(upkeep->catalog, &task);
    memory_watch_look();
    upkeep->took_ns = uv_hrtime() - begun;
}

static void on_work_done(uv_work_t *work, int rc);

static void on_timer(uv_timer_t *timer)
{
    struct upkeep *upkeep = timer->data;

    uv_queue_work(timer->loop, &upkeep->work, on_work, on_work_done);
}

static void rest(struct upkeep *upkeep)
{
    uint64_t pause_ms = PAUSE_FACTOR * upkeep->took_ns / 1000000u;

    uv_timer_start(&upkeep->timer, on_timer, pause_ms < PAUSE_MIN_MS ? PAUSE_MIN_MS : pause_ms, 0);
}

static void on_work_done(uv_work_t *work, int rc)
{
    struct upkeep *upkeep = work->data;

    (void)rc;
    if (!atomic_load(&upkeep->stopped))
        rest(upkeep);
}

void upkeep_start(struct upkeep *upkeep, uv_loop_t *loop, struct catalog *catalog)
{
    uv_timer_init(loop, &upkeep->timer);
    upkeep->timer.data = upkeep->work.data = upkeep;
    upkeep->catalog = catalog;
    upkeep->took_ns = 0;
    atomic_init(&upkeep->stopped, false);
    rest(upkeep);
}

void upkeep_stop(struct upkeep *upkeep)
{
    atomic_store(&upkeep->stopped, true);
    uv_cancel((uv_req_t *)&upkeep->work); /* fails where it runs, or does not wait */
    uv_close((uv_handle_t *)&upkeep->timer, NULL);
}
