/* rollup: the union of many cells, kept while they change.
 *
 * A value that leaves a cell as it is cannot change a union that the cell is
 * in, so a rollup is fed with the codes of changes alone (change.h). It holds
 * tokens in a hash table while they are few, and beyond that a byte a register,
 * raised without a branch: of the changes of many cells it cannot be foretold
 * which raise the union too.
 *
 * It cannot be taken from: rollup_may_owe() says whether a cell that goes may
 * have raised something. Zeroed memory is an empty rollup. Takes at most 2^p
 * bytes. Thread safety: none. */
#ifndef CARDINAL_SKETCH_ROLLUP_H
#define CARDINAL_SKETCH_ROLLUP_H

#include "daemon/sketch/cell.h"
#include "daemon/sketch/token_set.h"
#include "daemon/sketch/union_scratch.h"

struct rollup {
    struct token_set tokens; /* empty beside ranks */
    uint8_t *ranks;          /* of all registers; NULL: tokens */
    uint32_t register_count; /* of ranks */
};

/* Feeds n codes. After ST_RESOURCE_EXHAUSTED, here and below, it is of no
 * more use than to be released. */
enum status rollup_feed(struct rollup *rollup, const struct sketch_shape *shape,
                        const uint32_t *codes, size_t n);

/* Feeds all that a cell holds. */
enum status rollup_feed_cell(struct rollup *rollup, const struct sketch_shape *shape,
                             const struct cell *cell);

/* May the rollup be less without this cell, which was fed to it? */
bool rollup_may_owe(const struct rollup *rollup, const struct sketch_shape *shape,
                    const struct cell *cell);

/* Merges the rollup into a union, as many cells. */
enum status rollup_unite(const struct rollup *rollup, struct union_scratch *scratch);

/* Bytes of memory it owns. O(1). */
size_t rollup_bytes(const struct rollup *rollup);

/* Frees what it owns and makes it empty. */
void rollup_release(struct rollup *rollup);

#endif
