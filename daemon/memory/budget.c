#include "daemon/memory/budget.h"

#include <assert.h>
#include <stdatomic.h>

#include "daemon/memory/heap.h"

#define CLAIM_BEYOND 32u /* that part of the limit may be claimed on top of it */

static _Atomic uint64_t max_bytes = UINT64_MAX;
static _Atomic uint64_t other_bytes;
static _Atomic uint64_t reserved_bytes;
static _Atomic uint64_t refusals;

void memory_set_max(uint64_t max)
{
    atomic_store(&max_bytes, max);
}

uint64_t memory_max(void)
{
    return atomic_load(&max_bytes);
}

void memory_set_others(uint64_t bytes)
{
    atomic_store(&other_bytes, bytes);
}

uint64_t memory_held(void)
{
    size_t idle = heap_idle_bytes(); /* read first: what became idle meanwhile is held too much */
    size_t heap = heap_held_bytes();
    return (heap > idle ? heap - idle : 0) + atomic_load(&other_bytes);
}

uint64_t memory_reserved(void)
{
    return atomic_load(&reserved_bytes);
}

/* Reserves bytes if with them no more is held than max. */
static bool reserve_below(uint64_t max, size_t bytes)
{
    uint64_t reserved = atomic_fetch_add(&reserved_bytes, bytes) + bytes;
    uint64_t held = memory_held();
    if (held <= max && reserved <= max - held)
        return true;
    atomic_fetch_sub(&reserved_bytes, bytes);
    return false;
}

bool memory_claim(size_t bytes)
{
    uint64_t max = atomic_load(&max_bytes);
    uint64_t beyond = max / CLAIM_BEYOND;
    return reserve_below(beyond < UINT64_MAX - max ? max + beyond : max, bytes);
}

void memory_unclaim(size_t bytes)
{
    uint64_t before = atomic_fetch_sub(&reserved_bytes, bytes);
    assert(before >= bytes);
    (void)before;
}

bool memory_reserve(size_t bytes, size_t most, size_t block_max)
{
    if (!reserve_below(atomic_load(&max_bytes), bytes))
        return false;
    if (heap_set_aside(most + heap_span_bytes(block_max)))
        return true;
    memory_unclaim(bytes);
    return false;
}

void memory_release(size_t bytes, size_t most, size_t block_max)
{
    memory_unclaim(bytes);
    heap_put_back(most + heap_span_bytes(block_max));
}

void memory_count_refusal(void)
{
    atomic_fetch_add(&refusals, 1);
}

uint64_t memory_refusals(void)
{
    return atomic_load(&refusals);
}
