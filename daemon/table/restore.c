#include "daemon/table/restore.h"

#include "daemon/sketch/change.h"
#include "daemon/sketch/little_endian.h"
#include "daemon/table/table_impl.h"

#define CODES_STEP 1024u /* given to a rollup at a time */

/* The slot of a column, or SLOT_NONE if it is gone. */
static uint16_t slot_of(const struct column_set *columns, uint32_t column_id)
{
    uint32_t low = 0;
    uint32_t high = columns->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (columns->ids[middle] == column_id)
            return columns->slots[middle];
        if (columns->ids[middle] < column_id)
            low = middle + 1;
        else
            high = middle;
    }
    return SLOT_NONE;
}

static struct placed_key place_key(const struct table *table, struct bytes_view key)
{
    return (struct placed_key){ key, shard_set_hash(&table->shards, key) };
}

/* ---- whole rows ---------------------------------------------------------------- */

/* Lets the rollups know of a cell that came in whole. */
static void feed_rollup(struct table *table, const struct shard *shard, uint16_t slot,
                        const struct cell *cell)
{
    uint32_t tokens[2];
    if (table->rollups == NULL)
        return;
    uint32_t n = change_codes_of_inline(cell, tokens);
    if (n == 0) {
        rollups_feed_cell(table->rollups, shard->number, slot, cell);
        return;
    }
    const uint16_t slots[2] = { slot, slot };
    rollups_feed(table->rollups, shard->number, slots, tokens, n);
}

/* The cells that are wanted of those given: their slots, and how many; ST_INVALID_ARGUMENT:
 * two of one column. */
static enum status choose_slots(const struct column_set *columns, const struct restored_cell *cells,
                                uint32_t count, struct slot_mask *slots, uint32_t *kept)
{
    *slots = (struct slot_mask){ { 0 } };
    *kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t slot = slot_of(columns, cells[i].column_id);
        if (slot == SLOT_NONE || cells[i].cell.word == 0)
            continue;
        if (slot_mask_has(slots, slot))
            return ST_INVALID_ARGUMENT;
        slot_mask_set(slots, slot);
        (*kept)++;
    }
    return ST_OK;
}

static bool has_cell_in(const struct row *row, const struct slot_mask *slots)
{
    for (unsigned slot = slot_mask_next(slots, 0); slot < SLOTS_MAX;
         slot = slot_mask_next(slots, slot + 1)) {
        const struct cell *cell = row_cell(row, slot);
        if (cell != NULL && cell->word != 0)
            return true;
    }
    return false;
}

static enum status restore_locked(struct table *table, struct shard *shard,
                                  const struct placed_key *placed, const struct column_set *columns,
                                  struct restored_cell *cells, uint32_t count, bool is_whole)
{
    struct slot_mask slots;
    uint32_t kept;
    enum status status = choose_slots(columns, cells, count, &slots, &kept);
    if (status != ST_OK || kept == 0)
        return status;
    const struct row *row = shard_find(shard, placed);
    if (row != NULL && (is_whole || has_cell_in(row, &slots)))
        return ST_INVALID_ARGUMENT;
    uint32_t ref = table_place_row(table, shard, placed, &slots);
    if (ref == 0)
        return ST_RESOURCE_EXHAUSTED;
    row = pool_at(&shard->rows, ref);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t slot = slot_of(columns, cells[i].column_id);
        if (slot == SLOT_NONE || cells[i].cell.word == 0)
            continue;
        feed_rollup(table, shard, slot, &cells[i].cell);
        shard_cell_adopt(shard, row_cell(row, slot), &cells[i].cell);
    }
    return ST_OK;
}

static enum status restore(struct table *table, struct column_set *columns, struct bytes_view key,
                           struct restored_cell *cells, uint32_t count, bool is_whole)
{
    struct placed_key placed = place_key(table, key);
    struct shard *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    enum status status = ST_RESOURCE_EXHAUSTED;
    if (shard != NULL) {
        shard_lock(shard, HOLD_RESTORE);
        schema_refresh(&table->schema, columns);
        status = restore_locked(table, shard, &placed, columns, cells, count, is_whole);
        shard_unlock(shard);
    }
    for (uint32_t i = 0; i < count; i++)
        cell_release(&cells[i].cell);
    return status;
}

enum status table_restore_row(struct table *table, struct column_set *columns,
                              struct bytes_view key, struct restored_cell *cells, uint32_t count)
{
    return restore(table, columns, key, cells, count, true);
}

enum status table_restore_cells(struct table *table, struct column_set *columns,
                                struct bytes_view key, struct restored_cell *cells, uint32_t count)
{
    return restore(table, columns, key, cells, count, false);
}

/* ---- changes ------------------------------------------------------------------- */

