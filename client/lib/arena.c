#include "client/lib/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 1024u
#define CHUNK_MAX (64u << 10)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char data[];
};

static void *allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void allocator_free(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

struct arena *arena_new(size_t cap)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return NULL;
    arena->left = cap;
    arena->allocator.alloc = allocator_alloc;
    arena->allocator.free = allocator_free;
    arena->allocator.allocator_data = arena;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    struct arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* Chunks double, so that a big reply takes few of them. */
static bool add_chunk(struct arena *arena, size_t need)
{
    size_t size = arena->chunks == NULL ? CHUNK_MIN : arena->chunks->size * 2;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < need)
        size = need;
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL)
        return false;
    chunk->used = 0;
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->left) {
        arena->over_cap = true;
        return NULL;
    }
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < need) {
        if (!add_chunk(arena, need)) {
            arena->failed = true;
            return NULL;
        }
        chunk = arena->chunks;
    }
    void *piece = chunk->data + chunk->used;
    chunk->used += need;
    arena->left -= need < arena->left ? need : arena->left;
    return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *piece = arena_alloc(arena, count * size);
    if (piece != NULL)
        memset(piece, 0, count * size);
    return piece;
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
