/* Going over the rows that a selector of any kind means. */
#include "daemon/table/key_list.h"
#include "daemon/table/table_impl.h"

struct select {
    struct table *table;
    struct column_set *columns;
    enum hold_purpose purpose;
    rows_visit *visit;
    void *arg;
};

static enum status select_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    const struct select *select = arg;
    const struct row *rows[STRETCH_ROWS];
    (void)table;
    for (uint32_t i = 0; i < stretch->count; i++)
        rows[i] = pool_at(&stretch->shard->rows, stretch->refs[i]);
    return select->visit(rows, stretch->count, select->arg);
}

/* Listed keys of one shard that were looked up. */
struct found {
    const struct row *rows[STRETCH_ROWS];
    uint32_t count;
    size_t taken; /* keys, those that do not exist too */
};

/* Looks up as many of n keys as may be read under one hold, the memory of each on its
 * way while others are looked up. */
static void find_listed(const struct select *select, const struct shard *shard,
                        const struct placed_key *keys, size_t n, struct found *found)
{
    uint32_t cost_max = stretch_cost(select->purpose);
    found->count = 0;
    found->taken = 0;
    n = n < STRETCH_ROWS ? n : STRETCH_ROWS;
    for (size_t i = 0; i < n; i++) {
        shard_prefetch(shard, keys[i].hash);
        __builtin_prefetch(keys[i].key.data);
    }
    for (size_t i = 0; i < n; i++)
        (void)shard_guess(shard, keys[i].hash);
    for (uint32_t cost = 0; found->taken < n && cost < cost_max; found->taken++) {
        const struct row *row = shard_find(shard, &keys[found->taken]);
        if (row == NULL)
            continue;
        cost += row_cost(row, select->columns);
        found->rows[found->count++] = row;
    }
}

/* Visits the next listed keys of one shard under one hold of its lock; *taken is how
 * many those were. */
static enum status select_listed(const struct select *select, struct shard *shard,
                                 const struct placed_key *keys, size_t n, size_t *taken)
{
    struct found found;
    enum status status = ST_OK;
    shard_lock(shard, select->purpose);
    schema_refresh(&select->table->schema, select->columns);
    find_listed(select, shard, keys, n, &found);
    if (found.count > 0)
        status = select->visit(found.rows, found.count, select->arg);
    shard_unlock(shard);
    *taken = found.taken;
    return status;
}

static enum status select_list(const struct select *select, const struct selector *selector,
                               const struct task *task)
{
    struct shard_set *shards = &select->table->shards;
    struct key_list list;
    enum status status = key_list_init(&list, shards, selector);
    if (status != ST_OK)
        return status;
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(shards, i);
        if (shard == NULL)
            continue;
        const struct placed_key *keys;
        size_t n = key_list_of(&list, i, &keys);
        for (size_t first = 0, taken; first < n && status == ST_OK; first += taken) {
            status = select_listed(select, shard, keys + first, n - first, &taken);
            if (status == ST_OK)
                status = task_check(task);
        }
    }
    key_list_release(&list);
    return status;
}

enum status table_select(struct table *table, const struct selector *selector,
                         struct column_set *columns, const struct task *task,
                         enum hold_purpose purpose, rows_visit *visit, void *arg)
{
    struct select select = { table, columns, purpose, visit, arg };
    return selector->kind == SELECTOR_LIST
               ? select_list(&select, selector, task)
               : table_walk(table, selector, columns, task, purpose, select_stretch, &select);
}

enum status table_select_shards(struct table *table, uint32_t first, uint32_t count,
                                struct column_set *columns, const struct task *task,
                                enum hold_purpose purpose, rows_visit *visit, void *arg)
{
    struct select select = { table, columns, purpose, visit, arg };
    return table_walk_shards(table, first, count, columns, task, purpose, select_stretch, &select);
}
