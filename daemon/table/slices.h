/* slices: all rows of a table for whoever copies them while they change.
 *
 * Rows come a slice at a time, shard by shard and within one in key order; a slice
 * is read under one hold of its shard's lock, so that it is the rows as they were
 * at one moment, with the number of the change (change_sink.h) that was told last
 * by then. A row of many cells, or large ones, may be of several slices, a share of
 * its columns each. The slices of a stream follow each other without a gap: each covers
 * the cells beyond the last one's, by key and then by column, up to its own last, the
 * final one all beyond. So whoever has the slices and all changes told since the first
 * of them has the table: a change of a cell is in the slice that covers it, or is
 * numbered above; the removal of a row may be in some of its slices and not in others.
 *
 * A row that was taken counts as not told (tell.h): its next change tells its key
 * again, so that what was told before the walk is not needed to read what comes.
 *
 * Thread safety: a walk belongs to one thread; the table may change meanwhile. */
#ifndef CARDINAL_TABLE_SLICES_H
#define CARDINAL_TABLE_SLICES_H

#include "daemon/table/table.h"
#include "daemon/table/table_image.h"

#define SLICE_ROWS_MAX 48u
#define SLICE_CELLS_MAX 128u
#define SLICE_WHOLE_ROW UINT32_MAX /* beyond all ids of columns */

struct slice {
    uint32_t stream;
    uint64_t sequence;
    uint32_t version;       /* of the table, as in its image: the columns of the cells */
    struct bytes_view last; /* key, good until the next slice; unless it is final */
    uint32_t last_column;   /* id up to which it has the last row; or SLICE_WHOLE_ROW */
    bool is_final;          /* the last of its stream */
};

/* A row's cells that are not empty, in the columns there are, by ascending ids. */
struct slice_row {
    struct bytes_view key;
    bool is_rest; /* the cells before these were in the slice before */
    uint32_t count;
    const uint32_t *column_ids;
    const struct cell *cells;
};

/* Called with the shard locked, so keep it short. Returns how many of the row's cells it
 * takes; less than all ends the slice behind them, and the next one begins there. None of
 * the first row of a slice: the walk does not get on. */
typedef uint32_t slice_visit(const struct slice_row *row, void *arg);

/* Where a walk is. */
struct slices {
    struct table *table;
    uint32_t shard;
    bool begun; /* last is the key before the next slice */
    uint8_t last[KEY_MAX_BYTES];
    size_t last_len;
    uint32_t last_column; /* of the key; SLICE_WHOLE_ROW: all of it was taken */
    struct column_set columns;
    uint32_t ids[COLUMNS_MAX];
    struct cell cells[COLUMNS_MAX];
};

void slices_begin(struct slices *slices, struct table *table);

/* Takes visit over the next slice, which may be of no rows; false: there was none. */
bool slices_next(struct slices *slices, slice_visit *visit, void *arg, struct slice *out);

/* The table as it is now, but for its rows; names point into *info. */
void table_read_image(struct table *table, struct table_image *image, struct table_info *info);

#endif
