/* Moving what a table holds out of sparse memory, a stretch at a time. Rows stay
 * where they are (pack.c moves them); what they and the indices point to moves. */
#include "daemon/table/table_impl.h"

#define INDEX_STEP 64u /* segments or leaves moved under one hold of the lock */

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

/* Moves what the indices have, some of it; whether there is more. */
static bool move_some(struct shard *shard, uint64_t *tag, uint32_t *leaf)
{
    if (*tag <= UINT32_MAX && index_move(&shard->index, tag, INDEX_STEP))
        return true;
    *tag = UINT64_MAX;
    return order_move(&shard->order, leaf, INDEX_STEP);
}

static enum status move_indices(struct shard *shard, const struct task *task)
{
    enum status status = ST_OK;
    uint64_t tag = 0;
    uint32_t leaf = 0;
    for (bool more = true; more && status == ST_OK;) {
        shard_lock_last(shard, HOLD_COMPACT);
        more = move_some(shard, &tag, &leaf);
        shard_unlock(shard);
        status = task_check(task);
    }
    return status;
}

enum status table_compact(struct table *table, const struct task *task)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    enum status status = ST_OK;
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard != NULL)
            status = move_indices(shard, task);
    }
    if (status == ST_OK)
        status = table_walk(table, &all, NULL, task, HOLD_COMPACT, move_stretch, NULL);
    return status;
}
