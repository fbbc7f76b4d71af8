/* shard: a share of a table's rows under one lock.
 *
 * Owns the rows, their cells, and two indices over them: by hash and in key
 * order. Row pointers are good until the next shard_add(), shard_widen() or
 * shard_move(), and neither they nor references outlive the lock.
 *
 * Thread safety: shard_lock() first, for everything but making and freeing. */
#ifndef CARDINAL_TABLE_SHARD_H
#define CARDINAL_TABLE_SHARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "daemon/table/holds.h"
#include "daemon/table/index.h"
#include "daemon/table/order.h"
#include "daemon/table/pool.h"
#include "daemon/table/row.h"
#include "daemon/table/table.h"

struct shard {
    pthread_mutex_t lock; /* guards all below */
    uint64_t held_since;  /* in ticks of holds.h; 0: this hold is not timed */
    enum hold_purpose held_for;
    uint32_t holds;
    struct pool rows;
    struct index index;
    struct order order;
    uint32_t number;          /* among the table's; never changes */
    _Atomic uint32_t waiting; /* who stand before the lock, guarded by nothing */
    uint64_t sequence;        /* of the change told last */
    _Atomic uint64_t keys;    /* written under the lock, read without by who wants to know about */
    uint64_t cells[CELL_STATE_COUNT];
    uint64_t cell_bytes[CELL_STATE_COUNT];
};

/* A key and where the shards' random seed puts it. */
struct placed_key {
    struct bytes_view key;
    uint64_t hash;
};

struct shard *shard_new(uint32_t number); /* NULL without memory */
void shard_free(struct shard *shard);

/* How long it is waited for and held is counted (holds.h). */
void shard_lock(struct shard *shard, enum hold_purpose purpose);

/* The same, but lets those go first who wait already: for who locks a shard over and over,
 * and would have it back each time before one of them is awake. */
void shard_lock_last(struct shard *shard, enum hold_purpose purpose);

bool shard_try_lock(struct shard *shard, enum hold_purpose purpose); /* false: somebody has it */
void shard_unlock(struct shard *shard);

/* How many keys there are, now or a moment ago; needs no lock. */
static inline uint64_t shard_key_count(const struct shard *shard)
{
    return atomic_load_explicit(&shard->keys, memory_order_relaxed);
}

/* Asks the CPU for what shard_find() will look at first. */
static inline void shard_prefetch(const struct shard *shard, uint64_t hash)
{
    index_prefetch(&shard->index, (uint32_t)hash);
}

/* The reference of the row that has this hash, going by the index alone, or 0: no
 * row is looked at. */
static inline uint32_t shard_guess(const struct shard *shard, uint64_t hash)
{
    struct index_probe probe;
    return index_first(&shard->index, (uint32_t)hash, &probe);
}

/* The reference of the key's row, or 0. */
uint32_t shard_find_ref(const struct shard *shard, const struct placed_key *placed);

/* The key's row, or NULL. */
struct row *shard_find(const struct shard *shard, const struct placed_key *placed);

/* Adds a row for a key that has none, with empty cells in these slots; its
 * reference, or 0 without memory, with nothing changed. width: slots that the
 * table has. */
uint32_t shard_add(struct shard *shard, const struct placed_key *placed,
                   const struct slot_mask *slots, unsigned width);

/* Lays the key's row out anew, with places for these slots too; its reference
 * from here on, or 0 without memory, with nothing changed. */
uint32_t shard_widen(struct shard *shard, const struct placed_key *placed,
                     const struct slot_mask *slots, unsigned width);

/* Moves a row, of the key with that hash, to another place in the pool; its reference
 * from here on, or 0 without memory, with nothing changed. */
uint32_t shard_move(struct shard *shard, uint32_t was, uint64_t hash);

/* Removes the row and frees its cells. */
void shard_remove(struct shard *shard, struct row *row, uint64_t hash);

/* Gives all memory back if no row is left. */
void shard_trim(struct shard *shard);

/* cell_add_told() on a cell of one of the shard's rows, counted. */
enum status shard_cell_add(struct shard *shard, struct cell *cell, const struct sketch_shape *shape,
                           const void *hashes, size_t n, uint32_t *codes, size_t *changed);

/* Counts n cells of the shard's rows that were empty and had cell_begin(). */
static inline void shard_count_begun(struct shard *shard, uint32_t n)
{
    shard->cells[CELL_INLINE] += n;
}

/* cell_merge() of a cell that is not the shard's into one that is, counted; *changed
 * says whether it had an effect, on the form or the estimate too. */
enum status shard_cell_merge(struct shard *shard, struct cell *cell, const struct cell *from,
                             const struct sketch_shape *shape, bool *changed);

/* cell_replay() of n codes on a cell of one of the shard's rows, counted; *n is then
 * how many were applied. */
enum status shard_cell_replay(struct shard *shard, struct cell *cell,
                              const struct sketch_shape *shape, const uint32_t *codes, size_t *n);

/* Moves a cell that is not the shard's into an empty one that is, counted. */
void shard_cell_adopt(struct shard *shard, struct cell *cell, struct cell *from);

/* cell_release() on a cell of one of the shard's rows, counted. */
void shard_cell_release(struct shard *shard, struct cell *cell);

/* Is no cell of the row in use? */
bool shard_row_is_empty(const struct row *row);

/* Adds what the shard holds to *usage. */
void shard_add_usage(const struct shard *shard, struct table_usage *usage);

#endif
