/* need: what a cell may take of the heap, told before it does. */
#ifndef CARDINAL_SKETCH_NEED_H
#define CARDINAL_SKETCH_NEED_H

#include "daemon/sketch/cell.h"

/* Bytes of the largest block that any cell of the shape owns, and of a block of
 * tokens. */
size_t sketch_block_max(const struct sketch_shape *shape);

/* Bytes of blocks that cell_add() of these hashes allocates at most, one after
 * the other, for as long as they stay; 0 where it allocates none. */
size_t cell_need(const struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                 size_t n);

/* The same for cell_merge(), with what it takes for a moment. */
size_t cell_merge_need(const struct cell *into, const struct cell *from,
                       const struct sketch_shape *shape);

#endif
