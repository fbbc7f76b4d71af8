/* The first value of a cell, without a call: what most cells of wide tables are given,
 * and all that they are given. */
#ifndef CARDINAL_SKETCH_CELL_BEGIN_H
#define CARDINAL_SKETCH_CELL_BEGIN_H

#include "daemon/sketch/cell.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

/* As cell_add_told() of one hash to an empty cell; returns the change's code. */
static inline uint32_t cell_begin(struct cell *cell, const struct sketch_shape *shape,
                                  const uint8_t *hash)
{
    uint32_t token = token_of_hash(hash_load(hash, 0), shape->precision);
    cell->word = word_of_one(token);
    return token;
}

#endif
