#include "daemon/table/key_list.h"

#include <stdlib.h>
#include <string.h>

enum status key_list_init(struct key_list *keys, const struct shard_set *shards,
                          const struct selector *selector)
{
    size_t n = selector->list_count;
    struct listed_key *placed = malloc(2 * n * sizeof *placed + 1);
    if (placed == NULL)
        return ST_RESOURCE_EXHAUSTED;
    keys->list = selector->list;
    keys->keys = placed;
    struct listed_key *unsorted = placed + n;
    size_t next[SHARD_COUNT] = { 0 };
    for (size_t i = 0; i < n; i++) {
        unsorted[i] = (struct listed_key){ shard_set_hash(shards, selector->list[i]), i };
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

static int compare_listed(const void *a, const void *b)
{
    const struct listed_key *one = a;
    const struct listed_key *other = b;
    if (one->hash != other->hash)
        return one->hash < other->hash ? -1 : 1;
    return (one->at > other->at) - (one->at < other->at);
}

/* Is the key among the kept ones of its hash, which are the last of n? */
static bool is_repeat(const struct key_list *keys, const struct listed_key *kept, size_t n,
                      const struct listed_key *key)
{
    while (n > 0 && kept[n - 1].hash == key->hash) {
        if (key_compare(keys->list[kept[n - 1].at], keys->list[key->at]) == 0)
            return true;
        n--;
    }
    return false;
}

size_t key_list_of(struct key_list *keys, uint32_t shard, struct listed_key **first)
{
    size_t begin = shard == 0 ? 0 : keys->ends[shard - 1];
    struct listed_key *sorted = keys->keys + begin;
    size_t n = keys->ends[shard] - begin;
    qsort(sorted, n, sizeof *sorted, compare_listed);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct listed_key key = sorted[i];
        if (!is_repeat(keys, sorted, kept, &key))
            sorted[kept++] = key;
    }
    *first = sorted;
    return kept;
}
