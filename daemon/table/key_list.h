/* key_list: the keys of a list selector, each once, in the order of the shards.
 *
 * Keys are views of the selector's. Thread safety: none. */
#ifndef CARDINAL_TABLE_KEY_LIST_H
#define CARDINAL_TABLE_KEY_LIST_H

#include "daemon/table/shard_set.h"

struct key_list {
    struct placed_key *keys;  /* by shard; owned */
    uint32_t *seen;           /* room to find repeats in, behind the keys */
    size_t ends[SHARD_COUNT]; /* where each shard's keys end, in keys */
};

/* Places the keys of a list selector; ST_RESOURCE_EXHAUSTED without memory. */
enum status key_list_init(struct key_list *keys, const struct shard_set *shards,
                          const struct selector *selector);
void key_list_release(struct key_list *keys);

/* The keys of one shard in the order of the list, repeats taken out; asked once a
 * shard. */
size_t key_list_of(struct key_list *keys, uint32_t shard, const struct placed_key **first);

#endif
