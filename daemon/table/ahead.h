/* ahead: rows of a batch that are applied together, looked up before that.
 *
 * A window is up to 64 rows, one after the other in the batch, with the shards
 * they are in, locked. Their memory is asked for in steps, each for all of
 * them, so that the CPU waits for many lines at a time: of the index, then of
 * the rows, then of the cells. Rows of one shard would be too few for that.
 *
 * The first shard's lock is waited for. The others are taken as long as they
 * are free: whoever holds one works on it, and a window that waited there with
 * locks in its hands would stop others in turn. */
#ifndef CARDINAL_TABLE_AHEAD_H
#define CARDINAL_TABLE_AHEAD_H

#include "daemon/table/batch.h"
#include "daemon/table/table_impl.h"

#define WINDOW_ROWS 64u

struct window {
    const struct batch *batch;
    uint32_t first;             /* row */
    uint32_t end;               /* behind the last row */
    uint32_t refs[WINDOW_ROWS]; /* of the rows when they were looked up; 0: not found */
};

/* Opens a window from a row on, which is not the batch's end, of about max_cells
 * cells at most; false without memory. The caller unlocks the shards, but for when
 * is_locked says that he has locked all of the batch's. */
bool window_open(struct window *window, struct table *table, const struct batch *batch,
                 uint32_t first, size_t max_cells, bool is_locked);

/* Looks the rows up and has their memory fetched; columns are those that the schema has
 * now. */
void window_fetch(struct window *window, const struct table *table,
                  const struct column_set *columns);

/* The end of the window's rows that are in the shard of a row. */
uint32_t window_share_end(const struct window *window, uint32_t row);

/* The reference that a row of the window had. */
static inline uint32_t window_ref(const struct window *window, uint32_t row)
{
    return window->refs[row - window->first];
}

#endif
