#include <string.h>

#include "daemon/table/table_impl.h"
#include "daemon/table/tell.h"

#define WINDOW 32u        /* rows whose memory is fetched ahead */
#define WINDOW_CELLS 16u  /* of a row, fetched ahead */
#define WINDOW_HASHES 64u /* of a cell, fetched ahead */

/* One hold of a shard's lock. */
struct apply {
    struct table *table;
    struct batch *batch;
    const struct column_set *columns;
    struct apply_cursor *cursor;
    struct shard *shard;
    size_t budget;                     /* values left */
    uint32_t ref;                      /* the row's that is applied, 0: none yet */
    uint32_t codes[TABLE_LOCK_VALUES]; /* of the changes under this hold */
    struct rollup_run runs[TABLE_LOCK_VALUES];
    uint32_t code_count;
    uint32_t run_count;
    bool is_asked; /* does anybody want the codes? */
};

/* Places the rows, and puts them in shard order, in place: each row is swapped
 * to where its shard's share begins until all are home. */
static void sort_rows(const struct shard_set *shards, struct batch *batch)
{
    uint32_t next[SHARD_COUNT] = { 0 };
    uint32_t end[SHARD_COUNT];
    for (uint32_t i = 0; i < batch->row_count; i++) {
        struct batch_row *row = &batch->rows[i];
        row->key_hash = shard_set_hash(shards, (struct bytes_view){ row->key, row->key_len });
        row->shard = shard_number(row->key_hash);
        next[row->shard]++;
    }
    uint32_t before = 0;
    if (batch->row_count == 1)
        return;
    for (uint32_t shard = 0; shard < SHARD_COUNT; shard++) {
        end[shard] = before + next[shard];
        next[shard] = before;
        before = end[shard];
    }
    for (uint32_t shard = 0; shard < SHARD_COUNT; shard++) {
        while (next[shard] < end[shard]) {
            struct batch_row *row = &batch->rows[next[shard]];
            if (row->shard == shard) {
                next[shard]++;
                continue;
            }
            struct batch_row *home = &batch->rows[next[row->shard]++];
            struct batch_row swapped = *home;
            *home = *row;
            *row = swapped;
        }
    }
}

static void prefetch_cells(const struct apply *apply, const struct batch_row *from,
                           const struct row *row)
{
    uint32_t count = from->cell_count < WINDOW_CELLS ? from->cell_count : WINDOW_CELLS;
    for (uint32_t i = 0; i < count; i++) {
        const struct batch_cell *values = &apply->batch->cells[from->first_cell + i];
        const struct cell *cell = row_cell(row, apply->columns->slots[values->column]);
        if (cell != NULL)
            cell_prefetch(cell, &apply->table->shape, values->hashes,
                          values->n < WINDOW_HASHES ? values->n : WINDOW_HASHES);
    }
}

/* Fetches ahead what the next rows of this shard need; where they end. */
static uint32_t prefetch_window(const struct apply *apply)
{
    const struct batch_row *rows = apply->batch->rows + apply->cursor->next_row;
    uint32_t left = apply->batch->row_count - apply->cursor->next_row;
    const struct row *guesses[WINDOW];
    uint32_t n = 0;
    while (n < left && n < WINDOW && rows[n].shard == rows[0].shard)
        n++;
    for (uint32_t i = 0; i < n; i++)
        shard_prefetch(apply->shard, rows[i].key_hash);
    for (uint32_t i = 0; i < n; i++)
        guesses[i] = shard_guess(apply->shard, rows[i].key_hash);
    for (uint32_t i = 0; i < n; i++) {
        if (guesses[i] != NULL)
            prefetch_cells(apply, &rows[i], guesses[i]);
    }
    return apply->cursor->next_row + n;
}

/* The key's row with places for all cells that the batch still brings, made or
 * widened; NULL without memory. */
static struct row *make_places(struct apply *apply, const struct placed_key *placed,
                               const struct batch_row *from)
{
    struct slot_mask slots = { { 0 } };
    const struct batch_cell *cells = &apply->batch->cells[from->first_cell];
    for (uint32_t i = apply->cursor->next_cell; i < from->cell_count; i++) {
        uint16_t slot = apply->columns->slots[cells[i].column];
        if (slot != SLOT_NONE)
            slot_mask_set(&slots, slot);
    }
    unsigned width = atomic_load_explicit(&apply->table->schema.width, memory_order_relaxed);
    uint32_t was = apply->ref;
    uint32_t ref = was != 0 ? shard_widen(apply->shard, placed, &slots, width)
                            : shard_add(apply->shard, placed, &slots, width);
    if (ref == 0)
        return NULL;
    apply->ref = ref;
    if (was != 0)
        tell_row_moved(apply->table, apply->shard, apply->ref, was);
    else
        tell_row_new(apply->table, apply->shard, apply->ref);
    return pool_at(&apply->shard->rows, ref);
}

static void advance(struct apply *apply, uint32_t n, uint32_t of)
{
    struct apply_cursor *cursor = apply->cursor;
    apply->budget -= n;
    cursor->next_hash += n;
    if (cursor->next_hash == of) {
        cursor->next_hash = 0;
        cursor->next_cell++;
    }
}

