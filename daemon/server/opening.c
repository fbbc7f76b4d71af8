#include "daemon/server/opening.h"

#include <stdio.h>

#include "daemon/log.h"
#include "daemon/memory/budget.h"
#include "daemon/server/burial.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/server/memory_watch.h"
#include "daemon/store/keeper.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"

#define REPORT_MS 1000u
#define MIB ((double)(1 << 20))

/* ---- on a thread of the pool -------------------------------------------------- */

static void on_note(const struct recovery_note *note, void *arg)
{
    const char *message =
        note->finding == RECOVERY_CUT ? "cut off the end of a file" : "put a file aside";

    (void)arg;
    log_warn(message, "file", note->file, "offset", LOG_NUMBER(note->offset), "bytes",
             LOG_NUMBER(note->bytes), "why", note->why);
}

/* Fills the catalog from the store's directory. */
static enum status bring_back(struct opening *opening)
{
    struct server_context *context = opening->context;
    const struct recovery_options options = {
        .path = store_path(context->store),
        .threads = uv_available_parallelism(),
        .bury = burial_bury,
        .on_note = on_note,
        .progress = &opening->progress,
    };

    return recover(store_directory(context->store), context->catalog, &options, &opening->result,
                   &opening->err);
}

/* From the flusher: loops have answers that wait for it. */
static void on_store_change(void *arg)
{
    struct server_context *context = arg;

    for (unsigned i = 0; i < context->loop_count; i++)
        loop_poke(&context->loops[i]);
}

static void on_work(uv_work_t *work)
{
    struct opening *opening = work->data;
    struct server_context *context = opening->context;
    struct store *store = context->store;
    enum status status = bring_back(opening);

    store_listen(store, on_store_change, context);
    if (status == ST_OK)
        status = keeper_new(store, context->catalog, opening->result.snapshot_bytes,
                            &context->keeper, &opening->err);
    if (status == ST_OK)
        status = store_start(store, &opening->err);
    if (status == ST_OK)
        catalog_set_sink(context->catalog, store_sink(store));
    opening->outcome = status;
}

/* ---- on the loop -------------------------------------------------------------- */

static uint64_t took_ms(const struct opening *opening)
{
    return uv_now(opening->report.loop) - opening->begun_ms;
}

/* How far it has come, how fast, and how long it will take. */
static void on_report(uv_timer_t *timer)
{
    struct opening *opening = timer->data;
    double done = (double)atomic_load(&opening->progress.done_bytes);
    double total = (double)atomic_load(&opening->progress.total_bytes);
    double rate = done * 1000 / (double)took_ms(opening);
    char percent[16];
    char speed[32];
    char left[32] = "unknown";

    snprintf(percent, sizeof percent, "%.1f", total > 0 ? 100 * done / total : 0.0);
    snprintf(speed, sizeof speed, "%.1f", rate / MIB);
    if (rate > 0)
        snprintf(left, sizeof left, "%.0f", (total - done) / rate);
    log_info("reading what is on disk", "percent", percent, "mib_per_second", speed, "seconds_left",
             left);
}

static void log_result(const struct opening *opening)
{
    const struct recovery_result *result = &opening->result;

    log_info("read what is on disk", "tables", LOG_NUMBER(result->tables), "snapshot_keys",
             LOG_NUMBER(atomic_load(&opening->progress.rows)), "snapshot_bytes",
             LOG_NUMBER(result->snapshot_bytes), "journal_changes",
             LOG_NUMBER(atomic_load(&opening->progress.changes)), "journal_bytes",
             LOG_NUMBER(result->journal_bytes), "ms", LOG_NUMBER(took_ms(opening)));
}

/* What is on disk comes back whole whatever max_memory says: half of it would be no use. */
static void warn_of_memory(void)
{
    memory_watch_look();
    if (memory_held() > memory_max())
        log_warn("what was read takes more than max_memory: nothing that needs memory is taken "
                 "until something is deleted, or max_memory is more",
                 "held_bytes", LOG_NUMBER(memory_held()), "max_bytes", LOG_NUMBER(memory_max()));
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
    struct opening *opening = work->data;

    (void)rc; /* it is never cancelled */
    uv_update_time(work->loop);
    if (opening->outcome == ST_OK) {
        log_result(opening);
        warn_of_memory();
    }
    uv_close((uv_handle_t *)&opening->report, NULL);
    finish(opening);
}

void opening_start(struct opening *opening, uv_loop_t *loop, struct server_context *context,
                   void (*done)(struct opening *opening))
{
    *opening = (struct opening){ .context = context, .is_running = true, .done = done };
    opening->work.data = opening;
    if (context->store == NULL) {
        finish(opening);
        return;
    }
    uv_timer_init(loop, &opening->report);
    opening->report.data = opening;
    uv_update_time(loop);
    opening->begun_ms = uv_now(loop);
    uv_timer_start(&opening->report, on_report, REPORT_MS, REPORT_MS);
    uv_queue_work(loop, &opening->work, on_work, on_work_done);
}

void opening_wait(struct opening *opening, uv_loop_t *loop)
{
    atomic_store(&opening->progress.is_given_up, true);
    while (opening->is_running)
        uv_run(loop, UV_RUN_ONCE);
}
