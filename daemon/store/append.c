#include "daemon/store/append.h"

#include <stdlib.h>

_Static_assert(sizeof(struct chunk) == CHUNK_BYTES, "a chunk is as large as it says");

void chunk_pool_init(struct chunk_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->free = NULL;
    pool->free_count = 0;
    atomic_init(&pool->in_use, 0);
}

void chunk_pool_release(struct chunk_pool *pool)
{
    while (pool->free != NULL) {
        struct chunk *chunk = pool->free;
        pool->free = chunk->next;
        free(chunk);
    }
    pthread_mutex_destroy(&pool->lock);
}

static struct chunk *take(struct chunk_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct chunk *chunk = pool->free;
    if (chunk != NULL) {
        pool->free = chunk->next;
        pool->free_count--;
    } else {
        chunk = malloc(sizeof *chunk);
    }
    if (chunk != NULL)
        atomic_fetch_add_explicit(&pool->in_use, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->lock);
    return chunk;
}

void chunk_pool_give(struct chunk_pool *pool, struct chunk *chunks)
{
    pthread_mutex_lock(&pool->lock);
    while (chunks != NULL) {
        struct chunk *next = chunks->next;
        atomic_fetch_sub_explicit(&pool->in_use, 1, memory_order_relaxed);
        if (pool->free_count < CHUNKS_KEPT) {
            chunks->next = pool->free;
            pool->free = chunks;
            pool->free_count++;
        } else {
            free(chunks);
        }
        chunks = next;
    }
    pthread_mutex_unlock(&pool->lock);
}

void append_queue_init(struct append_queue *queue)
{
    pthread_mutex_init(&queue->lock, NULL);
    queue->first = queue->last = NULL;
    queue->has_place = false;
}

void append_queue_release(struct append_queue *queue, struct chunk_pool *pool)
{
    chunk_pool_give(pool, append_take(queue));
    pthread_mutex_destroy(&queue->lock);
}

uint8_t *append_chunk(struct append_queue *queue, struct chunk_pool *pool)
{
    struct chunk *last = queue->last;
    struct chunk *chunk = take(pool);
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->used = 0;
    if (last == NULL)
        queue->first = chunk;
    else
        last->next = chunk;
    queue->last = chunk;
    queue->has_place = false;
    return chunk->bytes;
}

struct chunk *append_take(struct append_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct chunk *chunks = queue->first;
    queue->first = queue->last = NULL;
    queue->has_place = false;
    pthread_mutex_unlock(&queue->lock);
    return chunks;
}
