#include "daemon/table/order.h"

#include <assert.h>
#include <string.h>

#include "daemon/memory/heap.h"

#define ROOM_FIRST 6u
#define ROOM_SHARE 112u /* a leaf of no more entries has room for a neighbour's */
#define MERGE_MAX 32u   /* a leaf of no more entries may join a neighbour */
#define LEAVES_FIRST 1u

static size_t leaf_size(uint32_t room)
{
    return sizeof(struct leaf) + room * sizeof(struct run_entry);
}

static size_t list_bytes(uint32_t room)
{
    return heap_block_bytes(room * sizeof(struct run_entry)) +
           heap_block_bytes(room * sizeof(struct leaf *));
}

void order_init(struct order *order)
{
    memset(order, 0, sizeof *order);
}

void order_release(struct order *order)
{
    for (uint32_t i = 0; i < order->count; i++)
        heap_free(order->leaves[i]);
    heap_free(order->leaves);
    heap_free(order->heads);
    order_init(order);
}

static struct leaf *leaf_new(struct order *order, uint32_t room)
{
    struct leaf *leaf = heap_alloc(leaf_size(room));
    if (leaf == NULL)
        return NULL;
    leaf->count = 0;
    leaf->room = (uint16_t)room;
    leaf->skip = 0;
    order->held_bytes += heap_block_bytes(leaf_size(room));
    return leaf;
}

static void leaf_free(struct order *order, struct leaf *leaf)
{
    order->held_bytes -= heap_block_bytes(leaf_size(leaf->room));
    heap_free(leaf);
}

/* Makes room for one more leaf in the list. */
static bool list_reserve(struct order *order, const struct pool *pool)
{
    if (order->count < order->room)
        return true;
    uint32_t room = order->room == 0 ? LEAVES_FIRST : order->room * 2;
    struct run_entry *heads = heap_realloc(order->heads, room * sizeof *heads);
    if (heads == NULL)
        return false;
    order->heads = heads;
    struct leaf **leaves = heap_realloc(order->leaves, room * sizeof(struct leaf *));
    if (leaves == NULL)
        return false;
    order->leaves = leaves;
    if (order->room > 0)
        order->held_bytes -= list_bytes(order->room);
    order->held_bytes += list_bytes(room);
    order->room = room;
    run_tighten(pool, order->heads, order->count, &order->skip);
    return true;
}

/* Files the leaf's first entry, which has changed, in the list. */
static void set_head(struct order *order, const struct pool *pool, uint32_t at)
{
    uint32_t ref = order->leaves[at]->entries[0].ref;
    struct bytes_view key = row_key(pool_at(pool, ref));
    order->heads[at].ref = ref;
    if (order->count == 1)
        order->skip = 0;
    else if (at == 0)
        run_admit(pool, &order->heads[1], order->count - 1, &order->skip, key);
    else
        run_admit(pool, order->heads, order->count, &order->skip, key);
    order->heads[at] = run_entry_of(pool, order->skip, ref);
}

static void list_insert(struct order *order, const struct pool *pool, uint32_t at,
                        struct leaf *leaf)
{
    uint32_t after = order->count - at;
    memmove(&order->heads[at + 1], &order->heads[at], after * sizeof *order->heads);
    memmove(&order->leaves[at + 1], &order->leaves[at], after * sizeof(struct leaf *));
    order->leaves[at] = leaf;
    order->count++;
    set_head(order, pool, at);
}

static void list_remove(struct order *order, uint32_t at)
{
    uint32_t after = order->count - at - 1;
    leaf_free(order, order->leaves[at]);
    memmove(&order->heads[at], &order->heads[at + 1], after * sizeof *order->heads);
    memmove(&order->leaves[at], &order->leaves[at + 1], after * sizeof(struct leaf *));
    order->count--;
}

/* The leaf that holds key, or in which it belongs. */
static uint32_t leaf_of(const struct order *order, const struct pool *pool, struct bytes_view key)
{
    uint32_t rank = run_rank(pool, order->heads, order->count, order->skip, key, true);
    return rank == 0 ? 0 : rank - 1;
}