/* Keeps the codes just told for the rollups. */
static void note_changes(struct apply *apply, uint16_t slot, uint32_t changed)
{
    if (changed == 0 || apply->table->rollups == NULL)
        return;
    struct rollup_run *last = &apply->runs[apply->run_count];
    if (apply->run_count > 0 && last[-1].slot == slot) {
        last[-1].count = (uint16_t)(last[-1].count + changed);
    } else {
        *last = (struct rollup_run){ slot, (uint16_t)changed };
        apply->run_count++;
    }
    apply->code_count += changed;
}

/* Applies the cursor's cell, as far as the budget goes. *row is the key's, or
 * NULL if it has none yet. */
static enum status apply_cell(struct apply *apply, const struct placed_key *placed,
                              const struct batch_row *from, struct row **row)
{
    struct apply_cursor *cursor = apply->cursor;
    const struct batch_cell *values = &apply->batch->cells[from->first_cell + cursor->next_cell];
    uint32_t n = values->n - cursor->next_hash;
    if (n > apply->budget)
        n = (uint32_t)apply->budget;
    uint16_t slot = apply->columns->slots[values->column];
    if (slot == SLOT_NONE) {
        advance(apply, n, values->n);
        return ST_OK;
    }
    struct cell *cell = *row == NULL ? NULL : row_cell(*row, slot);
    if (cell == NULL) {
        *row = make_places(apply, placed, from);
        if (*row == NULL)
            return ST_RESOURCE_EXHAUSTED;
        cell = row_cell(*row, slot);
    }
    size_t changed = 0;
    uint32_t *codes = apply->is_asked ? apply->codes + apply->code_count : NULL;
    enum status status =
        shard_cell_add(apply->shard, cell, &apply->table->shape,
                       values->hashes + (size_t)cursor->next_hash * 8, n, codes, &changed);
    cursor->changes += changed;
    tell_cell_changed(apply->table, apply->shard, apply->ref, apply->columns->ids[values->column],
                      codes, changed);
    note_changes(apply, slot, (uint32_t)changed);
    if (status == ST_OK)
        advance(apply, n, values->n);
    return status;
}

static enum status apply_row(struct apply *apply)
{
    struct apply_cursor *cursor = apply->cursor;
    const struct batch_row *from = &apply->batch->rows[cursor->next_row];
    struct placed_key placed = { { from->key, from->key_len }, from->key_hash };
    apply->ref = shard_find_ref(apply->shard, &placed);
    struct row *row = apply->ref == 0 ? NULL : pool_at(&apply->shard->rows, apply->ref);
    enum status status = ST_OK;
    while (status == ST_OK && cursor->next_cell < from->cell_count && apply->budget > 0)
        status = apply_cell(apply, &placed, from, &row);
    if (cursor->next_cell == from->cell_count) {
        cursor->next_cell = 0;
        cursor->next_row++;
    }
    if (status != ST_OK && row != NULL && shard_row_is_empty(row))
        table_remove_row(apply->table, apply->shard, apply->ref);
    return status;
}

/* Applies rows of the cursor's shard under one hold of its lock. */
static enum status apply_stretch(struct apply *apply, struct column_set *columns)
{
    const struct batch *batch = apply->batch;
    uint32_t number = batch->rows[apply->cursor->next_row].shard;
    apply->shard = shard_set_make(&apply->table->shards, number);
    if (apply->shard == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = ST_OK;
    apply->code_count = 0;
    apply->run_count = 0;
    shard_lock(apply->shard);
    schema_refresh(&apply->table->schema, columns);
    while (status == ST_OK && apply->budget > 0 && apply->cursor->next_row < batch->row_count &&
           batch->rows[apply->cursor->next_row].shard == number) {
        uint32_t end = prefetch_window(apply);
        while (status == ST_OK && apply->budget > 0 && apply->cursor->next_row < end)
            status = apply_row(apply);
    }
    if (apply->run_count > 0)
        rollups_feed(apply->table->rollups, number, apply->runs, apply->run_count, apply->codes);
    shard_unlock(apply->shard);
    return status;
}

void table_place(struct table *table, struct batch *batch, struct apply_cursor *cursor)
{
    sort_rows(&table->shards, batch);
    cursor->is_placed = true;
}

enum status table_apply(struct table *table, struct batch *batch, struct column_set *columns,
                        struct apply_cursor *cursor, size_t max_values, bool *done)
{
    if (!cursor->is_placed)
        table_place(table, batch, cursor);
    struct apply apply;
    apply.table = table;
    apply.batch = batch;
    apply.columns = columns;
    apply.cursor = cursor;
    apply.is_asked = table->sink != NULL || table->rollups != NULL;
    enum status status = ST_OK;
    size_t left = max_values > 0 ? max_values : 1;
    while (status == ST_OK && left > 0 && cursor->next_row < batch->row_count) {
        size_t budget = left < TABLE_LOCK_VALUES ? left : TABLE_LOCK_VALUES;
        apply.budget = budget;
        status = apply_stretch(&apply, columns);
        left -= budget - apply.budget;
    }
    *done = cursor->next_row == batch->row_count;
    return status;
}
