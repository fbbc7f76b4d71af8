/* Cells as registers: the same for equal sets of values, whatever the form. */
#include <string.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/dense_ranks.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/kernels.h"
#include "daemon/sketch/word.h"

void cell_registers(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    memset(out, 0, shape->registers);
    if (word_state(cell->word) == CELL_DENSE) {
        struct dense dense = dense_open(cell->word);
        dense_raise_ranks(&dense, out);
        return;
    }
    struct entry_iter iter;
    uint32_t entry;
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

/* A stretch of registers at a time: those of a full nibble are listed, and are put
 * right at the end. */
static uint64_t digest_nibbles(const struct dense *dense)
{
    enum { STEP = 256 }; /* the least that there are */
    uint64_t digest = 0;
    for (uint32_t first = 0; first < dense->register_count; first += STEP) {
        uint8_t ranks[STEP] = { 0 };
        kernels_best()->ranks_raise(ranks, dense->registers + first / 2, STEP / 2, dense->base);
        for (uint32_t i = 0; i < STEP; i++)
            digest += register_share(first + i, ranks[i]) & -(uint64_t)(ranks[i] != 0);
    }
    for (uint32_t i = 0; i < dense->head->exception_count; i++) {
        uint32_t index = entry_index(dense->exceptions[i]);
        digest += register_share(index, entry_rank(dense->exceptions[i])) -
                  register_share(index, dense->base + NIBBLE_FULL);
    }
    return digest;
}

static uint64_t digest_bytes(const struct dense *dense)
{
    uint64_t digest = 0;
    for (uint32_t i = 0; i < dense->register_count; i++)
        digest += dense->registers[i] > 0 ? register_share(i, dense->registers[i]) : 0;
    return digest;
}

uint64_t cell_digest(const struct cell *cell, const struct sketch_shape *shape)
{
    if (word_state(cell->word) != CELL_DENSE)
        return digest_entries(cell->word, shape);
    struct dense dense = dense_open(cell->word);
    return dense.is_bytes ? digest_bytes(&dense) : digest_nibbles(&dense);
}
