#include "daemon/server/upkeep.h"

#include "daemon/memory/heap.h"
#include "daemon/server/memory_watch.h"
#include "daemon/table/catalog.h"

#define PAUSE_MIN_MS 200u
#define SPARSE_BYTES ((uint64_t)1 << 20) /* not worth a look at every row */
#define SPARSE_SHARE 16u                 /* of what is in use, likewise */
#define PAUSE_FACTOR 9u                  /* of the time that the work took */

static enum status check(void *arg)
{
    const struct upkeep *upkeep = arg;

    return atomic_load_explicit(&upkeep->stopped, memory_order_relaxed) ? ST_CANCELLED : ST_OK;
}

/* Bytes of pages that neither hold blocks nor are free for others. */
static uint64_t sparse_bytes(void)
{
    uint64_t idle = heap_idle_bytes();
    uint64_t used = heap_used_bytes();
    uint64_t held = heap_held_bytes();

    return held > used + idle ? held - used - idle : 0;
}

/* Compacts where that is worth it: where more has become sparse than was left last
 * time, since not everything can be moved. */
static void compact(struct upkeep *upkeep, const struct task *task)
{
    uint64_t sparse = sparse_bytes();

    if (sparse < upkeep->sparse_bytes)
        upkeep->sparse_bytes = sparse;
    if (sparse < upkeep->sparse_bytes + SPARSE_BYTES + heap_used_bytes() / SPARSE_SHARE)
        return;
    if (heap_compact() > 0)
        catalog_compact(upkeep->catalog, task);
    upkeep->sparse_bytes = sparse_bytes();
}

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct upkeep *upkeep = work->data;
    const struct task task = { check, upkeep };
    uint64_t begun = uv_hrtime();

    catalog_maintain(upkeep->catalog, &task);
    catalog_pack(upkeep->catalog, &task);
    compact(upkeep, &task);
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
    upkeep->sparse_bytes = 0;
    atomic_init(&upkeep->stopped, false);
    rest(upkeep);
}

void upkeep_stop(struct upkeep *upkeep)
{
    atomic_store(&upkeep->stopped, true);
    uv_cancel((uv_req_t *)&upkeep->work); /* fails where it runs, or does not wait */
    uv_close((uv_handle_t *)&upkeep->timer, NULL);
}
