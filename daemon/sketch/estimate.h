/* estimate: from what a sketch knows to how many values there are.
 *
 * Tokens are counted: n values share the 2^24 tokens, so that about
 * n (n - 1) / 2^25 of them are hidden behind others. Registers are read with
 * the improved raw estimator (Ertl, "New cardinality estimation algorithms for
 * HyperLogLog sketches", 2017, algorithm 6), which needs no bias table and
 * holds from 0 to the end of the 64-bit hash. */
#ifndef CARDINAL_SKETCH_ESTIMATE_H
#define CARDINAL_SKETCH_ESTIMATE_H

#include "daemon/sketch/cell.h"

/* n values from n distinct tokens. */
struct estimate estimate_tokens(uint32_t n);

/* What the estimator needs of m registers: kx as in struct dense_head, how many
 * are 0, how many at the greatest rank. */
struct register_sums {
    uint64_t kx;
    uint32_t zeros;
    uint32_t at_cap;
};

struct estimate estimate_registers(const struct register_sums *sums,
                                   const struct sketch_shape *shape);

#endif
