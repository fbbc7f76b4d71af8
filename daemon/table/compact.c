/* Moving what a table holds out of sparse memory, a stretch at a time. Rows stay
 * where they are; what they and the indices point to moves. */
#include "daemon/table/table_impl.h"

static enum status move_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    struct shard *shard = stretch->shard;
    (void)table;
    (void)arg;
    for (uint32_t i = 0; i < stretch->count; i++) {
        struct row *row = pool_at(&shard->rows, stretch->refs[i]);
        struct cell *cells = row_cells(row);
        unsigned count = row_cell_count(row);
        for (unsigned c = 0; c < count; c++)
            cell_move(&cells[c]);
    }
    return ST_OK;
}

enum status table_compact(struct table *table, const struct task *task)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    enum status status = ST_OK;
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard == NULL)
            continue;
        shard_lock(shard);
        index_move(&shard->index);
        order_move(&shard->order);
        shard_unlock(shard);
        status = task_check(task);
    }
    if (status == ST_OK)
        status = table_walk(table, &all, NULL, task, move_stretch, NULL);
    return status;
}
