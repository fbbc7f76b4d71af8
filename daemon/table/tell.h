/* tell: hands a table's changes to its sink, numbered.
 *
 * Nothing is done for a table without a sink. All are called with the shard locked;
 * ref is the row's, which is there. A row that has
 * not been told, since it came before the sink did or row_clear_told() made it so,
 * is told as new ahead of its next change; moving it meanwhile is not told. */
#ifndef CARDINAL_TABLE_TELL_H
#define CARDINAL_TABLE_TELL_H

#include "daemon/table/table_impl.h"

void tell_row_new(const struct table *table, struct shard *shard, uint32_t ref);

/* Ahead of changes of the row's cells: it is told, if it was not. */
static inline void tell_row_known(const struct table *table, struct shard *shard, uint32_t ref)
{
    if (!row_is_told(pool_at(&shard->rows, ref)))
        tell_row_new(table, shard, ref);
}

void tell_row_moved(const struct table *table, struct shard *shard, uint32_t ref, uint32_t was);

/* Cells whose rows tell_row_known() was called for; they are where they were then. */
void tell_cells_changed(const struct table *table, struct shard *shard,
                        const struct change_cell *cells, size_t n, const uint32_t *codes);

void tell_cell_merged(const struct table *table, struct shard *shard, uint32_t ref,
                      uint32_t column_id, const struct cell *from);

/* Before the row goes. */
void tell_row_removed(const struct table *table, struct shard *shard, uint32_t ref);

#endif
