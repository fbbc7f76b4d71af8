/* Cells that leave a table and come into it whole. */
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"

/* An export under way. */
struct transfer {
    struct table *table;
    struct column_set *columns; /* one */
    table_export_visit *visit;
    void *arg;
    enum status status; /* of the copying */
};

/* Copies the key's cell into *out, an empty cell; *found: is there such a key? */
static enum status copy_cell(struct table *table, struct bytes_view key, struct column_set *columns,
                             struct cell *out, bool *found)
{
    struct placed_key placed = { key, shard_set_hash(&table->shards, key) };
    struct shard *shard = shard_set_get(&table->shards, shard_number(placed.hash));
    enum status status = ST_OK;
    *found = false;
    if (shard == NULL)
        return ST_OK;
    shard_lock(shard, HOLD_QUERY);
    schema_refresh(&table->schema, columns);
    const struct row *row = shard_find(shard, &placed);
    const struct cell *cell = row == NULL ? NULL : row_cell(row, columns->slots[0]);
    *found = row != NULL;
    if (cell != NULL)
        status = cell_merge(out, cell, &table->shape);
    shard_unlock(shard);
    return status;
}

/* Hands over one key's cell; false ends the page before it. *found: is there such
 * a key? If not it is handed over, empty, only where that is told to be done. */
static bool export_key(struct transfer *transfer, struct bytes_view key, bool if_missing,
                       bool *found)
{
    struct cell copy = { 0 };
    transfer->status = copy_cell(transfer->table, key, transfer->columns, &copy, found);
    bool goes_on = transfer->status == ST_OK;
    if (goes_on && (*found || if_missing))
        goes_on = transfer->visit(key, &copy, transfer->arg);
    cell_release(&copy);
    return goes_on;
}

/* A key that goes away between the scan and the look at it counts as one without
 * values, so that each page moves on. */
static bool export_scanned(struct bytes_view key, const struct estimate *none, void *arg)
{
    bool found;
    (void)none;
    return export_key(arg, key, true, &found);
}

static int compare_views(const void *a, const void *b)
{
    return key_compare(*(const struct bytes_view *)a, *(const struct bytes_view *)b);
}

static enum status export_list(struct transfer *transfer, const struct selector *selector,
                               const struct bytes_view *after, size_t limit,
                               const struct task *task, bool *more)
{
    struct bytes_view *keys = malloc((selector->list_count + 1) * sizeof *keys);
    enum status status = ST_OK;
    size_t visited = 0;
    if (keys == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < selector->list_count; i++)
        keys[i] = selector->list[i];
    qsort(keys, selector->list_count, sizeof *keys, compare_views);
    *more = false;
    for (size_t i = 0; i < selector->list_count && status == ST_OK && !*more; i++) {
        bool is_repeat = i > 0 && key_compare(keys[i - 1], keys[i]) == 0;
        if (is_repeat || (after != NULL && key_compare(keys[i], *after) <= 0))
            continue;
        bool found = false;
        *more = visited == limit || !export_key(transfer, keys[i], false, &found);
        visited += found;
        status = transfer->status == ST_OK ? task_check(task) : transfer->status;
    }
    free(keys);
    return status;
}

enum status table_export(struct table *table, const struct selector *selector,
                         const struct bytes_view *after, size_t limit, struct column_set *columns,
                         const struct task *task, table_export_visit *visit, void *arg, bool *more,
                         struct error *err)
{
    struct transfer transfer = { table, columns, visit, arg, ST_OK };
    struct column_set keys_alone = { .count = 0, .schema_version = columns->schema_version };
    enum status status;
    if (selector->kind == SELECTOR_LIST) {
        status = export_list(&transfer, selector, after, limit, task, more);
    } else {
        status = table_scan(table, selector, after, limit, &keys_alone, task, export_scanned,
                            &transfer, more, NULL);
        if (status == ST_OK)
            status = transfer.status;
    }
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK : error_set(err, status, "export: %s", status_text((int)status));
}

static enum status import_locked(struct table *table, struct shard *shard,
                                 const struct placed_key *placed, const struct column_set *columns,
                                 const struct cell *cell, bool *changed)
{
    struct slot_mask slots = { { 0 } };
    slot_mask_set(&slots, columns->slots[0]);
    uint32_t ref = table_place_row(table, shard, placed, &slots);
    if (ref == 0)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = table_merge_cell(table, shard, ref, columns, 0, cell, changed);
    if (status != ST_OK && shard_row_is_empty(pool_at(&shard->rows, ref)))
        table_remove_row(table, shard, ref);
    return status;
}

enum status table_import(struct table *table, struct bytes_view key, struct column_set *columns,
                         const struct cell *cell, bool *changed, struct error *err)
{
    struct placed_key placed = { key, shard_set_hash(&table->shards, key) };
    enum status status = ST_OK;
    *changed = false;
    if (cell->word == 0)
        return ST_OK;
    struct shard *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    if (shard == NULL)
        return error_nomem(err);
    shard_lock(shard, HOLD_MERGE);
    schema_refresh(&table->schema, columns);
    if (columns->slots[0] != SLOT_NONE)
        status = import_locked(table, shard, &placed, columns, cell, changed);
    shard_unlock(shard);
    return status == ST_OK ? ST_OK : error_nomem(err);
}

bool table_make_shard(struct table *table, struct bytes_view key)
{
    uint64_t hash = shard_set_hash(&table->shards, key);
    return shard_set_make(&table->shards, shard_number(hash)) != NULL;
}
