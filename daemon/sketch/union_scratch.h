/* union_scratch: the union of many cells on its way to one estimate.
 *
 * Cells are merged in one after the other, none is changed; while only token
 * forms came in, the union stays tokens and near-exact, from the first dense
 * cell on (or when there are too many tokens) it is registers. With a single
 * contributing cell the estimate is that cell's own.
 *
 * Takes up to 1.5 * 2^p bytes and two token buffers, allocated when first needed and
 * kept over resets, so that one scratch serves many unions without allocating.
 * Thread safety: none. */
#ifndef CARDINAL_SKETCH_UNION_SCRATCH_H
#define CARDINAL_SKETCH_UNION_SCRATCH_H

#include "daemon/sketch/cell.h"

struct union_scratch;

/* A scratch for cells of this shape (copied); NULL without memory. */
struct union_scratch *union_scratch_new(const struct sketch_shape *shape);
void union_scratch_free(struct union_scratch *scratch); /* accepts NULL */

/* The most that one takes. */
size_t union_scratch_bytes_max(const struct sketch_shape *shape);

/* Empties it. */
void union_scratch_reset(struct union_scratch *scratch);

/* Merges cell in; reads it only during the call. After ST_RESOURCE_EXHAUSTED the
 * scratch is of no more use than to be reset or freed. */
enum status union_scratch_add(struct union_scratch *scratch, const struct cell *cell);

/* Says that cell is going to be added after the one that is added next: its
 * memory is on its way meanwhile. Nothing comes of it if it is not. */
void union_scratch_expect(struct union_scratch *scratch, const struct cell *cell);

struct estimate union_scratch_estimate(struct union_scratch *scratch);

#endif
