/* slices: all rows of a table for whoever copies them while they change.
 *
 * Rows come a slice at a time, shard by shard and within one in key order; a slice
 * is read under one hold of its shard's lock, so that it is the rows as they were
 * at one moment, with the number of the change (change_sink.h) that was told last
 * by then. The slices of a stream follow each other without a gap: each covers the
 * keys beyond the last one's up to its own last, the final one all keys beyond.
 * So whoever has the slices and all changes told since the first of them has the
 * table: a change of a key is in the slice that covers it, or is numbered above.
 *
 * A row that was taken counts as not told (tell.h): its next change tells its key
 * again, so that what was told before the walk is not needed to read what comes.
 *
 * Thread safety: a walk belongs to one thread; the table may change meanwhile. */
#ifndef CARDINAL_TABLE_SLICES_H
#define CARDINAL_TABLE_SLICES_H

#include "daemon/table/table.h"
#include "daemon/table/table_image.h"

#define SLICE_ROWS_MAX 256u

struct slice {
    uint32_t stream;
    uint64_t sequence;
    uint32_t version;       /* of the table, as in its image: the columns of the cells */
    struct bytes_view last; /* key, good until the next slice; unless it is final */
    bool is_final;          /* the last of its stream */
};

/* A row's cells that are not empty, in the columns there are. */
struct slice_row {
    struct bytes_view key;
    uint32_t count;
    const uint32_t *column_ids;
    const struct cell *cells;
};

/* Called with the shard locked, so keep it short; false ends the slice before this row,
 * which then begins the next one, unless it is the first of its slice. */
typedef bool slice_visit(const struct slice_row *row, void *arg);

/* Where a walk is. */
struct slices {
    struct table *table;
    uint32_t shard;
    bool begun; /* last is the key before the next slice */
    uint8_t last[KEY_MAX_BYTES];
    size_t last_len;
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
