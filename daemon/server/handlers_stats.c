/* Requests about the server itself. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "daemon/memory/budget.h"
#include "daemon/memory/heap.h"
#include "daemon/server/call.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "daemon/table/holds.h"
#include "daemon/wire/decode.h"

#define FIGURES_MAX (COUNTER_COUNT + 128u + HOLD_PURPOSES * (HOLD_BOUNDS + 2u))

enum status handle_ping(struct call *call, struct error *err)
{
    enum status status = decode_empty(call->head.body, err);

    return status == ST_OK ? reply_ping(&call->to, err) : status;
}

/* The answer being put together. */
struct figures {
    char names[FIGURES_MAX][STATS_NAME_MAX];
    struct stat_reply stats[FIGURES_MAX];
    size_t count;
};

static void add(struct figures *figures, const char *name, uint64_t value)
{
    char *kept = figures->names[figures->count];

    assert(figures->count < FIGURES_MAX);
    snprintf(kept, STATS_NAME_MAX, "%s", name);
    figures->stats[figures->count++] = (struct stat_reply){ .name = kept, .value = value };
}

static void add_process(struct figures *figures, const struct server_context *context)
{
    struct process_usage usage;

    stats_process_usage(&usage);
    add(figures, "uptime_ms", (uv_hrtime() - context->started_ns) / 1000000u);
    add(figures, "resident_bytes", usage.resident_bytes);
    add(figures, "cpu_user_ns", usage.cpu_user_ns);
    add(figures, "cpu_system_ns", usage.cpu_system_ns);
    add(figures, "loops", context->loop_count);
    add(figures, "ready", atomic_load(&context->is_ready));
}

static void add_connections(struct figures *figures, const struct server_context *context)
{
    uint64_t open = 0;

    for (unsigned i = 0; i < context->loop_count; i++)
        open += loop_served(&context->loops[i]);
    add(figures, "connections", open);
    add(figures, "partial_bytes", budget_used(&context->partial_bytes));
    add(figures, "unsent_bytes", budget_used(&context->unsent_bytes));
    add(figures, "job_bytes", budget_used(&context->job_bytes));
}

static void add_counters(struct figures *figures, const struct server_context *context)
{
    for (unsigned counter = 0; counter < COUNTER_COUNT; counter++) {
        char name[STATS_NAME_MAX];
        uint64_t sum = stats_read(&context->acceptor_stats, counter);
        if (counter == COUNTER_ERRORS + ST_OK)
            continue;
        for (unsigned i = 0; i < context->loop_count; i++)
            sum += stats_read(&context->loops[i].stats, counter);
        stats_counter_name(counter, name);
        add(figures, name, sum);
    }
    add(figures, "refused.max_tables", catalog_refusals(context->catalog));
    add(figures, "refused.max_memory", memory_refusals());
}

static void add_delay(struct figures *figures, const char *name, const struct delay_sum *sum)
{
    char full[STATS_NAME_MAX];

    for (unsigned i = 0; i < DELAY_BOUNDS; i++) {
        snprintf(full, sizeof full, "%s.le_%" PRIu32, name, delay_bounds_us[i]);
        add(figures, full, sum->at_most[i]);
    }
    snprintf(full, sizeof full, "%s.all", name);
    add(figures, full, sum->all);
    snprintf(full, sizeof full, "%s.max", name);
    add(figures, full, sum->max_ns / 1000);
}

static void add_delays(struct figures *figures, const struct server_context *context)
{
    struct delay_sum turns = { .all = 0 };
    struct delay_sum work = { .all = 0 };
    struct delay_sum rounds = { .all = 0 };

    for (unsigned i = 0; i < context->loop_count; i++) {
        delay_add_to(&context->loops[i].turn_time, &turns);
        delay_add_to(&context->loops[i].work_time, &work);
        delay_add_to(&context->loops[i].round_time, &rounds);
    }
    add_delay(figures, "turn_us", &turns);
    add_delay(figures, "work_us", &work);
    add_delay(figures, "loop_delay_us", &rounds);
}

