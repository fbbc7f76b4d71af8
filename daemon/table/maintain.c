#include "daemon/table/table_impl.h"

/* The columns in these slots. */
static enum status find_columns(struct table *table, const struct slot_mask *slots,
                                struct column_set *columns)
{
    struct column_set all;
    enum status status = table_find_columns(table, NULL, 0, &all, NULL);
    if (status != ST_OK)
        return status;
    columns->count = 0;
    columns->schema_version = all.schema_version;
    for (uint32_t i = 0; i < all.count; i++) {
        if (!slot_mask_has(slots, all.slots[i]))
            continue;
        columns->ids[columns->count] = all.ids[i];
        columns->slots[columns->count++] = all.slots[i];
    }
    return ST_OK;
}

static enum status build_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    rollups_build_rows(table->rollups, stretch->shard, stretch->refs, stretch->count, arg);
    return ST_OK;
}

static enum status build_group(struct table *table, uint32_t group, const struct task *task)
{
    struct slot_mask slots;
    struct column_set columns;
    if (!rollups_build_begin(table->rollups, group, &slots))
        return ST_OK;
    enum status status = find_columns(table, &slots, &columns);
    if (status == ST_OK)
        status = table_walk_shards(table, group * GROUP_SHARDS, GROUP_SHARDS, &columns, task,
                                   HOLD_REBUILD, build_stretch, &columns);
    if (status != ST_OK)
        rollups_build_spoil(table->rollups, group);
    rollups_build_end(table->rollups, group);
    return status;
}

enum status table_maintain(struct table *table, const struct task *task)
{
    enum status status = ST_OK;
    if (!table_wants_maintenance(table))
        return ST_OK;
    pthread_mutex_lock(&table->rollups->build_lock);
    atomic_store(&table->rollups->has_stale, false);
    for (uint32_t group = 0; group < GROUP_COUNT && status == ST_OK; group++)
        status = build_group(table, group, task);
    if (status != ST_OK)
        atomic_store(&table->rollups->has_stale, true);
    pthread_mutex_unlock(&table->rollups->build_lock);
    return status;
}

bool table_wants_maintenance(struct table *table)
{
    return table->rollups != NULL && atomic_load(&table->rollups->has_stale);
}
