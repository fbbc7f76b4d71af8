/* change_sink: who is told of each effective change of a table, as it happens.
 *
 * What a table holds is what its changes make: whoever applies them in order to
 * an empty table comes to the same digest and, to the last digit, the same
 * estimates. A value that changes no sketch is not told, so that at a steady
 * state there is next to nothing to tell.
 *
 * Order: the changes of one key are told in the order they took effect. Every
 * change belongs to a stream, within which they are numbered 1, 2, 3 .. without
 * a gap; a key stays in its stream while the process runs, and no longer: a
 * stream's number and a row's id mean nothing to the next process, and must not
 * be relied on by what is written to disk but for the one run they belong to.
 *
 * Rows: a row is named by a number of 32 bits within its stream. row_new tells
 * its key before anything else of it, also of a row that was there before the
 * sink was, and again, with another number maybe, once a copy of the table has
 * been made of it (slices.h); row_moved gives it another number, and a number may
 * be given to a new row once it is free.
 *
 * Columns are named by id, never used again within a table. Tables and their
 * columns are told of before the change can be seen, so ahead of all that comes of
 * it. Streams know nothing of each other nor of the tables: changes of a dropped
 * column or table, and the removal of rows that the drop of a column has emptied,
 * may still come after it was told.
 *
 * Thread safety: the functions are called from any thread, those of one stream
 * one at a time, with the lock of a share of the table's rows held, those of
 * tables one at a time, with the catalog's lock held. They must not wait for long,
 * nor call the table; what they are pointed to is theirs until they return. */
#ifndef CARDINAL_TABLE_CHANGE_SINK_H
#define CARDINAL_TABLE_CHANGE_SINK_H

#include "daemon/sketch/cell.h"
#include "daemon/table/selector.h"
#include "daemon/table/table_image.h"
#include "proto/status.h"

/* A change's place among the table's. */
struct change_place {
    uint64_t table_id;
    uint64_t sequence; /* within the stream */
    uint32_t stream;
};

struct change_row {
    uint32_t id;
    struct bytes_view key;
};

/* A cell's changes: codes for cell_replay(), in order, of those that come with it. */
struct change_cell {
    uint32_t row; /* its id */
    uint32_t column_id;
    uint32_t count; /* of codes, behind those of the cell before */
};

struct change_sink {
    void (*row_new)(struct change_sink *sink, const struct change_place *place,
                    const struct change_row *row);

    /* The row goes by row->id from here on. */
    void (*row_moved)(struct change_sink *sink, const struct change_place *place,
                      const struct change_row *row, uint32_t was);

    /* n changes, at least one, numbered from place->sequence on. */
    void (*cells_changed)(struct change_sink *sink, const struct change_place *place,
                          const struct change_cell *cells, size_t n, const uint32_t *codes);

    /* A whole cell of that shape, for cell_merge(). */
    void (*cell_merged)(struct change_sink *sink, const struct change_place *place,
                        const struct change_row *row, uint32_t column_id, const struct cell *from,
                        const struct sketch_shape *shape);

    /* The row's cells go with it; its number is free. */
    void (*row_removed)(struct change_sink *sink, const struct change_place *place,
                        const struct change_row *row);

    /* A table is to be made, to be as the image says from now on, to be dropped. An
     * error refuses the change. */
    enum status (*table_created)(struct change_sink *sink, const struct table_image *image);
    enum status (*table_altered)(struct change_sink *sink, const struct table_image *image);
    enum status (*table_dropped)(struct change_sink *sink, uint64_t table_id);
};

#endif
