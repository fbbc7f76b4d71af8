/* table_impl: what a table is made of, for the files of this folder. */
#ifndef CARDINAL_TABLE_TABLE_IMPL_H
#define CARDINAL_TABLE_TABLE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/table/catalog.h"
#include "daemon/table/rollups.h"
#include "daemon/table/schema.h"
#include "daemon/table/shard_set.h"
#include "daemon/table/table.h"

struct table {
    _Atomic uint32_t references;
    uint64_t id;
    struct value_hasher hasher;
    struct sketch_shape shape;
    struct schema schema;
    struct shard_set shards;
    struct rollups *rollups;  /* NULL: none are kept */
    table_bury *bury;         /* never NULL */
    struct change_sink *sink; /* NULL: nobody is told; see catalog_set_sink() */
    enum ack ack;
    atomic_bool is_sparse;         /* says to look for sparse shards, no more */
    pthread_mutex_t alter_lock;    /* held through an alteration, its sweep included */
    char name[NAME_MAX_BYTES + 1]; /* read under schema.lock or the catalog's lock,
                                    * written under both */
};

/* Makes a table with one reference; ST_INVALID_ARGUMENT names what is wrong
 * with the spec, whose name was checked already. */
enum status table_new(const struct table_spec *spec, uint64_t id, uint64_t shard_seed,
                      struct table **out, struct error *err);

/* Copies the name, NUL included, to NAME_MAX_BYTES + 1 bytes; returns its length. */
size_t table_copy_name(struct table *table, char *name);

/* The seed that places keys; never changes. */
uint64_t catalog_shard_seed(const struct catalog *catalog);

/* Frees what the columns held that a plan, now committed, dropped, and removes
 * the rows that hold nothing else. */
void table_sweep(struct table *table, const struct schema_plan *plan);

/* Removes a row, which is there, with the shard locked. */
void table_remove_row(struct table *table, struct shard *shard, uint32_t ref);

/* Notes that the shard, which is locked, has become sparse, if it has. */
void table_note_sparse(struct table *table, const struct shard *shard);

/* A row with places for these slots, with the shard locked: the key's row `was` laid
 * out anew, or a new one where was is 0. Its reference, or 0 without memory, with
 * nothing changed. */
uint32_t table_lay_row(struct table *table, struct shard *shard, const struct placed_key *placed,
                       uint32_t was, const struct slot_mask *slots);

/* The reference of the key's row with places for these slots, found, added or
 * widened, with the shard locked; 0 without memory, with nothing changed. */
uint32_t table_place_row(struct table *table, struct shard *shard, const struct placed_key *placed,
                         const struct slot_mask *slots);

/* Merges a cell into the one that a placed row has for a column, number at of the
 * set, and tells the change. */
enum status table_merge_cell(struct table *table, struct shard *shard, uint32_t ref,
                             const struct column_set *columns, uint32_t at, const struct cell *from,
                             bool *changed);

/* The rows of a table that a request reads or changes under one hold of a lock,
 * given by reference into shard->rows. */
struct stretch {
    struct shard *shard;
    const uint32_t *refs;
    uint32_t count;
};

#define STRETCH_ROWS 256u /* at most */

/* What reading a row's cells in these columns (NULL: in all) takes, and how much of
 * that may be done under one hold, which the last row may exceed. */
uint32_t row_cost(const struct row *row, const struct column_set *columns);
uint32_t stretch_cost(enum hold_purpose purpose);

/* Called with the shard locked; may remove the stretch's rows. */
typedef enum status stretch_visit(struct table *table, const struct stretch *stretch, void *arg);

/* Takes visit over the rows that selector means (no list), shard by shard, each
 * key once; columns, if not NULL, is refreshed before each visit. Between
 * stretches the lock is given back and the task asked; returns what stopped it.
 * purpose is what the holds count as. */
enum status table_walk(struct table *table, const struct selector *selector,
                       struct column_set *columns, const struct task *task,
                       enum hold_purpose purpose, stretch_visit *visit, void *arg);

/* The same over some shards alone, and every row. */
enum status table_walk_shards(struct table *table, uint32_t first, uint32_t count,
                              struct column_set *columns, const struct task *task,
                              enum hold_purpose purpose, stretch_visit *visit, void *arg);

/* Called with rows of one shard, at least one, which is locked. */
typedef enum status rows_visit(const struct row *const *rows, uint32_t count, void *arg);

/* Takes visit over the rows that a selector of any kind means; a listed key that
 * exists is visited once. columns and task as with table_walk(). */
enum status table_select(struct table *table, const struct selector *selector,
                         struct column_set *columns, const struct task *task,
                         enum hold_purpose purpose, rows_visit *visit, void *arg);

/* The same over all rows of some shards. */
enum status table_select_shards(struct table *table, uint32_t first, uint32_t count,
                                struct column_set *columns, const struct task *task,
                                enum hold_purpose purpose, rows_visit *visit, void *arg);

/* The selector's first place in a shard. */
struct order_place selector_seek(const struct selector *selector, const struct shard *shard);

enum status task_check(const struct task *task); /* NULL: ST_OK */

/* The estimates of a row in a set's columns; row NULL: all zero. */
void row_estimates(const struct table *table, const struct row *row,
                   const struct column_set *columns, struct estimate *out);

#endif
