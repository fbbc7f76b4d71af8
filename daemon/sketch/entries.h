/* entries: registers as a sorted list of index << 8 | rank, none of rank 0.
 *
 * What any form but DENSE turns into when registers are wanted. */
#ifndef CARDINAL_SKETCH_ENTRIES_H
#define CARDINAL_SKETCH_ENTRIES_H

#include "daemon/sketch/cell.h"
#include "daemon/sketch/tokens.h"

static inline uint32_t entry_make(uint32_t index, unsigned rank)
{
    return index << 8 | rank;
}

static inline uint32_t entry_index(uint32_t entry)
{
    return entry >> 8;
}

static inline unsigned entry_rank(uint32_t entry)
{
    return entry & 255u;
}

/* Where the entry of index is in a list, or belongs. */
static inline uint32_t entries_find(const uint32_t *entries, uint32_t n, uint32_t index)
{
    uint32_t at = 0;
    while (n > 0) {
        uint32_t half = n / 2;
        if (entry_index(entries[at + half]) < index) {
            at += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return at;
}

/* Goes through the entries of a cell that is not DENSE, in order. The word
 * must stay as it is meanwhile. */
struct entry_iter {
    struct token_iter tokens;
    const uint32_t *next; /* SPARSE */
    uint32_t left;        /* SPARSE */
    uint32_t ahead;       /* the token read last, to be taken next */
    bool has_ahead;
    uint8_t precision;
};

void entry_iter_init(struct entry_iter *iter, uint64_t word, const struct sketch_shape *shape);

/* The next entry into *entry; false at the end. */
bool entry_iter_next(struct entry_iter *iter, uint32_t *entry);

/* Raises the registers of *dense to those of word, which is not DENSE;
 * *changed says whether any was raised. On ST_RESOURCE_EXHAUSTED some may have
 * been. */
enum status entries_raise(struct dense *dense, const struct sketch_shape *shape, uint64_t word,
                          bool *changed);

/* The same for one that is new, all at 0: much faster. ST_RESOURCE_EXHAUSTED leaves it of
 * no use. */
enum status entries_fill(struct dense *dense, const struct sketch_shape *shape, uint64_t word);

/* The union of two cells that are not DENSE, into out, which has room for the
 * counts of both. Returns how many entries there are. */
uint32_t entries_union(uint64_t a, uint64_t b, const struct sketch_shape *shape, uint32_t *out);

/* Makes an empty cell one of n entries, in order of their indices, each once, of
 * ranks from 1 to 65 - p: SPARSE, or DENSE where they are many. On
 * ST_RESOURCE_EXHAUSTED the cell stays empty. */
enum status cell_from_entries(struct cell *cell, const struct sketch_shape *shape,
                              const uint32_t *entries, uint32_t n);

#endif
