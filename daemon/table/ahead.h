/* ahead: asks the CPU for the memory of a batch's rows before they are applied.
 *
 * A row is reached through four places that are seldom in the cache: the index,
 * the row, its cells and what they own. Of a batch of a thousand values a shard
 * gets a dozen rows, too few to hide one miss behind another, so a block of rows
 * of many shards is taken through one place after the other. Each visit of a
 * shard takes its lock for itself, and passes by where that is taken: nobody
 * waits for a hint.
 *
 * Thread safety: every function may be called from any thread. */
#ifndef CARDINAL_TABLE_AHEAD_H
#define CARDINAL_TABLE_AHEAD_H

#include "daemon/table/batch.h"
#include "daemon/table/table_impl.h"

/* Asks for what the batch's next rows need, which are in shard order and begin
 * with `from`; returns the first row that it did not look at. */
uint32_t ahead_fetch(const struct table *table, const struct batch *batch,
                     const struct column_set *columns, uint32_t from);

#endif
