/* catalog: the daemon's tables by name.
 *
 * Thread safety: every function may be called from any thread, except
 * catalog_free(), which must be the last call. Tables that are given out carry
 * a reference of the caller's, to be given back with table_unref(). */
#ifndef CARDINAL_TABLE_CATALOG_H
#define CARDINAL_TABLE_CATALOG_H

#include "daemon/table/change_sink.h"
#include "daemon/table/table.h"

struct catalog;

/* What a new table is to be. Names are views, used only during the call. */
struct table_spec {
    struct bytes_view name;
    const struct bytes_view *columns;
    size_t column_count; /* 1..COLUMNS_MAX */
    unsigned precision;  /* 0: the default */
    enum hash_kind hash;
    uint64_t seed;
    enum ack ack;     /* of writes that do not say */
    bool no_rollup;   /* unions over all keys read every key */
    table_bury *bury; /* NULL: freed where the last reference goes */
};

/* NULL without memory. shard_seed places keys; the daemon passes random bits. */
struct catalog *catalog_new(uint32_t max_tables, uint64_t shard_seed);
void catalog_free(struct catalog *catalog); /* accepts NULL */

/* Has all changes told to sink from now on, of tables and of what is in them; it
 * outlives the catalog. While nothing changes: before other threads are let in. */
void catalog_set_sink(struct catalog *catalog, struct change_sink *sink);

/* Makes a table. An existing one of that name: ST_ALREADY_EXISTS, or with
 * if_not_exists that one, as it is, and *created false. Bad names, precision,
 * hash, columns: ST_INVALID_ARGUMENT naming it; too many tables:
 * ST_RESOURCE_EXHAUSTED. */
enum status catalog_create(struct catalog *catalog, const struct table_spec *spec,
                           bool if_not_exists, struct table **out, bool *created,
                           struct error *err);

/* The table called name; ST_NOT_FOUND, naming it, if there is none. */
enum status catalog_find(struct catalog *catalog, struct bytes_view name, struct table **out,
                         struct error *err);

/* Columns to add and to drop, and a new name (empty: none), together or not at
 * all. What dropped columns held is freed before it returns, in stretches. */
struct table_change {
    const struct bytes_view *add;
    size_t add_count;
    const struct bytes_view *drop;
    size_t drop_count;
    struct bytes_view rename_to;
};
enum status catalog_alter(struct catalog *catalog, struct bytes_view name,
                          const struct table_change *change, struct table **out, struct error *err);

/* Takes the table out of the catalog; its memory goes with its last reference. */
enum status catalog_drop(struct catalog *catalog, struct bytes_view name, struct error *err);

/* Up to limit tables whose names begin with prefix and come after `after` (NULL:
 * from the first), in bytewise order of their names, into out; returns how many. */
size_t catalog_list(struct catalog *catalog, struct bytes_view prefix,
                    const struct bytes_view *after, size_t limit, struct table **out);

/* All tables there are at one moment, in an array that the caller frees, *count of
 * them, and the number that the next one will get; false without memory. */
bool catalog_list_all(struct catalog *catalog, struct table ***out, size_t *count,
                      uint64_t *next_id);

/* How many tables there are. */
size_t catalog_count(struct catalog *catalog);

/* The usage of all tables together. */
void catalog_usage(struct catalog *catalog, struct table_usage *usage);

/* table_maintain() of every table. */
enum status catalog_maintain(struct catalog *catalog, const struct task *task);

/* table_pack() of every table. */
enum status catalog_pack(struct catalog *catalog, const struct task *task);

/* table_compact() of every table. */
enum status catalog_compact(struct catalog *catalog, const struct task *task);

/* How often a new table was refused because there were max_tables. */
uint64_t catalog_refusals(struct catalog *catalog);

#endif
