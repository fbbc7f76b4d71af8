/* Going over the rows that a selector of any kind means. */
#include "daemon/table/key_list.h"
#include "daemon/table/table_impl.h"

struct select {
    struct table *table;
    struct column_set *columns;
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

/* Looks up listed keys of one shard, which is locked, the memory of each on its
 * way while others are looked up; how many there are. */
static uint32_t find_listed(const struct shard *shard, const struct key_list *list,
                            const struct listed_key *keys, size_t n, const struct row **rows)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        shard_prefetch(shard, keys[i].hash);
    for (size_t i = 0; i < n; i++)
        (void)shard_guess(shard, keys[i].hash);
    for (size_t i = 0; i < n; i++) {
        struct placed_key placed = { list->list[keys[i].at], keys[i].hash };
        rows[count] = shard_find(shard, &placed);
        count += rows[count] != NULL;
    }
    return count;
}

/* Visits listed keys of one shard under one hold of its lock. */
static enum status select_listed(const struct select *select, struct shard *shard,
                                 const struct key_list *list, const struct listed_key *keys,
                                 size_t n)
{
    const struct row *rows[STRETCH_ROWS];
    enum status status = ST_OK;
    shard_lock(shard);
    schema_refresh(&select->table->schema, select->columns);
    uint32_t count = find_listed(shard, list, keys, n, rows);
    if (count > 0)
        status = select->visit(rows, count, select->arg);
    shard_unlock(shard);
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
    size_t step = stretch_rows(select->columns->count);
    for (uint32_t i = 0; i < SHARD_COUNT && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(shards, i);
        if (shard == NULL)
            continue;
        struct listed_key *keys;
        size_t n = key_list_of(&list, i, &keys);
        for (size_t first = 0; first < n && status == ST_OK; first += step) {
            size_t count = n - first < step ? n - first : step;
            status = select_listed(select, shard, &list, keys + first, count);
            if (status == ST_OK)
                status = task_check(task);
        }
    }
    key_list_release(&list);
    return status;
}

enum status table_select(struct table *table, const struct selector *selector,
                         struct column_set *columns, const struct task *task, rows_visit *visit,
                         void *arg)
{
    struct select select = { table, columns, visit, arg };
    return selector->kind == SELECTOR_LIST
               ? select_list(&select, selector, task)
               : table_walk(table, selector, columns, task, select_stretch, &select);
}

enum status table_select_shards(struct table *table, uint32_t first, uint32_t count,
                                struct column_set *columns, const struct task *task,
                                rows_visit *visit, void *arg)
{
    struct select select = { table, columns, visit, arg };
    return table_walk_shards(table, first, count, columns, task, select_stretch, &select);
}
