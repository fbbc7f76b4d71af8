/* schema: a table's columns, by name for requests and by slot for rows.
 *
 * A column has an id, unique in the table's life, and a slot: the number of its
 * cell in a row. A dropped column's slot stays taken until its cells have been
 * swept from every row (schema_free_slots()). Each change raises the version,
 * before any sweep begins; whoever writes cells compares it under the shard's
 * lock and looks its columns up again by id (schema_refresh()), so that no cell
 * of a dropped column is written behind the sweep.
 *
 * Thread safety: every function may be called from any thread; schema_plan()
 * to schema_commit() by one thread at a time. The schema's lock may be taken
 * under a shard's, never the other way round. */
#ifndef CARDINAL_TABLE_SCHEMA_H
#define CARDINAL_TABLE_SCHEMA_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/table/catalog.h"
#include "daemon/table/row.h"
#include "daemon/table/table.h"
#include "daemon/table/table_image.h"

struct schema_column {
    struct column_info info;
    uint16_t slot;
};

struct schema {
    pthread_mutex_t lock;          /* guards columns, count, next_id, taken */
    struct schema_column *columns; /* in the order they were added: ids ascend */
    uint32_t count;
    uint32_t next_id;
    struct slot_mask taken; /* slots of columns, and of dropped ones not yet swept */
    _Atomic uint32_t version;
    _Atomic uint32_t width; /* slots up to the last one taken */
};

/* Makes a schema of new columns. ST_INVALID_ARGUMENT names what is wrong. */
enum status schema_init(struct schema *schema, const struct bytes_view *names, size_t count,
                        struct error *err);
void schema_release(struct schema *schema);

/* See table_find_columns(). */
enum status schema_find(struct schema *schema, const struct bytes_view *names, size_t count,
                        struct column_set *set, struct error *err);

/* See table_column_names(). */
void schema_names(struct schema *schema, const struct column_set *set,
                  char (*names)[NAME_MAX_BYTES + 1]);

/* Looks a set's columns up again, by id, if the schema has changed since. */
void schema_refresh(struct schema *schema, struct column_set *set);

/* A change that was checked and has all the memory it needs. */
struct schema_plan {
    struct schema_column *columns;
    uint32_t count;
    uint32_t next_id;
    struct slot_mask taken;
    struct slot_mask dropped; /* slots to sweep */
    uint32_t dropped_count;
};

/* Checks a change of columns. ST_NOT_FOUND, ST_ALREADY_EXISTS and
 * ST_INVALID_ARGUMENT name the column, and there is no plan then. */
enum status schema_plan(struct schema *schema, const struct table_change *change,
                        struct schema_plan *plan, struct error *err);

/* Makes the plan that leads to the columns of an image: those of the same id stay.
 * ST_INVALID_ARGUMENT: it is not the image of any table, or of another. */
enum status schema_plan_image(struct schema *schema, const struct table_image *image,
                              struct schema_plan *plan, struct error *err);

/* Gives the schema its image's version, which is no lower than its own, and, if it is
 * as schema_init() made it of the image's names, the columns' ids. */
enum status schema_take_ids(struct schema *schema, const struct table_image *image,
                            struct error *err);
void schema_take_version(struct schema *schema, uint32_t version);

/* Either carries a plan out or gives it up. */
void schema_commit(struct schema *schema, struct schema_plan *plan);
void schema_plan_release(struct schema_plan *plan);

/* Frees the slots of dropped columns whose cells are gone from every row. */
void schema_free_slots(struct schema *schema, const struct slot_mask *slots);

#endif
