/* Cells of registers that came without tokens. What is done is in proportion to
 * the registers given: a list of few costs little at any precision. */
#include "daemon/memory/heap.h"
#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/dense_ranks.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/word.h"

enum status cell_from_registers(struct cell *cell, const struct sketch_shape *shape,
                                const uint8_t *ranks)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < shape->registers; i++) {
        if (ranks[i] > 65u - shape->precision)
            return ST_INVALID_ARGUMENT;
        n += ranks[i] != 0;
    }
    if (n == 0) {
        cell->word = 0;
        return ST_OK;
    }
    if (!sparse_fits(n, shape)) {
        struct dense dense;
        if (!dense_of_ranks(&dense, shape, ranks))
            return ST_RESOURCE_EXHAUSTED;
        cell->word = dense_close(&dense);
        return ST_OK;
    }
    uint32_t *entries = heap_alloc(n * sizeof *entries);
    if (entries == NULL)
        return ST_RESOURCE_EXHAUSTED;
    n = 0;
    for (uint32_t i = 0; i < shape->registers; i++) {
        if (ranks[i] != 0)
            entries[n++] = entry_make(i, ranks[i]);
    }
    enum status status = sparse_build(&cell->word, shape, entries, n);
    heap_free(entries);
    return status;
}

enum status cell_from_entries(struct cell *cell, const struct sketch_shape *shape,
                              const uint32_t *entries, uint32_t n)
{
    if (n == 0) {
        cell->word = 0;
        return ST_OK;
    }
    if (sparse_fits(n, shape))
        return sparse_build(&cell->word, shape, entries, n);
    uint8_t *ranks = heap_alloc_zeroed(shape->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < n; i++)
        ranks[entry_index(entries[i])] = (uint8_t)entry_rank(entries[i]);
    enum status status = cell_from_registers(cell, shape, ranks);
    heap_free(ranks);
    return status;
}
