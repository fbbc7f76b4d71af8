/* table: sketches by key and column, spread over independently locked shards.
 *
 * A table has an id that is never used again, a hash, a seed and a precision,
 * which never change, and up to 256 columns, which come and go. A key has a
 * row, a row a cell for each column. Rows never leave the lock that guards
 * them. Shards are made when first used; keys are placed by a random seed of
 * the process, never by the bits of a value's hash.
 *
 * Thread safety: every function may be called from any thread while the caller
 * holds a reference (table_ref(), or one that the catalog gave out). A dropped
 * table stays whole, only out of reach, until its last reference goes.
 *
 * Time: no lock is held for more than TABLE_LOCK_VALUES values or rows at a
 * stretch. What goes over many keys reads each key atomically, not the whole
 * at one moment, asks `task` between stretches whether to go on, and returns
 * what stopped it (ST_CANCELLED, ST_DEADLINE_EXCEEDED) with its outputs
 * untouched, unless told otherwise. */
#ifndef CARDINAL_TABLE_TABLE_H
#define CARDINAL_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/overlap.h"
#include "daemon/table/batch.h"
#include "daemon/table/selector.h"
#include "proto/ack.h"
#include "proto/names.h"
#include "proto/status.h"
#include "proto/value_hash.h"

struct table;

#define TABLE_LOCK_VALUES 1024u /* values applied, or rows read, under one hold of a lock */

/* Asked between stretches of long work: ST_OK to go on, else why to stop. */
struct task {
    enum status (*check)(void *arg);
    void *arg;
};

/* A column as the outside sees it. */
struct column_info {
    char name[NAME_MAX_BYTES + 1];
    uint32_t id; /* unique within the table's life */
};

/* A table as it was at one moment. */
struct table_info {
    uint64_t id;
    char name[NAME_MAX_BYTES + 1];
    uint8_t precision;
    enum hash_kind hash;
    uint64_t seed;
    uint64_t keys;
    uint64_t cells; /* not empty */
    uint64_t bytes; /* memory taken by rows, sketches, indices and rollups */
    bool rollup;    /* are unions over all keys kept? */
    uint32_t column_count;
    struct column_info columns[COLUMNS_MAX]; /* in the order they were added */
};

/* Columns that a request named, found in the table's schema. Plain data; one
 * dropped since reads as empty and swallows what is written to it. */
struct column_set {
    uint32_t count;
    uint32_t schema_version;
    uint32_t ids[COLUMNS_MAX];
    uint16_t slots[COLUMNS_MAX];
};

struct table *table_ref(struct table *table);
void table_unref(struct table *table); /* accepts NULL */

/* Called with a table whose last reference is gone, on the thread that gave it
 * back: it calls table_free(), now or elsewhere, since that may take long. */
typedef void table_bury(struct table *table);
void table_free(struct table *table);

/* These never change. */
uint64_t table_id(const struct table *table);
const struct value_hasher *table_hasher(const struct table *table);
const struct sketch_shape *table_shape(const struct table *table);
enum ack table_ack(const struct table *table); /* of writes that do not say */

/* Fills *info; name and columns are of one moment, counts may lag behind
 * writers at work. */
void table_describe(struct table *table, struct table_info *info);

/* Finds columns by name. count == 0: all of them, in the order they were added.
 * ST_NOT_FOUND names the missing one; ST_INVALID_ARGUMENT: one named twice, or
 * more than COLUMNS_MAX. */
enum status table_find_columns(struct table *table, const struct bytes_view *names, size_t count,
                               struct column_set *set, struct error *err);

/* The names of a set's columns, as they are now; a dropped one reads "". */
void table_column_names(struct table *table, const struct column_set *set,
                        char (*names)[NAME_MAX_BYTES + 1]);

/* Where table_apply() is in a batch; zeroed before the first call. */
struct apply_cursor {
    uint32_t next_row; /* in shard order */
    uint32_t next_cell;
    uint32_t next_hash;
    uint64_t values;       /* applied so far */
    bool is_placed;        /* table_place() was done */
    bool is_locked;        /* all its shards are, by the caller */
    bool draws;            /* on what was reserved */
    uint64_t shards;       /* that the batch's rows go to, a bit each; by table_place() */
    size_t keys_bytes;     /* of the rows' keys, by table_place() */
    size_t cell_count;     /* of the rows', by table_place() */
    size_t reserved_bytes; /* by table_admit() */
    uint64_t changes;      /* values so far that changed a sketch */
};

/* Places the batch's rows in the order of their shards: the part of table_apply()
 * that cannot be sliced, to be done beforehand where a large batch would keep a
 * loop waiting. */
void table_place(struct table *table, struct batch *batch, struct apply_cursor *cursor);

/* Sees to it that all of a batch can be applied: reserves what it may need, or,
 * where that much is not left, applies it at once with its shards locked, if what
 * it needs is there. ST_RESOURCE_EXHAUSTED names the table, with nothing changed.
 * After ST_OK table_apply() cannot fail, and table_release() gives back what was
 * reserved. */
enum status table_admit(struct table *table, struct batch *batch, struct column_set *columns,
                        struct apply_cursor *cursor, struct error *err);
void table_release(struct table *table, struct apply_cursor *cursor);

/* Applies up to about max_values of a checked batch from where *cursor stands,
 * fewer where cells grow such that each took as long as many values, and moves it
 * on; *done says that nothing is left. columns is the set that the batch's column
 * indices count through. ST_RESOURCE_EXHAUSTED when memory ran out in a batch that
 * was not admitted: what was applied stays. */
enum status table_apply(struct table *table, struct batch *batch, struct column_set *columns,
                        struct apply_cursor *cursor, size_t max_values, bool *done);

