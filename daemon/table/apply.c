#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/cell_begin.h"
#include "daemon/sketch/word.h"
#include "daemon/table/ahead.h"
#include "daemon/table/table_impl.h"
#include "daemon/table/tell.h"

#define DENSE_REGISTERS_VALUE 32u /* registers made in about the time that a value takes */

/* A call's way through a batch. */
struct apply {
    struct table *table;
    struct batch *batch;
    const struct column_set *columns;
    struct apply_cursor *cursor;
    struct shard *shard;               /* that is worked on */
    size_t budget;                     /* values left, or work that takes as long */
    uint32_t ref;                      /* the row's that is applied, 0: none yet */
    uint32_t codes[TABLE_LOCK_VALUES]; /* of the shard's changes */
    uint16_t slots[TABLE_LOCK_VALUES]; /* of the changed cells, beside the codes */
    uint32_t code_count;
    uint32_t told_codes;                         /* of them, those that were told */
    struct change_cell cells[TABLE_LOCK_VALUES]; /* to be told, whose codes come behind those */
    uint32_t cell_count;
    bool is_asked;  /* does anybody want the codes? */
    bool has_moved; /* has a row, since the window was looked up? */
};

/* Finds each row's shard, and sums up what admission wants to know; counts are the
 * rows of each shard. */
static void place_rows(const struct shard_set *shards, struct batch *batch,
                       struct apply_cursor *cursor, uint32_t counts[SHARD_COUNT])
{
    for (uint32_t i = 0; i < batch->row_count; i++) {
        struct batch_row *row = &batch->rows[i];
        row->key_hash = shard_set_hash(shards, (struct bytes_view){ row->key, row->key_len });
        row->shard = shard_number(row->key_hash);
        counts[row->shard]++;
        cursor->shards |= UINT64_C(1) << row->shard;
        cursor->keys_bytes += row->key_len;
        cursor->cell_count += row->cell_count;
    }
}

/* Puts the rows in shard order, in place: each row is swapped to where its shard's
 * share begins until all are home. */
