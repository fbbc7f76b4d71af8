#include "daemon/server/ingest_run.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/server/context.h"
#include "daemon/server/durable.h"
#include "daemon/server/pace.h"
#include "daemon/server/turn_clock.h"
#include "daemon/table/catalog.h"

#define ARENA_FIRST_BYTES ((size_t)128 << 10)
#define STEP_VALUES_MIN 32u /* applied between two looks at the clock */

struct ingest_run *ingest_run_new(const struct server_context *context)
{
    struct ingest_run *run = calloc(1, sizeof *run);

    if (run != NULL)
        arena_init(&run->arena, ARENA_FIRST_BYTES,
                   INGEST_ARENA_BYTES(context->limits.max_batch_values));
    return run;
}

void ingest_run_free(struct ingest_run *run)
{
    if (run == NULL)
        return;
    arena_release(&run->arena);
    free(run);
}

static enum status check_table_id(const struct ingest_head *head, const struct table *table,
                                  struct error *err)
{
    char name[NAME_MAX_BYTES + 1];

    if (head->table_id == 0 || head->table_id == table_id(table))
        return ST_OK;
    return error_set(err, ST_FAILED_PRECONDITION,
                     "table '%s' is another by now: its id is %" PRIu64
                     ", the batch is for id %" PRIu64,
                     error_quote(name, sizeof name, head->table.data, head->table.len),
                     table_id(table), head->table_id);
}

static enum status begin(struct ingest_run *run, const struct server_context *context,
                         const struct request_head *head, struct error *err)
{
    uint32_t max_values = (uint32_t)context->limits.max_batch_values;
    enum status status = ingest_head(head->body, max_values, &run->arena, &run->head, err);

    if (status == ST_OK)
        status = catalog_find(context->catalog, run->head.table, &run->table, err);
    if (status == ST_OK)
        status = check_table_id(&run->head, run->table, err);
    if (status == ST_OK)
        status = durable_check(context, run->table, run->head.ack, &run->is_durable, err);
    if (status == ST_OK)
        status = table_find_columns(run->table, run->head.columns, run->head.column_count,
                                    &run->columns, err);
    if (status == ST_OK)
        status = ingest_decode(&run->head, table_hasher(run->table), max_values, &run->arena,
                               &run->batch, err);
    return status;
}

enum status ingest_run_begin(struct ingest_run *run, const struct server_context *context,
                             const struct request_head *head, struct error *err)
{
    run->table = NULL;
    memset(&run->cursor, 0, sizeof run->cursor);
    enum status status = begin(run, context, head, err);
    if (status != ST_OK) {
        ingest_run_end(run);
        return status;
    }
    table_place(run->table, &run->batch, &run->cursor);
    return ST_OK;
}

/* Half of the time left is what a step is to take, so that a pace that changes
 * within one does not end it late. */
enum status ingest_run_step(struct ingest_run *run, struct turn_clock *clock, struct pace *pace,
                            bool *done, struct error *err)
{
    enum status status = ST_OK;

    if (!run->is_admitted)
        status = table_admit(run->table, &run->batch, &run->columns, &run->cursor, err);
    if (status != ST_OK)
        return status;
    run->is_admitted = true;
    do {
        uint32_t n = pace_fit(pace, turn_clock_left(clock) / 2, STEP_VALUES_MIN, TABLE_LOCK_VALUES);
        uint64_t left = run->batch.value_count - run->cursor.values;
        if (n > left)
            n = (uint32_t)left;
        status = table_apply(run->table, &run->batch, &run->columns, &run->cursor, n, done);
        pace_note(pace, n, turn_clock_look(clock));
    } while (status == ST_OK && !*done && turn_clock_left(clock) > 0);
    assert(status == ST_OK);
    return status;
}

void ingest_run_end(struct ingest_run *run)
{
    if (run->table != NULL)
        table_release(run->table, &run->cursor);
    run->is_admitted = false;
    table_unref(run->table);
    run->table = NULL;
    arena_reset(&run->arena);
}
