#include "daemon/table/ahead.h"

#define LINE_BYTES 64u
#define WINDOW_CELLS 128u /* but for the last row's */
#define ROW_CELLS 32u     /* of a row that are fetched */
#define CELL_HASHES 64u   /* of a cell */

/* The first row behind those of a row's shard, up to an end. */
static uint32_t share_end(const struct batch *batch, uint32_t row, uint32_t end)
{
    uint32_t shard = batch->rows[row].shard;
    while (row < end && batch->rows[row].shard == shard)
        row++;
    return row;
}

/* Where a window that begins with a row ends at the latest. */
static uint32_t latest_end(const struct batch *batch, uint32_t first, size_t max_cells)
{
    size_t cells = 0;
    uint32_t end = first;
    if (max_cells > WINDOW_CELLS)
        max_cells = WINDOW_CELLS;
    while (end < batch->row_count && end - first < WINDOW_ROWS && cells < max_cells)
        cells += batch->rows[end++].cell_count;
    return end;
}

bool window_open(struct window *window, struct table *table, const struct batch *batch,
                 uint32_t first, size_t max_cells, bool is_locked)
{
    uint32_t end = latest_end(batch, first, max_cells);
    uint32_t row = first;
    while (row < end) {
        struct shard *shard = shard_set_make(&table->shards, batch->rows[row].shard);
        if (shard == NULL && row == first)
            return false;
        if (shard == NULL)
            break;
        if (!is_locked && row == first)
            shard_lock(shard, HOLD_INGEST);
        else if (!is_locked && !shard_try_lock(shard, HOLD_INGEST))
            break;
        row = share_end(batch, row, end);
    }
    window->batch = batch;
    window->first = first;
    window->end = row;
    return true;
}

uint32_t window_share_end(const struct window *window, uint32_t row)
{
    return share_end(window->batch, row, window->end);
}

static const struct shard *shard_of(const struct table *table, const struct batch_row *row)
{
    return shard_set_get(&table->shards, row->shard);
}

/* Asks for all lines of a row. */
static void fetch_row(const struct batch_row *from, const struct row *row)
{
    const uint8_t *at = (const uint8_t *)row;
    const uint8_t *end = row->key + from->key_len + from->cell_count * sizeof(struct cell);
    for (; at < end; at += LINE_BYTES)
        __builtin_prefetch(at, 1);
}

static void fetch_cells(const struct table *table, const struct batch *batch,
                        const struct column_set *columns, const struct batch_row *from,
                        const struct row *row)
{
    uint32_t count = from->cell_count < ROW_CELLS ? from->cell_count : ROW_CELLS;
    for (uint32_t i = 0; i < count; i++) {
        const struct batch_cell *values = &batch->cells[from->first_cell + i];
        const struct cell *cell = row_cell(row, columns->slots[values->column]);
        if (cell != NULL)
            cell_prefetch(cell, &table->shape, values->hashes,
                          values->n < CELL_HASHES ? values->n : CELL_HASHES);
    }
}

void window_fetch(struct window *window, const struct table *table,
                  const struct column_set *columns)
{
    const struct batch_row *rows = &window->batch->rows[window->first];
    uint32_t count = window->end - window->first;
    for (uint32_t i = 0; i < count; i++)
        shard_prefetch(shard_of(table, &rows[i]), rows[i].key_hash);
    for (uint32_t i = 0; i < count; i++) {
        const struct shard *shard = shard_of(table, &rows[i]);
        window->refs[i] = shard_guess(shard, rows[i].key_hash);
        if (window->refs[i] != 0)
            fetch_row(&rows[i], pool_at(&shard->rows, window->refs[i]));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct shard *shard = shard_of(table, &rows[i]);
        if (window->refs[i] == 0)
            continue;
        const struct row *row = pool_at(&shard->rows, window->refs[i]);
        if (row_has_key(row, rows[i].key, rows[i].key_len))
            fetch_cells(table, window->batch, columns, &rows[i], row);
        else
            window->refs[i] = 0;
    }
}
