#include <string.h>

#include "daemon/table/table_impl.h"

#define STRETCH_CELLS 256u /* cells looked at under one hold of the lock, about */
#define AHEAD 8u           /* rows fetched ahead */

enum status task_check(const struct task *task)
{
    return task == NULL ? ST_OK : task->check(task->arg);
}

struct order_place selector_seek(const struct selector *selector, const struct shard *shard)
{
    struct bytes_view first = { NULL, 0 };
    if (selector->kind == SELECTOR_PREFIX)
        first = selector->prefix;
    else if (selector->kind == SELECTOR_RANGE)
        first = selector->from;
    return order_seek(&shard->order, &shard->rows, first, false);
}

/* Where a walk over one shard is. */
struct walk {
    const struct selector *selector;
    uint32_t rows_max; /* of a stretch */
    bool begun;        /* last is the key before the next stretch */
    uint8_t last[KEY_MAX_BYTES];
    size_t last_len;
    uint32_t refs[STRETCH_ROWS];
    uint32_t count;
};

/* Fills the next stretch; false if it is the shard's last. */
static bool next_stretch(struct walk *walk, const struct shard *shard)
{
    const struct pool *pool = &shard->rows;
    struct bytes_view last = { walk->last, walk->last_len };
    struct order_place place = walk->begun ? order_seek(&shard->order, pool, last, true)
                                           : selector_seek(walk->selector, shard);
    walk->count = 0;
    for (uint32_t i = 0; i < AHEAD; i++)
        order_prefetch(&shard->order, pool, &place, i);
    for (uint32_t ref; walk->count < walk->rows_max;) {
        order_prefetch(&shard->order, pool, &place, AHEAD);
        ref = order_next(&shard->order, &place);
        if (ref == 0 || !selector_matches(walk->selector, row_key(pool_at(pool, ref))))
            return false;
        walk->refs[walk->count++] = ref;
    }
    struct bytes_view key = row_key(pool_at(pool, walk->refs[walk->count - 1]));
    memcpy(walk->last, key.data, key.len);
    walk->last_len = key.len;
    walk->begun = true;
    return true;
}

static enum status walk_shard(struct table *table, struct shard *shard, struct walk *walk,
                              struct column_set *columns, const struct task *task,
                              stretch_visit *visit, void *arg)
{
    enum status status = ST_OK;
    walk->begun = false;
    for (bool more = true; more && status == ST_OK;) {
        shard_lock(shard);
        if (columns != NULL)
            schema_refresh(&table->schema, columns);
        more = next_stretch(walk, shard);
        struct stretch stretch = { shard, walk->refs, walk->count };
        if (walk->count > 0)
            status = visit(table, &stretch, arg);
        shard_unlock(shard);
        if (status == ST_OK)
            status = task_check(task);
    }
    return status;
}

uint32_t stretch_rows(uint32_t cells)
{
    if (cells <= STRETCH_CELLS / STRETCH_ROWS)
        return STRETCH_ROWS;
    return cells >= STRETCH_CELLS ? 1 : STRETCH_CELLS / cells;
}

static enum status walk_shards(struct table *table, uint32_t first, uint32_t count,
                               const struct selector *selector, struct column_set *columns,
                               const struct task *task, stretch_visit *visit, void *arg)
{
    struct walk walk = { .selector = selector };
    uint32_t cells = columns != NULL ? columns->count : atomic_load(&table->schema.width);
    walk.rows_max = stretch_rows(cells);
    enum status status = ST_OK;
    for (uint32_t i = first; i < first + count && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard != NULL)
            status = walk_shard(table, shard, &walk, columns, task, visit, arg);
    }
    return status;
}

enum status table_walk(struct table *table, const struct selector *selector,
                       struct column_set *columns, const struct task *task, stretch_visit *visit,
                       void *arg)
{
    return walk_shards(table, 0, SHARD_COUNT, selector, columns, task, visit, arg);
}

enum status table_walk_shards(struct table *table, uint32_t first, uint32_t count,
                              struct column_set *columns, const struct task *task,
                              stretch_visit *visit, void *arg)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    return walk_shards(table, first, count, &all, columns, task, visit, arg);
}
