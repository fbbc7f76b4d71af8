#include "daemon/wire/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_GROWTH_MAX (1u << 20) /* bytes; larger chunks only for larger pieces */

struct arena_chunk {
    struct arena_chunk *previous;
    size_t size; /* of bytes[] */
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

static size_t rounded(size_t size)
{
    size_t unit = alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

void arena_init(struct arena *arena, size_t first_bytes, size_t cap_bytes)
{
    *arena = (struct arena){ .first_bytes = first_bytes, .cap_bytes = cap_bytes };
}

static void free_chunks_after(struct arena *arena, struct arena_chunk *last_kept)
{
    while (arena->newest != last_kept) {
        struct arena_chunk *chunk = arena->newest;
        arena->newest = chunk->previous;
        free(chunk);
    }
}

void arena_release(struct arena *arena)
{
    free_chunks_after(arena, NULL);
    arena->first = NULL;
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    free_chunks_after(arena, arena->first);
    if (arena->first != NULL)
        arena->first->used = 0;
    arena->used_bytes = 0;
}

/* A chunk that holds size bytes at least: the first one of the size asked for
 * at init, each later one twice its predecessor. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t chunk_size = arena->first_bytes;
    if (arena->newest != NULL)
        chunk_size = 2 * arena->newest->size;
    if (chunk_size > CHUNK_GROWTH_MAX && arena->newest != NULL)
        chunk_size = CHUNK_GROWTH_MAX;
    if (chunk_size < size)
        chunk_size = size;
    struct arena_chunk *chunk = malloc(sizeof *chunk + chunk_size);
    if (chunk == NULL)
        return NULL;
    chunk->previous = arena->newest;
    chunk->size = chunk_size;
    chunk->used = 0;
    if (arena->first == NULL)
        arena->first = chunk;
    arena->newest = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->cap_bytes || size > PTRDIFF_MAX / 2)
        return NULL;
    size = rounded(size);
    if (arena->used_bytes > arena->cap_bytes || size > arena->cap_bytes - arena->used_bytes)
        return NULL;
    struct arena_chunk *chunk = arena->newest;
    if (chunk == NULL || size > chunk->size - chunk->used)
        chunk = add_chunk(arena, size);
    if (chunk == NULL)
        return NULL;
    void *piece = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->used_bytes += size;
    return piece;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, count * size);
}
