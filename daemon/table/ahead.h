/* ahead: asks the CPU for the memory of a batch's rows before they are applied.
 *
 * A row is reached through four places that are seldom in the cache: the index,
 * the row, its cells and what they own. A block of rows of one shard is taken
 * through one place after the other, so that their misses overlap.
 *
 * Thread safety: none; the shard is locked. */
#ifndef CARDINAL_TABLE_AHEAD_H
#define CARDINAL_TABLE_AHEAD_H

#include "daemon/table/batch.h"
#include "daemon/table/table_impl.h"

/* Asks for what the shard's next rows of the batch need, which begin with `from`;
 * returns the first row that it did not look at. */
uint32_t ahead_fetch(const struct table *table, const struct shard *shard,
                     const struct batch *batch, const struct column_set *columns, uint32_t from);

#endif