static void sort_rows(struct batch *batch, const uint32_t counts[SHARD_COUNT])
{
    uint32_t next[SHARD_COUNT];
    uint32_t end[SHARD_COUNT];
    uint32_t before = 0;
    for (uint32_t shard = 0; shard < SHARD_COUNT; shard++) {
        next[shard] = before;
        before += counts[shard];
        end[shard] = before;
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

/* Tells what was noted: before the lock is given back, and before a row moves. */
static void tell_noted(struct apply *apply)
{
    if (apply->cell_count == 0)
        return;
    tell_cells_changed(apply->table, apply->shard, apply->cells, apply->cell_count,
                       apply->codes + apply->told_codes);
    apply->told_codes = apply->code_count;
    apply->cell_count = 0;
}

/* Notes that the next count codes are of the row's cell in that column. */
static inline void note_cell(struct apply *apply, uint32_t column, uint32_t count)
{
    tell_row_known(apply->table, apply->shard, apply->ref);
    apply->cells[apply->cell_count++] =
        (struct change_cell){ apply->ref, apply->columns->ids[column], count };
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
    tell_noted(apply);
    apply->has_moved = apply->has_moved || apply->ref != 0;
    uint32_t ref = table_lay_row(apply->table, apply->shard, placed, apply->ref, &slots);
    if (ref == 0)
        return NULL;
    apply->ref = ref;
    return pool_at(&apply->shard->rows, ref);
}

static void advance(struct apply *apply, uint32_t n, uint32_t of)
{
    struct apply_cursor *cursor = apply->cursor;
    apply->budget -= n;
    cursor->values += n;
    cursor->next_hash += n;
    if (cursor->next_hash == of) {
        cursor->next_hash = 0;
        cursor->next_cell++;
    }
}

/* Passes on the codes that were just put behind the others. */
static inline void note_changes(struct apply *apply, const struct batch_cell *values, uint16_t slot,
                                uint32_t changed)
{
    const struct table *table = apply->table;
    uint32_t at = apply->code_count;
    apply->cursor->changes += changed;
    if (changed == 0 || !apply->is_asked)
        return;
    if (table->sink != NULL)
        note_cell(apply, values->column, changed);
    for (uint32_t i = 0; i < changed; i++)
        apply->slots[at + i] = slot;
    apply->code_count = at + changed;
}

/* A cell that became dense with what was added took as long as many values do. */
static inline void charge_for_dense(struct apply *apply, uint64_t was, uint64_t is)
{
    size_t values = apply->table->shape.registers / DENSE_REGISTERS_VALUE;
    if (word_state(was) == word_state(is) || word_state(is) != CELL_DENSE)
        return;
    apply->budget -= values < apply->budget ? values : apply->budget;
}

/* Applies the cursor's cell, as far as the budget goes. */
static enum status apply_values(struct apply *apply, const struct batch_cell *values, uint16_t slot,
                                struct cell *cell)
{
    struct apply_cursor *cursor = apply->cursor;
    uint32_t n = values->n - cursor->next_hash;
    if (n > apply->budget)
        n = (uint32_t)apply->budget;
    uint64_t word = cell->word;
    size_t changed = 0;
    uint32_t *codes = apply->is_asked ? apply->codes + apply->code_count : NULL;
    enum status status =
        shard_cell_add(apply->shard, cell, &apply->table->shape,
                       values->hashes + (size_t)cursor->next_hash * 8, n, codes, &changed);
    note_changes(apply, values, slot, (uint32_t)changed);
    if (status == ST_OK)
        advance(apply, n, values->n);
    charge_for_dense(apply, word, cell->word);
    return status;
}

/* The same for cells in a row that are empty and get one value each, from the
 * cursor's on: most cells of wide tables come to no second one. */
static void apply_firsts(struct apply *apply, const struct batch_cell *cells, uint32_t count,
                         const struct row *row)
{
    const uint16_t *columns = apply->columns->slots;
    const struct sketch_shape shape = apply->table->shape;
    const unsigned width = row_width(row);
    const bool is_packed = row_is_packed(row);
    struct cell *const places = row_cells(row);
    uint32_t *codes = apply->codes + apply->code_count;
    uint16_t *slots = apply->slots + apply->code_count;
    uint32_t n = 0;
    if (count > apply->budget)
        count = (uint32_t)apply->budget;
    for (; n < count && cells[n].n == 1; n++) {
        uint16_t slot = columns[cells[n].column];
        if (slot >= width) /* as SLOT_NONE is */
            break;
        struct cell *cell = is_packed ? row_packed_cell(row, slot) : &places[slot];
        if (cell == NULL || cell->word != 0)
            break;
        codes[n] = cell_begin(cell, &shape, cells[n].hashes);
        slots[n] = slot;
    }
    shard_count_begun(apply->shard, n);
    if (apply->table->sink != NULL) {
        for (uint32_t i = 0; i < n; i++)
            note_cell(apply, cells[i].column, 1);
    }
    apply->code_count += n;
    apply->budget -= n;
    apply->cursor->values += n;
    apply->cursor->changes += n;
    apply->cursor->next_cell += n;
}

/* Passes by a cell of a column that was dropped. */
static void skip_values(struct apply *apply, const struct batch_cell *values)
{
    uint32_t n = values->n - apply->cursor->next_hash;
    advance(apply, n > apply->budget ? (uint32_t)apply->budget : n, values->n);
}

/* Applies the cursor's row, which had that reference (0: not known) when it was
 * looked up, as far as the budget goes. */
static enum status apply_row(struct apply *apply, uint32_t ref)
{
    struct apply_cursor *cursor = apply->cursor;
    const struct batch_row *from = &apply->batch->rows[cursor->next_row];
    const struct batch_cell *cells = &apply->batch->cells[from->first_cell];
    struct placed_key placed = { { from->key, from->key_len }, from->key_hash };
    apply->ref = ref == 0 || apply->has_moved ? shard_find_ref(apply->shard, &placed) : ref;
    struct row *row = apply->ref == 0 ? NULL : pool_at(&apply->shard->rows, apply->ref);
    enum status status = ST_OK;
    while (status == ST_OK && cursor->next_cell < from->cell_count && apply->budget > 0) {
        const struct batch_cell *values = &cells[cursor->next_cell];
        uint16_t slot = apply->columns->slots[values->column];
        struct cell *cell = row == NULL || slot == SLOT_NONE ? NULL : row_cell(row, slot);
        if (slot == SLOT_NONE) {
            skip_values(apply, values);
        } else if (cell == NULL) {
            row = make_places(apply, &placed, from);
            status = row == NULL ? ST_RESOURCE_EXHAUSTED : ST_OK;
        } else if (cell->word == 0 && values->n == 1) {
            apply_firsts(apply, values, from->cell_count - cursor->next_cell, row);
        } else {
            status = apply_values(apply, values, slot, cell);
        }
    }
    if (cursor->next_cell == from->cell_count) {
        cursor->next_cell = 0;
        cursor->next_row++;
    }
    if (status != ST_OK)
        tell_noted(apply);
    if (status != ST_OK && row != NULL && shard_row_is_empty(row))
        table_remove_row(apply->table, apply->shard, apply->ref);
    return status;
}

/* Applies the window's rows of one shard, up to a row. */
static enum status apply_share(struct apply *apply, const struct window *window, uint32_t end)
{
    struct apply_cursor *cursor = apply->cursor;
    struct table *table = apply->table;
    uint32_t number = apply->batch->rows[cursor->next_row].shard;
    enum status status = ST_OK;
    apply->shard = shard_set_get(&table->shards, number);
    apply->code_count = 0;
    apply->told_codes = 0;
    apply->cell_count = 0;
    heap_draw(cursor->draws);
    while (status == ST_OK && apply->budget > 0 && cursor->next_row < end)
        status = apply_row(apply, window_ref(window, cursor->next_row));
    heap_draw(false); /* unions over all keys make do without */
    tell_noted(apply);
    if (apply->code_count > 0 && table->rollups != NULL)
        rollups_feed(table->rollups, number, apply->slots, apply->codes, apply->code_count);
    return status;
}

/* Applies rows from the cursor's on, those of a window. */
static enum status apply_window(struct apply *apply, struct column_set *columns)
{
    struct window window;
    uint32_t row = apply->cursor->next_row;
    bool is_locked = apply->cursor->is_locked;
    enum status status = ST_OK;
    if (!window_open(&window, apply->table, apply->batch, row, apply->budget, is_locked))
        return ST_RESOURCE_EXHAUSTED;
    schema_refresh(&apply->table->schema, columns);
    window_fetch(&window, apply->table, columns);
    apply->has_moved = false;
    while (row < window.end) {
        struct shard *shard = shard_set_get(&apply->table->shards, apply->batch->rows[row].shard);
        uint32_t end = window_share_end(&window, row);
        if (status == ST_OK && apply->budget > 0)
            status = apply_share(apply, &window, end);
        if (!is_locked)
            shard_unlock(shard);
        row = end;
    }
    return status;
}

void table_place(struct table *table, struct batch *batch, struct apply_cursor *cursor)
{
    uint32_t counts[SHARD_COUNT] = { 0 };
    place_rows(&table->shards, batch, cursor, counts);
    if (batch->row_count > 1)
        sort_rows(batch, counts);
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
        status = apply_window(&apply, columns);
        left -= budget - apply.budget;
    }
    *done = cursor->next_row == batch->row_count;
    return status;
}
