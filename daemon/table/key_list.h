/* key_list: the keys of a list selector, each once, in the order of the shards.
 *
 * A view of the selector. Thread safety: none. */
#ifndef CARDINAL_TABLE_KEY_LIST_H
#define CARDINAL_TABLE_KEY_LIST_H

#include "daemon/table/shard_set.h"

struct listed_key {
    uint64_t hash;
    size_t at; /* in the selector's list */
};

struct key_list {
    const struct bytes_view *list;
    struct listed_key *keys;
    size_t ends[SHARD_COUNT]; /* where each shard's keys end, in keys */
};

/* Places the keys of a list selector; ST_RESOURCE_EXHAUSTED without memory. */
enum status key_list_init(struct key_list *keys, const struct shard_set *shards,
                          const struct selector *selector);
void key_list_release(struct key_list *keys);

/* The keys of one shard, sorted by hash, repeats taken out; asked once a shard. */
size_t key_list_of(struct key_list *keys, uint32_t shard, struct listed_key **first);

#endif
