#include "daemon/table/unite.h"

#define ROLLUP_KEYS_MIN 64u /* keys up to which a walk is as good */

/* A union under way. */
struct unite {
    const struct column_set *columns;
    struct union_scratch *const *scratches; /* one a column */
    uint64_t keys;
};

/* Merges one column of rows, the memory of each on its way while the one before
 * it is merged. */
static enum status unite_column(const struct row *const *rows, uint32_t count, uint16_t slot,
                                struct union_scratch *scratch)
{
    static const struct cell empty = { 0 };
    enum status status = ST_OK;
    const struct cell *next = row_cell(rows[0], slot);
    for (uint32_t i = 0; i < count && status == ST_OK; i++) {
        const struct cell *cell = next;
        next = i + 1 < count ? row_cell(rows[i + 1], slot) : NULL;
        if (next != NULL)
            union_scratch_expect(scratch, next);
        status = union_scratch_add(scratch, cell != NULL ? cell : &empty);
    }
    return status;
}

static enum status unite_rows(const struct row *const *rows, uint32_t count, void *arg)
{
    struct unite *unite = arg;
    enum status status = ST_OK;
    unite->keys += count;
    for (uint32_t i = 0; i < unite->columns->count && status == ST_OK; i++) {
        if (unite->columns->slots[i] != SLOT_NONE)
            status = unite_column(rows, count, unite->columns->slots[i], unite->scratches[i]);
    }
    return status;
}

static uint64_t count_keys(const struct table *table)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        if (shard != NULL)
            keys += shard_key_count(shard);
    }
    return keys;
}

/* Merges the rollups, and the rows where those are stale. */
static enum status unite_rollups(struct table *table, struct column_set *columns,
                                 const struct task *task, struct union_scratch *const *scratches)
{
    enum status status = ST_OK;
    for (uint32_t group = 0; group < GROUP_COUNT && status == ST_OK; group++) {
        struct union_scratch *stale_scratches[COLUMNS_MAX];
        struct column_set stale;
        uint32_t places[COLUMNS_MAX];
        status = rollups_unite(table->rollups, group, &table->schema, columns, scratches, &stale,
                               places);
        if (status == ST_OK)
            status = task_check(task);
        if (status != ST_OK || stale.count == 0)
            continue;
        for (uint32_t i = 0; i < stale.count; i++)
            stale_scratches[i] = scratches[places[i]];
        struct unite part = { &stale, stale_scratches, 0 };
        status = table_select_shards(table, group * GROUP_SHARDS, GROUP_SHARDS, &stale, task,
                                     HOLD_QUERY, unite_rows, &part);
    }
    return status;
}

/* Few keys are read as fast as the rollups, and one alone keeps its own estimate. */
enum status table_unite(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task,
                        struct union_scratch *const *scratches, uint64_t *keys)
{
    struct unite unite = { columns, scratches, count_keys(table) };
    enum status status;
    if (selector->kind != SELECTOR_ALL || table->rollups == NULL || unite.keys <= ROLLUP_KEYS_MIN) {
        unite.keys = 0;
        status = table_select(table, selector, columns, task, HOLD_QUERY, unite_rows, &unite);
    } else {
        status = unite_rollups(table, columns, task, scratches);
    }
    if (status == ST_OK)
        *keys = unite.keys;
    return status;
}
