#include "daemon/table/table_impl.h"

#define LIST_STRETCH 256u /* listed keys between two questions to the task */

static enum status delete_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    uint64_t *deleted = arg;
    struct shard *shard = stretch->shard;
    for (uint32_t i = 0; i < stretch->count; i++)
        table_remove_row(table, shard, stretch->refs[i]);
    shard_trim(shard);
    *deleted += stretch->count;
    return ST_OK;
}

static bool delete_key(struct table *table, struct bytes_view key)
{
    struct placed_key placed = { key, shard_set_hash(&table->shards, key) };
    struct shard *shard = shard_set_get(&table->shards, shard_number(placed.hash));
    if (shard == NULL)
        return false;
    shard_lock(shard, HOLD_DELETE);
    uint32_t ref = shard_find_ref(shard, &placed);
    if (ref != 0) {
        table_remove_row(table, shard, ref);
        shard_trim(shard);
    }
    shard_unlock(shard);
    return ref != 0;
}

static enum status delete_list(struct table *table, const struct selector *selector,
                               const struct task *task, uint64_t *deleted)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < selector->list_count && status == ST_OK; i++) {
        if (i > 0 && i % LIST_STRETCH == 0)
            status = task_check(task);
        if (status == ST_OK && delete_key(table, selector->list[i]))
            (*deleted)++;
    }
    return status;
}

enum status table_delete(struct table *table, const struct selector *selector,
                         const struct task *task, uint64_t *deleted, struct error *err)
{
    *deleted = 0;
    enum status status =
        selector->kind == SELECTOR_LIST
            ? delete_list(table, selector, task, deleted)
            : table_walk(table, selector, NULL, task, HOLD_DELETE, delete_stretch, deleted);
    if (status == ST_OK)
        return ST_OK;
    return error_set(err, status, "delete: %s", status_text((int)status));
}
