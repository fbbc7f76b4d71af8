#include <stdlib.h>

#include "daemon/sketch/union_scratch.h"
#include "daemon/table/key_list.h"
#include "daemon/table/table_impl.h"

#define STRETCH_CELLS 256u /* cells merged under one hold of the lock */

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

static enum status unite_row(struct unite *unite, const struct row *row)
{
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
        status = unite_row(arg, pool_at(&stretch->shard->rows, stretch->refs[i]));
    return status;
}

/* Merges listed keys of one shard under one hold of its lock. */
static enum status unite_listed(struct table *table, struct unite *unite, struct shard *shard,
                                const struct key_list *list, const struct listed_key *keys,
                                size_t n)
{
    enum status status = ST_OK;
    shard_lock(shard);
    schema_refresh(&table->schema, unite->columns);
    for (size_t i = 0; i < n; i++)
        shard_prefetch(shard, keys[i].hash);
    for (size_t i = 0; i < n; i++)
        shard_guess(shard, keys[i].hash);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct placed_key placed = { list->list[keys[i].at], keys[i].hash };
        const struct row *row = shard_find(shard, &placed);
        if (row != NULL)
            status = unite_row(unite, row);
    }
    shard_unlock(shard);
    return status;
}

static enum status unite_list(struct table *table, const struct selector *selector,
                              struct unite *unite, const struct task *task)
{
    struct key_list list;
    enum status status = key_list_init(&list, &table->shards, selector);
    if (status != ST_OK)
        return status;
    size_t columns = unite->columns->count;
    size_t step = columns == 0 ? STRETCH_CELLS : STRETCH_CELLS / columns;
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard == NULL)
            continue;
        struct listed_key *keys;
        size_t n = key_list_of(&list, i, &keys);
        for (size_t first = 0; first < n && status == ST_OK; first += step) {
            size_t count = n - first < step ? n - first : step;
            status = unite_listed(table, unite, shard, &list, keys + first, count);
            if (status == ST_OK)
                status = task_check(task);
        }
    }
    key_list_release(&list);
    return status;
}

enum status table_union(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task, struct estimate *out,
                        uint64_t *keys, struct error *err)
{
    struct unite unite;
    enum status status = unite_init(&unite, table, columns);
    if (status != ST_OK)
        return error_nomem(err);
    status = selector->kind == SELECTOR_LIST
                 ? unite_list(table, selector, &unite, task)
                 : table_walk(table, selector, columns, task, unite_stretch, &unite);
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
