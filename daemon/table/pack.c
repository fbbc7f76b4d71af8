/* Moving together what deletes left sparse: rows out of chunks that are hardly
 * used, and neighbours in the indices into one. Some under each hold of a shard's
 * lock. */
#include "daemon/table/table_impl.h"
#include "daemon/table/tell.h"

#define CHUNKS_LOOKED 16u /* under one hold of the lock, for one to leave */
#define ROWS_MOVED 128u   /* likewise */
#define SEGMENTS_LOOKED 32u
#define LEAVES_LOOKED 32u

/* Where the packing of a shard is. */
struct packing {
    struct table *table;
    struct shard *shard;
    uint32_t chunk; /* to be looked at next */
    uint64_t tag;   /* likewise, in the index */
    uint32_t leaf;  /* likewise, in the order */
    bool rows_done;
    bool index_done;
};

static size_t size_of_row(const void *block)
{
    return row_bytes(block);
}

static bool move_row(struct table *table, struct shard *shard, uint32_t was)
{
    uint64_t hash = shard_set_hash(&table->shards, row_key(pool_at(&shard->rows, was)));
    uint32_t ref = shard_move(shard, was, hash);
    if (ref != 0)
        tell_row_moved(table, shard, ref, was);
    return ref != 0;
}

/* Moves some rows; whether there may be more. */
static bool pack_rows(struct packing *packing)
{
    struct pool *pool = &packing->shard->rows;
    if (pool->leaving == POOL_NO_CHUNK) {
        /* With less free than a chunk, leaving one would take another. */
        if (pool->free_units < POOL_CHUNK_UNITS)
            return false;
        if (!pool_leave(pool, &packing->chunk, CHUNKS_LOOKED, size_of_row))
            return packing->chunk < pool->chunk_count;
    }
    for (uint32_t n = 0; n < ROWS_MOVED; n++) {
        uint32_t ref = pool_leave_next(pool, size_of_row);
        if (ref == 0)
            return true;
        if (!move_row(packing->table, packing->shard, ref)) {
            pool_stay(pool, size_of_row);
            return false;
        }
    }
    return true;
}

/* What is done under one hold of the lock; whether there is more to do. */
static bool pack_some(struct packing *packing)
{
    struct shard *shard = packing->shard;
    if (!packing->rows_done) {
        packing->rows_done = !pack_rows(packing);
        return true;
    }
    if (!packing->index_done) {
        packing->index_done = !index_join(&shard->index, &packing->tag, SEGMENTS_LOOKED);
        return true;
    }
    return order_join(&shard->order, &shard->rows, &packing->leaf, LEAVES_LOOKED);
}

static enum status pack_shard(struct table *table, struct shard *shard, const struct task *task)
{
    struct packing packing = { .table = table, .shard = shard };
    enum status status = ST_OK;
    shard_lock(shard, HOLD_COMPACT);
    bool more = pool_is_sparse(&shard->rows);
    while (more && status == ST_OK) {
        more = pack_some(&packing);
        shard_unlock(shard);
        status = task_check(task);
        shard_lock(shard, HOLD_COMPACT);
    }
    if (shard->rows.leaving != POOL_NO_CHUNK)
        pool_stay(&shard->rows, size_of_row);
    shard_unlock(shard);
    return status;
}

enum status table_pack(struct table *table, const struct task *task)
{
    enum status status = ST_OK;
    if (!table_wants_packing(table))
        return ST_OK;
    atomic_store(&table->is_sparse, false);
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard != NULL)
            status = pack_shard(table, shard, task);
    }
    if (status != ST_OK)
        atomic_store(&table->is_sparse, true);
    return status;
}

bool table_wants_packing(struct table *table)
{
    return atomic_load(&table->is_sparse);
}

void table_note_sparse(struct table *table, const struct shard *shard)
{
    if (pool_is_sparse(&shard->rows) &&
        !atomic_load_explicit(&table->is_sparse, memory_order_relaxed))
        atomic_store(&table->is_sparse, true);
}
