/* heap_impl: what the heap is made of, for the files of this folder. */
#ifndef CARDINAL_MEMORY_HEAP_IMPL_H
#define CARDINAL_MEMORY_HEAP_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/memory/classes.h"
#include "daemon/memory/heap.h"
#include "daemon/memory/region.h"

#define ARENAS 8u
#define CLASS_SINGLE CLASS_COUNT /* of spans with a single block larger than any class */

/* Spans that share a lock. A thread allocates from the arena it was given. */
struct arena {
    _Alignas(64) pthread_mutex_t lock; /* guards all below, and the spans */
    struct span *partial[CLASS_COUNT]; /* spans with room, not leaving */
    atomic_size_t used_bytes;          /* of blocks of a class, read without the lock */
    int64_t room[CLASS_COUNT];         /* blocks they have room for, less those that are
                                        * to be moved into them */
};

extern struct arena heap_arenas[ARENAS];

void arena_lock(struct arena *arena);
void arena_unlock(struct arena *arena);

/* Takes a span out of, or puts it into, the list of those with room. */
void arena_unlist(struct arena *arena, struct span *span);
void arena_list(struct arena *arena, struct span *span);

/* Units of a span of blocks of that size, which a class has: one for small blocks and
 * for whole units, else enough for some blocks, and somewhat more where less is wasted. */
unsigned span_units(size_t block_bytes);

static inline bool span_has_room(const struct span *span)
{
    return span->live < span->blocks;
}

#endif
