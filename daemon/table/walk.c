#include <string.h>

#include "daemon/table/table_impl.h"

#define STRETCH_COST                                                                               \
    30000u            /* of what is read under one hold of the lock, in the units of cell_cost() */
#define ROW_COST 250u /* of a row itself, which is seldom in the cache */
#define AHEAD 8u      /* rows fetched ahead */

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

uint32_t row_cost(const struct row *row, const struct column_set *columns)
{
    uint32_t cost = ROW_COST;
    if (columns != NULL) {
        for (uint32_t i = 0; i < columns->count; i++) {
            const struct cell *cell = row_cell(row, columns->slots[i]);
            cost += cell == NULL ? 0 : cell_cost(cell);
        }
        return cost;
    }
    const struct cell *cells = row_cells(row);
    unsigned count = row_cell_count(row);
    for (unsigned i = 0; i < count; i++)
        cost += cell_cost(&cells[i]);
    return cost;
}

uint32_t stretch_cost(enum hold_purpose purpose)
{
    switch (purpose) {
    case HOLD_MERGE:
    case HOLD_DIGEST:
        return STRETCH_COST / 10;
    case HOLD_DELETE:
    case HOLD_ALTER:
    case HOLD_REBUILD:
        return STRETCH_COST / 2;
    default:
        return STRETCH_COST;
    }
}

/* A walk, and where it is in a shard. */
struct walk {
    struct table *table;
    const struct selector *selector;
    struct column_set *columns; /* NULL: all cells */
    const struct task *task;
    enum hold_purpose purpose;
    stretch_visit *visit;
    void *arg;
    bool begun; /* last is the key before the next stretch */
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
    uint32_t cost_max = stretch_cost(walk->purpose);
    walk->count = 0;
    for (uint32_t i = 0; i < AHEAD; i++)
        order_prefetch(&shard->order, pool, &place, i);
    for (uint32_t ref, cost = 0; walk->count < STRETCH_ROWS && cost < cost_max;) {
        order_prefetch(&shard->order, pool, &place, AHEAD);
        ref = order_next(&shard->order, &place);
        if (ref == 0 || !selector_matches(walk->selector, row_key(pool_at(pool, ref))))
            return false;
        cost += row_cost(pool_at(pool, ref), walk->columns);
        walk->refs[walk->count++] = ref;
    }
    struct bytes_view key = row_key(pool_at(pool, walk->refs[walk->count - 1]));
    memcpy(walk->last, key.data, key.len);
    walk->last_len = key.len;
    walk->begun = true;
    return true;
}

static enum status walk_shard(struct walk *walk, struct shard *shard)
{
    enum status status = ST_OK;
    walk->begun = false;
    for (bool more = true; more && status == ST_OK;) {
        shard_lock_last(shard, walk->purpose);
        if (walk->columns != NULL)
            schema_refresh(&walk->table->schema, walk->columns);
        more = next_stretch(walk, shard);
        struct stretch stretch = { shard, walk->refs, walk->count };
        if (walk->count > 0)
            status = walk->visit(walk->table, &stretch, walk->arg);
        shard_unlock(shard);
        if (status == ST_OK)
            status = task_check(walk->task);
    }
    return status;
}

static enum status walk_shards(struct walk *walk, uint32_t first, uint32_t count)
{
    enum status status = ST_OK;
    for (uint32_t i = first; i < first + count && status == ST_OK; i++) {
        struct shard *shard = shard_set_get(&walk->table->shards, i);
        if (shard != NULL)
            status = walk_shard(walk, shard);
    }
    return status;
}

enum status table_walk(struct table *table, const struct selector *selector,
                       struct column_set *columns, const struct task *task,
                       enum hold_purpose purpose, stretch_visit *visit, void *arg)
{
    struct walk walk = { .table = table,
                         .selector = selector,
                         .columns = columns,
                         .task = task,
                         .purpose = purpose,
                         .visit = visit,
                         .arg = arg };
    return walk_shards(&walk, 0, SHARD_COUNT);
}

enum status table_walk_shards(struct table *table, uint32_t first, uint32_t count,
                              struct column_set *columns, const struct task *task,
                              enum hold_purpose purpose, stretch_visit *visit, void *arg)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct walk walk = { .table = table,
                         .selector = &all,
                         .columns = columns,
                         .task = task,
                         .purpose = purpose,
                         .visit = visit,
                         .arg = arg };
    return walk_shards(&walk, first, count);
}
