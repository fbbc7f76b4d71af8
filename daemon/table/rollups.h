/* rollups: a table's unions over all keys, kept while the cells change.
 *
 * One rollup for each column in each group of 16 shards, told of changes under
 * the shard's lock at the end of a stretch of ingest; a union over the whole
 * table merges 4 of them. What is told waits with its column until some hundred
 * changes are together or somebody wants to know, and is then fed: a rollup that
 * is fed a change at a time, in turn with others, is never in the cache. A
 * group's lock is taken under a shard's, never the other way round, and the
 * schema's under it.
 *
 * A rollup is exact, or it is stale: a deleted cell may have raised something,
 * or memory ran out. What is stale is read from the rows instead, until it has
 * been built again (table_maintain()): it starts empty, is fed with changes as
 * before, and a walk over the group's rows feeds what they hold. A delete that
 * takes away what it was fed spoils a rebuild, which then starts again.
 *
 * Thread safety: every function may be called from any thread but for init and
 * release. */
#ifndef CARDINAL_TABLE_ROLLUPS_H
#define CARDINAL_TABLE_ROLLUPS_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/sketch/rollup.h"
#include "daemon/table/row.h"
#include "daemon/table/schema.h"
#include "daemon/table/shard_set.h"

#define GROUP_SHARDS 16u
#define GROUP_COUNT (SHARD_COUNT / GROUP_SHARDS)

/* A column's rollup, and the changes that were told of and not yet fed. */
struct rollup_slot {
    struct rollup rollup;
    uint32_t *codes;
    uint32_t count;
    uint32_t room;
};

struct rollup_group {
    pthread_mutex_t lock;      /* guards all below */
    struct rollup_slot *slots; /* by number */
    uint32_t width;
    struct slot_mask stale;
    struct slot_mask building; /* stale, and fed */
    struct slot_mask spoiled;  /* building in vain */
};

struct rollups {
    struct sketch_shape shape;
    atomic_bool has_stale;      /* says to look for some, no more */
    pthread_mutex_t build_lock; /* held through a rebuild */
    struct rollup_group groups[GROUP_COUNT];
};

static inline struct rollup_group *rollups_group(struct rollups *rollups, uint32_t shard_number)
{
    return &rollups->groups[shard_number / GROUP_SHARDS];
}

/* Rollups of nothing; NULL without memory. */
struct rollups *rollups_new(const struct sketch_shape *shape);
void rollups_free(struct rollups *rollups); /* accepts NULL */

/* Feeds n changes of one shard, which is locked: a code and the slot of its cell each. */
void rollups_feed(struct rollups *rollups, uint32_t shard_number, const uint16_t *slots,
                  const uint32_t *codes, size_t n);

/* The same with all that a cell holds. */
void rollups_feed_cell(struct rollups *rollups, uint32_t shard_number, uint16_t slot,
                       const struct cell *cell);

/* Marks what the row's cells may have raised, with the shard locked, before they go. */
void rollups_lose_row(struct rollups *rollups, uint32_t shard_number, const struct row *row);

/* Empties the rollups of slots that no row has a cell in any more. */
void rollups_reset(struct rollups *rollups, const struct slot_mask *slots);

/* Begins to build what is stale in a group; *slots is what, and whether there is any. */
bool rollups_build_begin(struct rollups *rollups, uint32_t group, struct slot_mask *slots);

/* What was built is exact from here on, unless it was spoiled. */
void rollups_build_end(struct rollups *rollups, uint32_t group);

/* Feeds what is being built with rows of a shard, which is locked. */
void rollups_build_rows(struct rollups *rollups, const struct shard *shard, const uint32_t *refs,
                        uint32_t count, const struct column_set *columns);

/* Gives up what is being built. */
void rollups_build_spoil(struct rollups *rollups, uint32_t group);

/* Merges a group's rollups of these columns into their scratches; the columns
 * whose rollups are stale, and have to be read from the rows, into *stale, with
 * their places among the columns in places. */
enum status rollups_unite(struct rollups *rollups, uint32_t group, struct schema *schema,
                          struct column_set *columns, struct union_scratch *const *scratches,
                          struct column_set *stale, uint32_t *places);

/* Bytes of memory that they take, themselves not included. */
size_t rollups_bytes(struct rollups *rollups);

#endif