static void leaf_put(struct leaf *leaf, const struct pool *pool, uint32_t at, uint32_t ref)
{
    assert(leaf->count < leaf->room);
    run_admit(pool, leaf->entries, leaf->count, &leaf->skip, row_key(pool_at(pool, ref)));
    memmove(&leaf->entries[at + 1], &leaf->entries[at],
            (leaf->count - at) * sizeof leaf->entries[0]);
    leaf->entries[at] = run_entry_of(pool, leaf->skip, ref);
    leaf->count++;
}

static void leaf_cut(struct leaf *leaf, uint32_t at, uint32_t n)
{
    memmove(&leaf->entries[at], &leaf->entries[at + n],
            (leaf->count - at - n) * sizeof leaf->entries[0]);
    leaf->count = (uint16_t)(leaf->count - n);
}

/* Moves n entries, from from's place `first` on, to into's place at. */
static void leaf_move(struct leaf *into, uint32_t at, struct leaf *from, uint32_t first, uint32_t n,
                      const struct pool *pool)
{
    for (uint32_t i = 0; i < n; i++)
        leaf_put(into, pool, at + i, from->entries[first + i].ref);
    leaf_cut(from, first, n);
}

static bool leaf_grow(struct order *order, uint32_t at, uint32_t room)
{
    struct leaf *leaf = order->leaves[at];
    uint32_t was = leaf->room;
    if (room > LEAF_ENTRIES_MAX)
        room = LEAF_ENTRIES_MAX;
    leaf = heap_realloc(leaf, leaf_size(room));
    if (leaf == NULL)
        return false;
    leaf->room = (uint16_t)room;
    order->leaves[at] = leaf;
    order->held_bytes += heap_block_bytes(leaf_size(room)) - heap_block_bytes(leaf_size(was));
    return true;
}

static bool can_share(const struct order *order, uint32_t at)
{
    if (at >= order->count)
        return false;
    const struct leaf *leaf = order->leaves[at];
    return leaf->count <= ROOM_SHARE && leaf->room == LEAF_ENTRIES_MAX;
}

/* Evens out the full leaf at with a neighbour that has room, if one has. */
static bool share(struct order *order, const struct pool *pool, uint32_t at)
{
    struct leaf *full = order->leaves[at];
    if (can_share(order, at + 1)) {
        struct leaf *right = order->leaves[at + 1];
        uint32_t n = (full->count - right->count) / 2u;
        leaf_move(right, 0, full, full->count - n, n, pool);
        set_head(order, pool, at + 1);
        return true;
    }
    if (at > 0 && can_share(order, at - 1)) {
        struct leaf *left = order->leaves[at - 1];
        leaf_move(left, left->count, full, 0, (full->count - left->count) / 2u, pool);
        set_head(order, pool, at);
        return true;
    }
    return false;
}

/* Splits the full leaf at into two halves. */
static bool split(struct order *order, const struct pool *pool, uint32_t at)
{
    if (!list_reserve(order, pool))
        return false;
    struct leaf *right = leaf_new(order, LEAF_ENTRIES_MAX);
    if (right == NULL)
        return false;
    struct leaf *left = order->leaves[at];
    uint32_t keep = left->count / 2u;
    right->count = (uint16_t)(left->count - keep);
    right->skip = left->skip;
    memcpy(right->entries, &left->entries[keep], right->count * sizeof right->entries[0]);
    left->count = (uint16_t)keep;
    run_tighten(pool, left->entries, left->count, &left->skip);
    run_tighten(pool, right->entries, right->count, &right->skip);
    list_insert(order, pool, at + 1, right);
    return true;
}

/* Adds a leaf of one row after the last. */
static bool append_leaf(struct order *order, const struct pool *pool, uint32_t ref)
{
    if (!list_reserve(order, pool))
        return false;
    struct leaf *leaf = leaf_new(order, order->count == 0 ? ROOM_FIRST : LEAF_ENTRIES_MAX);
    if (leaf == NULL)
        return false;
    leaf_put(leaf, pool, 0, ref);
    list_insert(order, pool, order->count, leaf);
    return true;
}

