#include "daemon/table/key_list.h"

#include <stdlib.h>
#include <string.h>

enum status key_list_init(struct key_list *keys, const struct shard_set *shards,
                          const struct selector *selector)
{
    size_t n = selector->list_count;
    struct placed_key *placed = malloc(2 * n * sizeof *placed + 1);
    if (placed == NULL)
        return ST_RESOURCE_EXHAUSTED;
    struct placed_key *unsorted = placed + n;
    size_t next[SHARD_COUNT] = { 0 };
    keys->keys = placed;
    keys->seen = (uint32_t *)(void *)unsorted;
    for (size_t i = 0; i < n; i++) {
        struct bytes_view key = selector->list[i];
        unsorted[i] = (struct placed_key){ key, shard_set_hash(shards, key) };
        next[shard_number(unsorted[i].hash)]++;
    }
    size_t before = 0;
    for (uint32_t shard = 0; shard < SHARD_COUNT; shard++) {
        keys->ends[shard] = before + next[shard];
        next[shard] = before;
        before = keys->ends[shard];
    }
    for (size_t i = 0; i < n; i++)
        placed[next[shard_number(unsorted[i].hash)]++] = unsorted[i];
    return ST_OK;
}

void key_list_release(struct key_list *keys)
{
    free(keys->keys);
}

/* Notes a key, which follows the kept ones, in a hash table of their numbers, counted
 * from 1; false if it is one of them. */
static bool is_new(uint32_t *seen, size_t mask, const struct placed_key *kept,
                   const struct placed_key *key, size_t number)
{
    size_t slot = (size_t)(key->hash >> 16) & mask;
    for (; seen[slot] != 0; slot = (slot + 1) & mask) {
        const struct placed_key *there = &kept[seen[slot] - 1];
        if (there->hash == key->hash && key_compare(there->key, key->key) == 0)
            return false;
    }
    seen[slot] = (uint32_t)number;
    return true;
}

size_t key_list_of(struct key_list *keys, uint32_t shard, const struct placed_key **first)
{
    size_t begin = shard == 0 ? 0 : keys->ends[shard - 1];
    struct placed_key *kept = keys->keys + begin;
    size_t n = keys->ends[shard] - begin;
    size_t slots = 1;
    size_t count = 0;
    while (slots < 2 * n)
        slots *= 2; /* less than four numbers a key, which has the room of six */
    memset(keys->seen, 0, n == 0 ? 0 : slots * sizeof *keys->seen);
    for (size_t i = 0; i < n; i++) {
        struct placed_key key = kept[i];
        if (is_new(keys->seen, slots - 1, kept, &key, count + 1))
            kept[count++] = key;
    }
    *first = kept;
    return count;
}
