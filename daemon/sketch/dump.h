/* dump: a cell as bytes that make the same cell again, to the last bit.
 *
 * The form is kept, the running estimate and its variance with it, so that whoever
 * goes on adding values to either cell reads the same estimates for ever. Nothing
 * says which precision, hash or seed the cell is of, and nothing guards the bytes
 * against damage: that is for whoever keeps many of them. Registers are copied as
 * they lie, so that a dump takes microseconds with a lock held.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_SKETCH_DUMP_H
#define CARDINAL_SKETCH_DUMP_H

#include "daemon/sketch/cell.h"

/* The most bytes that the dump of any cell of this shape takes. */
size_t cell_dump_max(const struct sketch_shape *shape);

/* The most that this one's takes; O(1). */
size_t cell_dump_bound(const struct cell *cell, const struct sketch_shape *shape);

/* Writes the cell's dump to out, cell_dump_bound() bytes; returns how many it took.
 * A cell of one value takes 5 bytes, or 6. */
size_t cell_dump(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out);

/* Makes *out, an empty cell, of the dump that bytes begin with; *used is its length.
 * ST_INVALID_ARGUMENT for bytes that no cell of the shape has as its dump,
 * ST_RESOURCE_EXHAUSTED: *out stays empty. */
enum status cell_load(struct cell *out, const struct sketch_shape *shape, const uint8_t *bytes,
                      size_t len, size_t *used);

#endif
