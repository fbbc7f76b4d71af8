#include "daemon/table/shard_set.h"

#include "daemon/memory/heap.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

void shard_set_init(struct shard_set *set, uint64_t seed)
{
    set->seed = seed;
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        atomic_init(&set->shards[i], NULL);
}

void shard_set_release(struct shard_set *set)
{
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        shard_free(shard_set_get(set, i));
}

uint64_t shard_set_hash(const struct shard_set *set, struct bytes_view key)
{
    return XXH3_64bits_withSeed(key.data, key.len, set->seed);
}

struct shard *shard_set_make(struct shard_set *set, uint32_t number)
{
    struct shard *shard = shard_set_get(set, number);
    if (shard != NULL)
        return shard;
    struct shard *made = shard_new(number);
    if (made == NULL)
        return NULL;
    if (atomic_compare_exchange_strong(&set->shards[number], &shard, made))
        return made;
    shard_free(made); /* another thread was first */
    return shard;
}

void shard_set_add_usage(struct shard_set *set, struct table_usage *usage)
{
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = shard_set_get(set, i);
        if (shard == NULL)
            continue;
        shard_lock(shard, HOLD_USAGE);
        shard_add_usage(shard, usage);
        shard_unlock(shard);
        usage->index_bytes += heap_block_bytes(sizeof *shard);
    }
}
