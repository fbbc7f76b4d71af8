/* append: bytes that wait to be written, in chunks.
 *
 * Whoever has bytes to append holds a queue's lock, asks for room, writes into it
 * and says how much he wrote. A record never crosses from one chunk to the next,
 * and the first of a chunk names its place. The flusher takes a queue's chunks all
 * at once, and gives them back when they are written; they are used again.
 *
 * Limits: the queues take as many chunks as memory allows; chunk_pool_is_full()
 * says when they should not grow.
 *
 * Thread safety: of queues by their lock; of the pool by its own. */
#ifndef CARDINAL_STORE_APPEND_H
#define CARDINAL_STORE_APPEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/change_sink.h"

#define CHUNK_BYTES ((size_t)512 << 10) /* the header included */
#define CHUNKS_MAX 128u                 /* that are in use, all together, and no more should be */
#define CHUNKS_KEPT 32u                 /* that are free */

struct chunk {
    struct chunk *next;
    uint32_t used;
    uint8_t bytes[CHUNK_BYTES - 16];
};

#define CHUNK_ROOM (sizeof((struct chunk *)0)->bytes)

struct chunk_pool {
    pthread_mutex_t lock; /* guards free and free_count */
    struct chunk *free;
    uint32_t free_count;
    _Atomic uint32_t in_use; /* written under the lock */
};

void chunk_pool_init(struct chunk_pool *pool);
void chunk_pool_release(struct chunk_pool *pool); /* frees what is free */

/* Takes back a chunk and all behind it. */
void chunk_pool_give(struct chunk_pool *pool, struct chunk *chunks);

static inline uint32_t chunk_pool_in_use(const struct chunk_pool *pool)
{
    return atomic_load_explicit(&pool->in_use, memory_order_relaxed);
}

struct append_queue {
    _Alignas(64) pthread_mutex_t lock; /* guards all below */
    struct chunk *first;
    struct chunk *last;
    struct change_place next; /* of the next record, unless has_place is false */
    bool has_place;
};

void append_queue_init(struct append_queue *queue);
void append_queue_release(struct append_queue *queue, struct chunk_pool *pool);

/* append_room() where it takes a new chunk. */
uint8_t *append_chunk(struct append_queue *queue, struct chunk_pool *pool);

/* Room for n bytes, at most CHUNK_ROOM, in one piece, with the queue locked; NULL
 * without memory. *is_new says that it begins a chunk. */
static inline uint8_t *append_room(struct append_queue *queue, struct chunk_pool *pool, size_t n,
                                   bool *is_new)
{
    struct chunk *last = queue->last;
    *is_new = last == NULL || CHUNK_ROOM - last->used < n;
    return *is_new ? append_chunk(queue, pool) : last->bytes + last->used;
}

/* The room is written up to end. */
static inline void append_done(struct append_queue *queue, const uint8_t *end)
{
    queue->last->used = (uint32_t)(end - queue->last->bytes);
}

/* Takes all chunks out of the queue; locks it. NULL: there are none. */
struct chunk *append_take(struct append_queue *queue);

#endif
