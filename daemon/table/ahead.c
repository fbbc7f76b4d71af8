#include "daemon/table/ahead.h"

#define LINE_BYTES 64u
#define BLOCK_ROWS 64u
#define BLOCK_CELLS 128u /* of a block's rows, but for the last row's */
#define ROW_CELLS 32u    /* of a row */
#define CELL_HASHES 64u  /* of a cell */

/* The end of the block of one shard's rows that begins with a row. */
static uint32_t block_end(const struct batch *batch, uint32_t from)
{
    uint32_t cells = 0;
    uint32_t end = from;
    while (end < batch->row_count && batch->rows[end].shard == batch->rows[from].shard &&
           end - from < BLOCK_ROWS && cells < BLOCK_CELLS)
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

uint32_t ahead_fetch(const struct table *table, const struct shard *shard,
                     const struct batch *batch, const struct column_set *columns, uint32_t from)
{
    const struct row *guesses[BLOCK_ROWS];
    uint32_t end = block_end(batch, from);
    for (uint32_t i = from; i < end; i++)
        shard_prefetch(shard, batch->rows[i].key_hash);
    for (uint32_t i = from; i < end; i++) {
        guesses[i - from] = shard_guess(shard, batch->rows[i].key_hash);
        if (guesses[i - from] != NULL)
            fetch_row(&batch->rows[i], guesses[i - from]);
    }
    for (uint32_t i = from; i < end; i++) {
        if (guesses[i - from] != NULL)
            fetch_cells(table, batch, columns, &batch->rows[i], guesses[i - from]);
    }
    return end;
}