/* The reference of the key's row with a place for the slot; 0 without memory. */
static uint32_t place_slot(struct table *table, struct shard *shard,
                           const struct placed_key *placed, uint16_t slot)
{
    struct slot_mask slots = { { 0 } };
    slot_mask_set(&slots, slot);
    return table_place_row(table, shard, placed, &slots);
}

static void drop_if_empty(struct table *table, struct shard *shard, uint32_t ref)
{
    if (shard_row_is_empty(pool_at(&shard->rows, ref)))
        table_remove_row(table, shard, ref);
}

static enum status replay_locked(struct table *table, struct shard *shard, uint32_t ref,
                                 uint16_t slot, const uint8_t *codes, size_t n)
{
    struct cell *cell = row_cell(pool_at(&shard->rows, ref), slot);
    enum status status = ST_OK;
    for (size_t at = 0; at < n && status == ST_OK; at += CODES_STEP) {
        uint32_t step[CODES_STEP];
        size_t count = n - at < CODES_STEP ? n - at : CODES_STEP;
        for (size_t i = 0; i < count; i++)
            step[i] = load_le32(codes + 4 * (at + i));
        status = shard_cell_replay(shard, cell, &table->shape, step, &count);
        uint16_t slots[CODES_STEP];
        for (size_t i = 0; i < count; i++)
            slots[i] = slot;
        if (table->rollups != NULL && count > 0)
            rollups_feed(table->rollups, shard->number, slots, step, count);
    }
    return status;
}

enum status table_replay_codes(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t column_id, const uint8_t *codes,
                               size_t n)
{
    struct placed_key placed = place_key(table, key);
    struct shard *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    enum status status = ST_OK;
    if (shard == NULL)
        return ST_RESOURCE_EXHAUSTED;
    shard_lock(shard, HOLD_RESTORE);
    schema_refresh(&table->schema, columns);
    uint16_t slot = slot_of(columns, column_id);
    if (slot != SLOT_NONE) {
        uint32_t ref = place_slot(table, shard, &placed, slot);
        status =
            ref == 0 ? ST_RESOURCE_EXHAUSTED : replay_locked(table, shard, ref, slot, codes, n);
        if (ref != 0)
            drop_if_empty(table, shard, ref);
    }
    shard_unlock(shard);
    return status;
}

enum status table_replay_merge(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t column_id, const struct cell *from)
{
    struct placed_key placed = place_key(table, key);
    struct shard *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    enum status status = ST_OK;
    bool changed;
    if (shard == NULL)
        return ST_RESOURCE_EXHAUSTED;
    shard_lock(shard, HOLD_RESTORE);
    schema_refresh(&table->schema, columns);
    uint16_t slot = slot_of(columns, column_id);
    if (slot != SLOT_NONE && from->word != 0) {
        uint32_t ref = place_slot(table, shard, &placed, slot);
        status = ref == 0 ? ST_RESOURCE_EXHAUSTED
                          : shard_cell_merge(shard, row_cell(pool_at(&shard->rows, ref), slot),
                                             from, &table->shape, &changed);
        if (status == ST_OK && table->rollups != NULL)
            rollups_feed_cell(table->rollups, shard->number, slot, from);
        if (ref != 0)
            drop_if_empty(table, shard, ref);
    }
    shard_unlock(shard);
    return status;
}

static void empty_cells(struct table *table, struct shard *shard, uint32_t ref,
                        const struct column_set *columns, uint32_t last_column)
{
    const struct row *row = pool_at(&shard->rows, ref);
    if (table->rollups != NULL)
        rollups_lose_row(table->rollups, shard->number, row);
    for (uint32_t i = 0; i < columns->count && columns->ids[i] <= last_column; i++) {
        struct cell *cell = row_cell(row, columns->slots[i]);
        if (cell != NULL)
            shard_cell_release(shard, cell);
    }
    drop_if_empty(table, shard, ref);
}

void table_replay_remove_cells(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t last_column)
{
    struct placed_key placed = place_key(table, key);
    struct shard *shard = shard_set_get(&table->shards, shard_number(placed.hash));
    if (shard == NULL)
        return;
    shard_lock(shard, HOLD_RESTORE);
    schema_refresh(&table->schema, columns);
    uint32_t ref = shard_find_ref(shard, &placed);
    if (ref != 0)
        empty_cells(table, shard, ref, columns, last_column);
    shard_trim(shard);
    shard_unlock(shard);
}

void table_replay_remove(struct table *table, struct bytes_view key)
{
    struct placed_key placed = place_key(table, key);
    struct shard *shard = shard_set_get(&table->shards, shard_number(placed.hash));
    if (shard == NULL)
        return;
    shard_lock(shard, HOLD_RESTORE);
    uint32_t ref = shard_find_ref(shard, &placed);
    if (ref != 0) {
        table_remove_row(table, shard, ref);
        shard_trim(shard);
    }
    shard_unlock(shard);
}
