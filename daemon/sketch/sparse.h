/* sparse: the SPARSE form, the registers that are set and no tokens.
 *
 * For sketches that came without tokens and have few registers set. Takes 4
 * bytes a register and 16; laid out as
 *
 *   struct sparse_head
 *   u32 entries[room]     index << 8 | rank, sorted
 *
 * Estimated from the registers alone, in O(1) from the sums in the head. */
#ifndef CARDINAL_SKETCH_SPARSE_H
#define CARDINAL_SKETCH_SPARSE_H

#include "daemon/sketch/cell.h"

struct sparse_head {
    uint64_t kx;     /* as in struct dense_head, of all m registers */
    uint32_t at_cap; /* entries of the greatest rank */
    uint32_t unused;
};

/* Whether that many registers are few enough for a SPARSE. */
bool sparse_fits(uint32_t count, const struct sketch_shape *shape);

/* Makes *word a SPARSE of n sorted entries, DENSE if there are too many. What
 * was in *word is not freed. */
enum status sparse_build(uint64_t *word, const struct sketch_shape *shape, const uint32_t *entries,
                         uint32_t n);

/* Raises a register to rank; the word may become DENSE. */
enum status sparse_raise(uint64_t *word, const struct sketch_shape *shape, uint32_t index,
                         unsigned rank, bool *changed);

const uint32_t *sparse_entries(uint64_t word);

struct estimate sparse_estimate(uint64_t word, const struct sketch_shape *shape);

/* Bytes taken from the allocator. */
size_t sparse_bytes(uint32_t count);

#endif
