/* dense_ranks: a DENSE form made from all its registers at once. */
#ifndef CARDINAL_SKETCH_DENSE_RANKS_H
#define CARDINAL_SKETCH_DENSE_RANKS_H

#include "daemon/sketch/dense.h"

/* Makes *dense of m ranks, a byte each, at least one of them not 0, its estimate
 * that of the registers. One by one they would all be exceptions to a base of 0
 * at first. False without memory. */
bool dense_of_ranks(struct dense *dense, const struct sketch_shape *shape, const uint8_t *ranks);

#endif
