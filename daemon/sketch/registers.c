/* Cells as registers: the same for equal sets of values, whatever the form. */
#include <string.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/word.h"

void cell_registers(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    if (word_state(cell->word) == CELL_DENSE) {
        struct dense dense = dense_open(cell->word);
        for (uint32_t i = 0; i < dense.register_count; i++)
            out[i] = (uint8_t)dense_get(&dense, i);
        return;
    }
    struct entry_iter iter;
    uint32_t entry;
    memset(out, 0, shape->registers);
    entry_iter_init(&iter, cell->word, shape);
    while (entry_iter_next(&iter, &entry))
        out[entry_index(entry)] = (uint8_t)entry_rank(entry);
}

/* A register's share of the digest: shares are added up, so that order does
 * not matter, and mixed well, so that they do not cancel out (the finalizer of
 * SplitMix64). */
static uint64_t register_share(uint32_t index, unsigned rank)
{
    uint64_t x = ((uint64_t)index << 8 | rank) + 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static uint64_t digest_entries(uint64_t word, const struct sketch_shape *shape)
{
    struct entry_iter iter;
    uint32_t entry;
    uint64_t digest = 0;
    entry_iter_init(&iter, word, shape);
    while (entry_iter_next(&iter, &entry))
        digest += register_share(entry_index(entry), entry_rank(entry));
    return digest;
}

uint64_t cell_digest(const struct cell *cell, const struct sketch_shape *shape)
{
    if (word_state(cell->word) != CELL_DENSE)
        return digest_entries(cell->word, shape);
    struct dense dense = dense_open(cell->word);
    uint64_t digest = 0;
    for (uint32_t i = 0; i < dense.register_count; i++) {
        unsigned rank = dense_get(&dense, i);
        digest += rank > 0 ? register_share(i, rank) : 0;
    }
    return digest;
}
