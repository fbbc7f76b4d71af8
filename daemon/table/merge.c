#include <stdlib.h>

#include "daemon/memory/budget.h"
#include "daemon/sketch/need.h"
#include "daemon/table/admit.h"

#define STRETCH_CELLS 4u /* cells merged under one hold of the lock */

/* What the selected keys hold, column by column. */
struct gather {
    const struct sketch_shape *shape;
    struct column_set columns;
    struct cell cells[COLUMNS_MAX];
    uint64_t keys;
};

static enum status gather_rows(const struct row *const *rows, uint32_t count, void *arg)
{
    struct gather *gather = arg;
    enum status status = ST_OK;
    gather->keys += count;
    for (uint32_t i = 0; i < gather->columns.count && status == ST_OK; i++) {
        uint16_t slot = gather->columns.slots[i];
        for (uint32_t r = 0; r < count && status == ST_OK; r++) {
            const struct cell *cell = row_cell(rows[r], slot);
            if (cell != NULL)
                status = cell_merge(&gather->cells[i], cell, gather->shape);
        }
    }
    return status;
}

/* The slots that there is something for. */
static struct slot_mask wanted_slots(const struct gather *gather)
{
    struct slot_mask slots = { { 0 } };
    for (uint32_t i = 0; i < gather->columns.count; i++) {
        if (gather->cells[i].word != 0 && gather->columns.slots[i] != SLOT_NONE)
            slot_mask_set(&slots, gather->columns.slots[i]);
    }
    return slots;
}

/* Merges some columns, from *next on, with the shard locked. */
static enum status merge_stretch(struct table *table, struct shard *shard,
                                 const struct placed_key *placed, struct gather *gather,
                                 uint32_t *next, uint64_t *changes)
{
    schema_refresh(&table->schema, &gather->columns);
    struct slot_mask slots = wanted_slots(gather);
    if (slot_mask_next(&slots, 0) >= SLOTS_MAX) {
        *next = gather->columns.count;
        return ST_OK;
    }
    uint32_t ref = table_place_row(table, shard, placed, &slots);
    enum status status = ref == 0 ? ST_RESOURCE_EXHAUSTED : ST_OK;
    for (uint32_t n = 0; status == ST_OK && n < STRETCH_CELLS && *next < gather->columns.count;
         (*next)++) {
        const struct cell *from = &gather->cells[*next];
        bool changed;
        if (from->word == 0 || gather->columns.slots[*next] == SLOT_NONE)
            continue;
        status = table_merge_cell(table, shard, ref, &gather->columns, *next, from, &changed);
        *changes += changed;
        n++;
    }
    if (ref != 0 && shard_row_is_empty(pool_at(&shard->rows, ref)))
        table_remove_row(table, shard, ref);
    return status;
}

static enum status merge_reserved(struct table *table, struct gather *gather,
                                  struct bytes_view into, uint64_t *changes)
{
    struct placed_key placed = { into, shard_set_hash(&table->shards, into) };
    struct shard *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    enum status status = shard == NULL ? ST_RESOURCE_EXHAUSTED : ST_OK;
    for (uint32_t next = 0; status == ST_OK && next < gather->columns.count;) {
        shard_lock(shard, HOLD_MERGE);
        status = merge_stretch(table, shard, &placed, gather, &next, changes);
        shard_unlock(shard);
    }
    return status;
}

/* Whole or not at all: what it may need is reserved first. */
static enum status merge_gathered(struct table *table, struct gather *gather,
                                  struct bytes_view into, uint64_t *changes, struct error *err)
{
    size_t cells = 0;
    size_t reserved;
    for (uint32_t i = 0; i < gather->columns.count; i++)
        cells += gather->cells[i].word != 0;
    if (cells == 0)
        return ST_OK;
    if (!table_make_shard(table, into))
        return error_nomem(err);
    enum status status = table_reserve_cells(table, cells, into.len, &reserved, err);
    if (status != ST_OK)
        return status;
    status = merge_reserved(table, gather, into, changes);
    table_unreserve_cells(table, reserved);
    return status;
}

/* What the gathered cells may take, and one that is merged into them. */
static size_t gather_bytes_max(const struct gather *gather)
{
    return (gather->columns.count + 3u) * sketch_block_max(gather->shape);
}

static enum status gather_and_merge(struct table *table, const struct selector *from,
                                    struct bytes_view into, const struct task *task,
                                    struct gather *gather, uint64_t *changes, struct error *err)
{
    size_t claimed = gather_bytes_max(gather);
    enum status status = admit_claim(table, claimed, err);
    if (status != ST_OK)
        return status;
    status = table_select(table, from, &gather->columns, task, HOLD_MERGE, gather_rows, gather);
    memory_unclaim(claimed);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    if (status != ST_OK)
        return error_set(err, status, "merge: %s", status_text((int)status));
    return merge_gathered(table, gather, into, changes, err);
}

enum status table_merge(struct table *table, const struct selector *from, struct bytes_view into,
                        const struct task *task, uint64_t *keys, uint64_t *changes,
                        struct error *err)
{
    struct gather *gather = calloc(1, sizeof *gather);
    uint64_t changed = 0;
    if (gather == NULL)
        return error_nomem(err);
    gather->shape = &table->shape;
    enum status status = table_find_columns(table, NULL, 0, &gather->columns, err);
    if (status == ST_OK)
        status = gather_and_merge(table, from, into, task, gather, &changed, err);
    if (status == ST_OK) {
        *keys = gather->keys;
        *changes = changed;
    }
    for (uint32_t i = 0; i < gather->columns.count; i++)
        cell_release(&gather->cells[i]);
    free(gather);
    return status;
}
