/* order: a shard's rows in bytewise order of their keys.
 *
 * Leaves of up to 126 entries (1 KiB) under one sorted list of their first
 * entries. A full leaf gives entries to a neighbour that has room before it is
 * split in two, and one that is filled in ascending order stays full, so that
 * a key takes 8 to 11 bytes. Finding a place costs two binary searches, mostly
 * over cached bytes of the keys. The list of leaves is moved as one piece when
 * a leaf is added: 16 bytes for each, 0.2 bytes a key.
 *
 * Thread safety: none. */
#ifndef CARDINAL_TABLE_ORDER_H
#define CARDINAL_TABLE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/run.h"

#define LEAF_ENTRIES_MAX 126u

struct leaf {
    uint16_t count; /* at least 1 */
    uint16_t room;
    uint16_t skip;
    struct run_entry entries[];
};

struct order {
    struct run_entry *heads; /* the first entry of each leaf, under this skip */
    struct leaf **leaves;
    uint32_t count;
    uint32_t room;
    uint16_t skip;
    size_t held_bytes; /* of heap */
};

/* An order of nothing; takes no memory yet. */
void order_init(struct order *order);
void order_release(struct order *order);

/* Adds a row whose key is not there yet; false without memory, with nothing
 * changed. */
bool order_insert(struct order *order, const struct pool *pool, uint32_t ref);

/* Puts ref in place of was; both are rows of the same key. */
void order_replace(struct order *order, const struct pool *pool, uint32_t was, uint32_t ref);

/* Takes out a row that is there. */
void order_remove(struct order *order, const struct pool *pool, uint32_t ref);

/* Joins neighbouring leaves that fit one, from *leaf on, 0 at first, and moves it past
 * the `most` that it looks at; whether there are more. */
bool order_join(struct order *order, const struct pool *pool, uint32_t *leaf, uint32_t most);

/* Moves what the heap wants elsewhere, in the same way. */
bool order_move(struct order *order, uint32_t *leaf, uint32_t most);

/* A place in the order, good until it changes. */
struct order_place {
    uint32_t leaf;
    uint32_t entry;
};

/* The place of the first key that is key or comes after it; with beyond, only
 * of one that comes after it. */
struct order_place order_seek(const struct order *order, const struct pool *pool,
                              struct bytes_view key, bool beyond);

/* The row at a place, and the place moves on; 0 at the end. */
static inline uint32_t order_next(const struct order *order, struct order_place *place)
{
    if (place->leaf >= order->count)
        return 0;
    const struct leaf *leaf = order->leaves[place->leaf];
    uint32_t ref = leaf->entries[place->entry].ref;
    if (++place->entry == leaf->count)
        *place = (struct order_place){ place->leaf + 1, 0 };
    return ref;
}

/* Asks the CPU for the row some entries after the place. */
static inline void order_prefetch(const struct order *order, const struct pool *pool,
                                  const struct order_place *place, uint32_t ahead)
{
    if (place->leaf >= order->count)
        return;
    const struct leaf *leaf = order->leaves[place->leaf];
    uint32_t entry = place->entry + ahead;
    if (entry < leaf->count) {
        __builtin_prefetch(pool_at(pool, leaf->entries[entry].ref));
        return;
    }
    entry -= leaf->count;
    if (place->leaf + 1 < order->count && entry < order->leaves[place->leaf + 1]->count)
        __builtin_prefetch(pool_at(pool, order->leaves[place->leaf + 1]->entries[entry].ref));
}

#endif
