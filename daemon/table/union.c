#include <stdlib.h>

#include "daemon/sketch/union_scratch.h"
#include "daemon/table/table_impl.h"

#define ROLLUP_KEYS_MIN 64u /* keys up to which a walk is as good */

/* A union under way. */
struct unite {
    struct column_set *columns;
    struct union_scratch **scratches; /* one a column */
    uint64_t keys;
};

static void unite_release(struct unite *unite)
{
    for (uint32_t i = 0; i < unite->columns->count; i++)
        union_scratch_free(unite->scratches[i]);
    free(unite->scratches);
}

static enum status unite_init(struct unite *unite, const struct table *table,
                              struct column_set *columns)
{
    unite->columns = columns;
    unite->keys = 0;
    unite->scratches = calloc(columns->count + 1u, sizeof(struct union_scratch *));
    if (unite->scratches == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < columns->count; i++) {
        unite->scratches[i] = union_scratch_new(&table->shape);
        if (unite->scratches[i] == NULL) {
            unite_release(unite);
            return ST_RESOURCE_EXHAUSTED;
        }
    }
    return ST_OK;
}

static enum status unite_row(const struct row *row, void *arg)
{
    struct unite *unite = arg;
    enum status status = ST_OK;
    unite->keys++;
    for (uint32_t i = 0; i < unite->columns->count && status == ST_OK; i++) {
        const struct cell *cell = row_cell(row, unite->columns->slots[i]);
        if (cell != NULL && cell->word != 0)
            status = union_scratch_add(unite->scratches[i], cell);
    }
    return status;
}

static enum status unite_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    (void)table;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < stretch->count && status == ST_OK; i++)
        status = unite_row(pool_at(&stretch->shard->rows, stretch->refs[i]), arg);
    return status;
}

static uint64_t count_keys(const struct table *table)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard != NULL)
            keys += shard_key_count(shard);
    }
    return keys;
}

/* Merges the rollups, and the rows where those are stale. */
static enum status unite_rollups(struct table *table, struct unite *unite, const struct task *task)
{
    enum status status = ST_OK;
    for (uint32_t group = 0; group < GROUP_COUNT && status == ST_OK; group++) {
        struct union_scratch *scratches[COLUMNS_MAX];
        struct column_set stale;
        uint32_t places[COLUMNS_MAX];
        status = rollups_unite(table->rollups, group, &table->schema, unite->columns,
                               unite->scratches, &stale, places);
        if (status == ST_OK)
            status = task_check(task);
        if (status != ST_OK || stale.count == 0)
            continue;
        for (uint32_t i = 0; i < stale.count; i++)
            scratches[i] = unite->scratches[places[i]];
        struct unite part = { &stale, scratches, 0 };
        status = table_walk_shards(table, group * GROUP_SHARDS, GROUP_SHARDS, &stale, task,
                                   unite_stretch, &part);
    }
    return status;
}

/* Few keys are read as fast as the rollups, and one alone keeps its own estimate. */
static enum status unite_selected(struct table *table, const struct selector *selector,
                                  struct unite *unite, const struct task *task)
{
    uint64_t keys = count_keys(table);
    if (selector->kind != SELECTOR_ALL || table->rollups == NULL || keys <= ROLLUP_KEYS_MIN)
        return table_select(table, selector, unite->columns, task, unite_row, unite);
    unite->keys = keys;
    return unite_rollups(table, unite, task);
}

enum status table_union(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task, struct estimate *out,
                        uint64_t *keys, struct error *err)
{
    struct unite unite;
    enum status status = unite_init(&unite, table, columns);
    if (status != ST_OK)
        return error_nomem(err);
    status = unite_selected(table, selector, &unite, task);
    if (status == ST_OK) {
        for (uint32_t i = 0; i < columns->count; i++)
            out[i] = union_scratch_estimate(unite.scratches[i]);
        *keys = unite.keys;
    }
    unite_release(&unite);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK : error_set(err, status, "union: %s", status_text((int)status));
}
