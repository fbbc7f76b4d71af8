#include "daemon/table/ahead.h"

#define LINE_BYTES 64u
#define BLOCK_ROWS 64u
#define BLOCK_CELLS 128u /* of a block's rows, but for the last row's */
#define ROW_CELLS 32u    /* of a row */
#define CELL_HASHES 64u  /* of a cell */

/* The end of the block that begins with a row. */
static uint32_t block_end(const struct batch *batch, uint32_t from)
{
    uint32_t cells = 0;
    uint32_t end = from;
    while (end < batch->row_count && end - from < BLOCK_ROWS && cells < BLOCK_CELLS)
        cells += batch->rows[end++].cell_count;
    return end;
}

/* The row's further lines; the first one is asked for. */
static void fetch_row(const struct batch_row *from, const struct row *row)
{
    const uint8_t *at = (const uint8_t *)row + LINE_BYTES;
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

uint32_t ahead_fetch(const struct table *table, const struct batch *batch,
                     const struct column_set *columns, uint32_t from)
{
    enum { INDEX, ROW, CELLS, PLACES };
    uint32_t end = block_end(batch, from);
    for (unsigned place = INDEX; place < PLACES; place++) {
        bool found = false;
        for (uint32_t i = from; i < end;) {
            uint32_t number = batch->rows[i].shard;
            struct shard *shard = shard_set_get(&table->shards, number);
            uint32_t first = i;
            while (i < end && batch->rows[i].shard == number)
                i++;
            if (shard == NULL || !shard_try_lock(shard))
                continue;
            for (uint32_t r = first; r < i; r++) {
                const struct batch_row *row = &batch->rows[r];
                if (place == INDEX) {
                    shard_prefetch(shard, row->key_hash);
                    found = true;
                    continue;
                }
                const struct row *guess = shard_guess(shard, row->key_hash);
                if (guess == NULL)
                    continue;
                found = true;
                if (place == CELLS)
                    fetch_cells(table, batch, columns, row, guess);
                else
                    fetch_row(row, guess);
            }
            shard_unlock(shard);
        }
        if (!found)
            break;
    }
    return end;
}