/* Estimates of one key, columns->count of them, all zero if there is no such key;
 * returns whether there is. Reads the key atomically. */
bool table_estimate(struct table *table, struct bytes_view key, struct column_set *columns,
                    struct estimate *out);

/* As table_estimate() for n keys, columns->count estimates each, one after the
 * other, with the memory of later keys fetched ahead. */
void table_estimate_many(struct table *table, const struct bytes_view *keys, size_t n,
                         struct column_set *columns, struct estimate *out, bool *found);

/* One estimate per column over all selected keys, and how many keys there
 * were, each counted once. */
enum status table_union(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task, struct estimate *out,
                        uint64_t *keys, struct error *err);

/* Receives one key of a scan, in key order; false ends the page before it. */
typedef bool table_scan_visit(struct bytes_view key, const struct estimate *estimates, void *arg);

/* Visits up to limit selected keys in bytewise order, those after `after` only
 * (NULL: from the first), with no lock held during a visit. Keys that are there
 * throughout are visited once over the pages of a scan. *more says that a
 * further page may have keys. Not for lists. */
enum status table_scan(struct table *table, const struct selector *selector,
                       const struct bytes_view *after, size_t limit, struct column_set *columns,
                       const struct task *task, table_scan_visit *visit, void *arg, bool *more,
                       struct error *err);

/* Visits the limit (1 .. TOP_KEYS_MAX) selected keys with the most values in the
 * one column of the set, the most first, keys of equal estimates in bytewise
 * order, those without a value not at all. Takes 1 KiB a key of the limit. */
enum status table_top(struct table *table, const struct selector *selector, size_t limit,
                      struct column_set *columns, const struct task *task, table_scan_visit *visit,
                      void *arg, struct error *err);

/* Removes the selected keys; *deleted counts them, also when it is stopped. */
enum status table_delete(struct table *table, const struct selector *selector,
                         const struct task *task, uint64_t *deleted, struct error *err);

/* Merges what the selected keys hold into the key `into`, in every column; *keys
 * counts the keys that exist, *changes the cells of `into` that changed. When it
 * is stopped nothing has changed. */
enum status table_merge(struct table *table, const struct selector *from, struct bytes_view into,
                        const struct task *task, uint64_t *keys, uint64_t *changes,
                        struct error *err);

/* How the groups a and b overlap in the one column of the set. */
enum status table_compare(struct table *table, const struct selector *a, const struct selector *b,
                          struct column_set *columns, const struct task *task, struct overlap *out,
                          uint64_t *keys_a, uint64_t *keys_b, struct error *err);

/* Receives a copy of one key's cell (empty, where the key has none in that column)
 * that lives during the call; false ends the page before it. */
typedef bool table_export_visit(struct bytes_view key, const struct cell *cell, void *arg);

/* As table_scan(), for the cells of the one column of the set; lists too, in
 * bytewise key order, each key once, those that exist. */
enum status table_export(struct table *table, const struct selector *selector,
                         const struct bytes_view *after, size_t limit, struct column_set *columns,
                         const struct task *task, table_export_visit *visit, void *arg, bool *more,
                         struct error *err);

/* Reserves what that many cells, of keys of keys_len bytes in all, may need when
 * table_import() merges them, for the calling thread, which gives it back once they
 * are in; ST_RESOURCE_EXHAUSTED names the table. */
enum status table_reserve_cells(struct table *table, size_t cells, size_t keys_len,
                                size_t *reserved, struct error *err);
void table_unreserve_cells(struct table *table, size_t reserved);

/* Claims what a cell may take that is read for the table, while it is read; then it
 * counts by itself. ST_RESOURCE_EXHAUSTED names the table. */
enum status table_claim_cell(struct table *table, size_t *claimed, struct error *err);
void table_unclaim(size_t claimed);

/* Merges a cell of the table's shape into a key's cell in the one column of the
 * set, making the key unless the cell is empty. Cannot fail within what was
 * reserved, where the key's shard was made. */
enum status table_import(struct table *table, struct bytes_view key, struct column_set *columns,
                         const struct cell *cell, bool *changed, struct error *err);

/* Makes the shard of a key, so that table_import() need not; false without memory. */
bool table_make_shard(struct table *table, struct bytes_view key);

/* The digest over keys and registers: independent of the order of arrival, of
 * representation, of the order of columns' cells in memory; columns count by
 * their position in the order they were added, empty cells not at all. */
enum status table_digest(struct table *table, const struct task *task, uint64_t *digest);

/* Brings the unions over all keys, where deletes made them stale, to what the
 * rows hold, so that table_union() need not read every row. Answers are right
 * before, too. */
enum status table_maintain(struct table *table, const struct task *task);

/* Moves rows together that deletes left sparse, and joins what they left half empty
 * of the indices, so that memory goes back to the heap. */
enum status table_pack(struct table *table, const struct task *task);

/* Is there something for table_pack() to do? */
bool table_wants_packing(struct table *table);

/* Moves what the table holds out of memory that the heap wants to empty. */
enum status table_compact(struct table *table, const struct task *task);

/* Is there something for table_maintain() to do? */
bool table_wants_maintenance(struct table *table);

/* Cells and the bytes they own by state, and the bytes of rows, indices and
 * rollups, added to *usage. */
struct table_usage {
    uint64_t keys;
    uint64_t cells[CELL_STATE_COUNT]; /* [CELL_EMPTY] stays 0 */
    uint64_t cell_bytes[CELL_STATE_COUNT];
    uint64_t row_bytes;
    uint64_t index_bytes;
    uint64_t rollup_bytes;
};
void table_add_usage(struct table *table, struct table_usage *usage);

#endif
