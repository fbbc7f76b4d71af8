#include "daemon/table/run.h"

#include <string.h>

#define TIGHTEN_MIN 3u /* shared bytes gained that are worth a look at every row */

static uint16_t shared_bytes(struct bytes_view a, struct bytes_view b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    size_t n = 0;
    while (n < shorter && a.data[n] == b.data[n])
        n++;
    return (uint16_t)n;
}

static uint32_t prefix_at(struct bytes_view key, size_t skip)
{
    if (key.len >= skip + sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, key.data + skip, sizeof word);
        return __builtin_bswap32(word);
    }
    uint32_t prefix = 0;
    for (size_t i = skip; i < skip + 4; i++)
        prefix = prefix << 8 | (i < key.len ? key.data[i] : 0);
    return prefix;
}

struct run_entry run_entry_of(const struct pool *pool, uint16_t skip, uint32_t ref)
{
    struct run_entry entry = { 0, ref };
    entry.prefix = prefix_at(run_key(pool, entry), skip);
    return entry;
}

static void cache_prefixes(const struct pool *pool, struct run_entry *entries, uint32_t n,
                           uint16_t skip)
{
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(pool_at(pool, entries[i].ref));
    for (uint32_t i = 0; i < n; i++)
        entries[i] = run_entry_of(pool, skip, entries[i].ref);
}

/* Where key lies if it does not share the skipped bytes: 0 or n; else UINT32_MAX. */
static uint32_t rank_outside(const struct pool *pool, const struct run_entry *entries, uint32_t n,
                             uint16_t skip, struct bytes_view key)
{
    struct bytes_view shared = { run_key(pool, entries[0]).data, skip };
    struct bytes_view head = { key.data, key.len < skip ? key.len : skip };
    int order = key_compare(head, shared);
    if (order == 0)
        return UINT32_MAX;
    return order < 0 ? 0 : n;
}

uint32_t run_rank(const struct pool *pool, const struct run_entry *entries, uint32_t n,
                  uint16_t skip, struct bytes_view key, bool inclusive)
{
    if (n == 0)
        return 0;
    if (skip > 0) {
        uint32_t rank = rank_outside(pool, entries, n, skip, key);
        if (rank != UINT32_MAX)
            return rank;
    }
    uint32_t prefix = prefix_at(key, skip);
    uint32_t low = 0;
    uint32_t high = n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        bool before = entries[middle].prefix < prefix;
        if (entries[middle].prefix == prefix) {
            int order = key_compare(run_key(pool, entries[middle]), key);
            before = order < 0 || (inclusive && order == 0);
        }
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void run_admit(const struct pool *pool, struct run_entry *entries, uint32_t n, uint16_t *skip,
               struct bytes_view key)
{
    if (n == 0 || *skip == 0)
        return;
    uint16_t shared = shared_bytes(run_key(pool, entries[0]), key);
    if (shared >= *skip)
        return;
    *skip = shared;
    cache_prefixes(pool, entries, n, *skip);
}

void run_tighten(const struct pool *pool, struct run_entry *entries, uint32_t n, uint16_t *skip)
{
    if (n < 2)
        return;
    uint16_t shared = shared_bytes(run_key(pool, entries[0]), run_key(pool, entries[n - 1]));
    if (shared < *skip + TIGHTEN_MIN)
        return;
    *skip = shared;
    cache_prefixes(pool, entries, n, *skip);
}