bool order_insert(struct order *order, const struct pool *pool, uint32_t ref)
{
    struct bytes_view key = row_key(pool_at(pool, ref));
    if (order->count == 0)
        return append_leaf(order, pool, ref);
    for (;;) {
        uint32_t at = leaf_of(order, pool, key);
        struct leaf *leaf = order->leaves[at];
        uint32_t entry = run_rank(pool, leaf->entries, leaf->count, leaf->skip, key, false);
        if (leaf->count < leaf->room) {
            leaf_put(leaf, pool, entry, ref);
            if (entry == 0)
                set_head(order, pool, at);
            return true;
        }
        if (leaf->room < LEAF_ENTRIES_MAX) {
            if (!leaf_grow(order, at, leaf->room * 2u))
                return false;
        } else if (at == order->count - 1 && entry == leaf->count) {
            return append_leaf(order, pool, ref);
        } else if (!share(order, pool, at) && !split(order, pool, at)) {
            return false;
        }
    }
}

/* The place of a row that is there. */
static struct order_place place_of(const struct order *order, const struct pool *pool, uint32_t ref)
{
    struct bytes_view key = row_key(pool_at(pool, ref));
    uint32_t at = leaf_of(order, pool, key);
    const struct leaf *leaf = order->leaves[at];
    uint32_t entry = run_rank(pool, leaf->entries, leaf->count, leaf->skip, key, false);
    assert(entry < leaf->count && leaf->entries[entry].ref == ref);
    return (struct order_place){ at, entry };
}

void order_replace(struct order *order, const struct pool *pool, uint32_t was, uint32_t ref)
{
    struct order_place place = place_of(order, pool, was);
    order->leaves[place.leaf]->entries[place.entry].ref = ref;
    if (place.entry == 0)
        order->heads[place.leaf].ref = ref;
}

/* Joins the leaf with the one after it, if both fit one with some room left. */
static bool join_next(struct order *order, const struct pool *pool, uint32_t at)
{
    if (at + 1 >= order->count)
        return false;
    struct leaf *left = order->leaves[at];
    struct leaf *right = order->leaves[at + 1];
    uint32_t n = right->count;
    if (left->count + n > ROOM_SHARE || left->count + n > left->room)
        return false;
    leaf_move(left, left->count, right, 0, n, pool);
    list_remove(order, at + 1);
    return true;
}

/* The same where one of them has become small. */
static void join_small(struct order *order, const struct pool *pool, uint32_t at)
{
    if (at + 1 < order->count &&
        (order->leaves[at]->count <= MERGE_MAX || order->leaves[at + 1]->count <= MERGE_MAX))
        (void)join_next(order, pool, at);
}

void order_remove(struct order *order, const struct pool *pool, uint32_t ref)
{
    struct order_place place = place_of(order, pool, ref);
    struct leaf *leaf = order->leaves[place.leaf];
    leaf_cut(leaf, place.entry, 1);
    if (leaf->count == 0) {
        list_remove(order, place.leaf);
        return;
    }
    if (place.entry == 0)
        set_head(order, pool, place.leaf);
    join_small(order, pool, place.leaf);
    if (place.leaf > 0)
        join_small(order, pool, place.leaf - 1);
}

struct order_place order_seek(const struct order *order, const struct pool *pool,
                              struct bytes_view key, bool beyond)
{
    if (order->count == 0)
        return (struct order_place){ 0, 0 };
    uint32_t at = leaf_of(order, pool, key);
    const struct leaf *leaf = order->leaves[at];
    uint32_t entry = run_rank(pool, leaf->entries, leaf->count, leaf->skip, key, beyond);
    if (entry == leaf->count)
        return (struct order_place){ at + 1, 0 };
    return (struct order_place){ at, entry };
}

bool order_join(struct order *order, const struct pool *pool, uint32_t *leaf, uint32_t most)
{
    for (; *leaf < order->count && most > 0; most--) {
        if (!join_next(order, pool, *leaf))
            ++*leaf;
    }
    return *leaf < order->count;
}

static void move_lists(struct order *order)
{
    if (heap_should_move(order->leaves))
        order->leaves = heap_move(order->leaves);
    if (heap_should_move(order->heads))
        order->heads = heap_move(order->heads);
}

bool order_move(struct order *order, uint32_t *leaf, uint32_t most)
{
    if (*leaf == 0 && order->room > 0)
        move_lists(order);
    for (; *leaf < order->count && most > 0; most--, ++*leaf) {
        if (heap_should_move(order->leaves[*leaf]))
            order->leaves[*leaf] = heap_move(order->leaves[*leaf]);
    }
    return *leaf < order->count;
}
