/* shard_set: the shards that keys are spread over, made when first used.
 *
 * A key's place follows from its hash under a seed; the number of shards is
 * fixed. A table reaches its rows through a set alone, so that it may come to
 * have several.
 *
 * Thread safety: every function may be called from any thread, except init and
 * release. */
#ifndef CARDINAL_TABLE_SHARD_SET_H
#define CARDINAL_TABLE_SHARD_SET_H

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/table/shard.h"

/* A batch near the limit of memory holds the locks of all its shards, and TSan
 * bears a thread that holds 64 locks, not one more. */
#if defined(__SANITIZE_THREAD__)
#define SHARD_BITS 5u
#else
#define SHARD_BITS 6u
#endif
#define SHARD_COUNT (1u << SHARD_BITS)

struct shard_set {
    uint64_t seed;
    _Atomic(struct shard *) shards[SHARD_COUNT]; /* NULL: no key came yet */
};

void shard_set_init(struct shard_set *set, uint64_t seed);
void shard_set_release(struct shard_set *set);

uint64_t shard_set_hash(const struct shard_set *set, struct bytes_view key);

/* The shard of a hash, 0 .. SHARD_COUNT - 1. */
static inline uint32_t shard_number(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - SHARD_BITS));
}

/* The shard, or NULL if no key came to it yet. */
static inline struct shard *shard_set_get(const struct shard_set *set, uint32_t number)
{
    return atomic_load(&set->shards[number]);
}

/* The shard, made if need be; NULL without memory. */
struct shard *shard_set_make(struct shard_set *set, uint32_t number);

/* Adds what the set holds to *usage. */
void shard_set_add_usage(struct shard_set *set, struct table_usage *usage);

#endif