/* One histogram of how long shards were held. */
static void add_hold_times(struct figures *figures, enum hold_purpose purpose,
                           const struct hold_times *times)
{
    const char *name = hold_purpose_name(purpose);
    char full[STATS_NAME_MAX];

    for (unsigned i = 0; i < HOLD_BOUNDS; i++) {
        snprintf(full, sizeof full, "hold_us.%s.le_%" PRIu32, name, hold_bounds_us[i]);
        add(figures, full, times->at_most[i]);
    }
    snprintf(full, sizeof full, "hold_us.%s.all", name);
    add(figures, full, times->all);
    snprintf(full, sizeof full, "hold_us.%s.max", name);
    add(figures, full, times->max_ns / 1000);
}

static void add_holds(struct figures *figures)
{
    struct hold_figures holds;

    holds_read(&holds);
    add(figures, "shard_waits", holds.waits);
    add(figures, "shard_waits.us", holds.wait_ns / 1000);
    add(figures, "shard_waits.max_us", holds.wait_max_ns / 1000);
    for (unsigned purpose = 0; purpose < HOLD_PURPOSES; purpose++)
        add_hold_times(figures, (enum hold_purpose)purpose, &holds.of[purpose]);
}

static void add_tables(struct figures *figures, const struct server_context *context)
{
    struct table_usage usage;
    char name[STATS_NAME_MAX];

    memset(&usage, 0, sizeof usage);
    catalog_usage(context->catalog, &usage);
    add(figures, "tables", catalog_count(context->catalog));
    add(figures, "keys", usage.keys);
    for (int state = CELL_EMPTY + 1; state < CELL_STATE_COUNT; state++) {
        snprintf(name, sizeof name, "cells.%s", cell_state_name((enum cell_state)state));
        add(figures, name, usage.cells[state]);
        snprintf(name, sizeof name, "bytes.%s", cell_state_name((enum cell_state)state));
        add(figures, name, usage.cell_bytes[state]);
    }
    add(figures, "bytes.rows", usage.row_bytes);
    add(figures, "bytes.index", usage.index_bytes);
    add(figures, "bytes.rollups", usage.rollup_bytes);
    add(figures, "memory.max", memory_max());
    add(figures, "memory.held", memory_held());
    add(figures, "memory.reserved", memory_reserved());
    add(figures, "heap.held", heap_held_bytes());
    add(figures, "heap.idle", heap_idle_bytes());
    add(figures, "heap.used", heap_used_bytes());
}

static void add_journal(struct figures *figures, const struct store *store)
{
    struct store_figures journal;

    if (store == NULL)
        return;
    store_read_figures(store, &journal);
    add(figures, "journal.segment", journal.segment);
    add(figures, "journal.bytes", journal.journal_bytes);
    add(figures, "journal.buffered_bytes", journal.buffered_bytes);
    add(figures, "journal.written_bytes", journal.written_bytes);
    add(figures, "journal.lost_bytes", journal.lost_bytes);
    add(figures, "journal.blocks", journal.blocks);
    add(figures, "journal.syncs", journal.syncs);
    add(figures, "journal.sync_us", journal.sync_ns / 1000);
    add(figures, "journal.waits", journal.tickets);
    add(figures, "journal.group_max", journal.group_max);
    add(figures, "journal.errors", journal.errors);
    add(figures, "journal.degraded", journal.is_degraded);
    add(figures, "journal.behind", journal.is_behind);
}

enum status handle_stats(struct call *call, struct error *err)
{
    struct figures figures = { .count = 0 };
    enum status status = decode_empty(call->head.body, err);

    if (status != ST_OK)
        return status;
    if (call->is_on_loop && catalog_count(call->context->catalog) > CALL_LOOP_TABLES_MAX) {
        call->is_deferred = true;
        return ST_OK;
    }
    add_process(&figures, call->context);
    add_connections(&figures, call->context);
    add_counters(&figures, call->context);
    add_delays(&figures, call->context);
    add_holds(&figures);
    add_tables(&figures, call->context);
    add_journal(&figures, call->context->store);
    return reply_stats(&call->to, CARDINAL_VERSION, figures.stats, figures.count, err);
}
