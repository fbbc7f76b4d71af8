/* restore: tables, rows and cells made again from what was kept of them.
 *
 * A table is restored outside of its catalog, where it may have any name for a
 * while, and comes into it when it is as it was. It tells no sink yet. What is read
 * from a disk may be hostile: what cannot be is refused with ST_INVALID_ARGUMENT,
 * and the table stays sound. ST_RESOURCE_EXHAUSTED: memory ran out.
 *
 * Thread safety: rows may be restored and changes replayed by several threads, each
 * key by one of them; table_restore_image() while no rows of its table are. */
#ifndef CARDINAL_TABLE_RESTORE_H
#define CARDINAL_TABLE_RESTORE_H

#include "daemon/table/catalog.h"
#include "daemon/table/table_image.h"

/* Makes the table of an image, with its id, to come into the catalog later; the
 * reference is the caller's. */
enum status table_restore(const struct catalog *catalog, const struct table_image *image,
                          table_bury *bury, struct table **out, struct error *err);

/* Gives the table the name and columns of a later image of it. */
enum status table_restore_image(struct table *table, const struct table_image *image,
                                struct error *err);

/* The version of the image that the table was given last. */
uint32_t table_version(struct table *table);

/* Puts a restored table into the catalog, which takes a reference of its own.
 * ST_INVALID_ARGUMENT: there is one of its name. */
enum status catalog_admit(struct catalog *catalog, struct table *table, struct error *err);

/* The number that the next new table gets is this at least. */
void catalog_raise_next_id(struct catalog *catalog, uint64_t next_id);

/* A cell on its way into a row, which owns it from then on, whether or not it came in. */
struct restored_cell {
    uint32_t column_id;
    struct cell cell;
};

/* Adds a row that is not there yet; cells of columns that are gone are dropped. */
enum status table_restore_row(struct table *table, struct column_set *columns,
                              struct bytes_view key, struct restored_cell *cells, uint32_t count);

/* Adds cells to a row, made if need be, that has none yet in their columns. */
enum status table_restore_cells(struct table *table, struct column_set *columns,
                                struct bytes_view key, struct restored_cell *cells, uint32_t count);

/* Applies n codes, 4 bytes each, little-endian, to a key's cell, made if need be.
 * Of a column that is gone: nothing. */
enum status table_replay_codes(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t column_id, const uint8_t *codes,
                               size_t n);

/* Merges a cell into a key's, likewise. */
enum status table_replay_merge(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t column_id, const struct cell *from);

/* Removes the key's row if there is one. */
void table_replay_remove(struct table *table, struct bytes_view key);

/* Empties the cells of a key's row in the columns up to that id, and removes the row if
 * no other is left. */
void table_replay_remove_cells(struct table *table, struct column_set *columns,
                               struct bytes_view key, uint32_t last_column);

#endif
