/* dense_ranks: all registers of a DENSE form at once. */
#ifndef CARDINAL_SKETCH_DENSE_RANKS_H
#define CARDINAL_SKETCH_DENSE_RANKS_H

#include "daemon/sketch/dense.h"

/* Raises m ranks, a byte each, to those of *dense. */
void dense_raise_ranks(const struct dense *dense, uint8_t *ranks);

/* Makes *dense of m ranks, a byte each, at least one of them not 0, its estimate
 * that of the registers. One by one they would all be exceptions to a base of 0
 * at first. False without memory. */
bool dense_of_ranks(struct dense *dense, const struct sketch_shape *shape, const uint8_t *ranks);

#endif
