/* unite: what the selected keys hold together, column by column.
 *
 * Over all keys the rollups are merged, and the rows of those that are stale;
 * else the rows are read, under one hold of a lock as many as take little time. */
#ifndef CARDINAL_TABLE_UNITE_H
#define CARDINAL_TABLE_UNITE_H

#include "daemon/sketch/union_scratch.h"
#include "daemon/table/table_impl.h"

/* Merges into scratches, one for each column of the set; *keys is how many keys
 * there are. On failure the scratches hold nothing of use. */
enum status table_unite(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task,
                        struct union_scratch *const *scratches, uint64_t *keys);

#endif
