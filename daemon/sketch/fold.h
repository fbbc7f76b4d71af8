/* fold: a sketch at a lower precision, as if it had been counted there.
 *
 * Nothing is lost on the way that the lower precision would have kept: tokens
 * fold to tokens, registers to registers. */
#ifndef CARDINAL_SKETCH_FOLD_H
#define CARDINAL_SKETCH_FOLD_H

#include "daemon/sketch/cell.h"

/* Folds 2^from ranks, a byte each, into 2^to of them; to <= from. */
void fold_registers(const uint8_t *ranks, unsigned from, uint8_t *out, unsigned to);

/* Makes the empty cell *out what *cell, of shape from, is at the shape to, of
 * no higher precision. Tokens that are too many there become registers; an
 * estimate kept with registers starts anew from them. On failure
 * (ST_INVALID_ARGUMENT for a higher precision) *out stays empty. */
enum status cell_fold(const struct cell *cell, const struct sketch_shape *from, struct cell *out,
                      const struct sketch_shape *to);

#endif
