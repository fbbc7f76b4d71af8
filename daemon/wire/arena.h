/* arena: memory for one request at a time, freed all at once.
 *
 * Allocation moves a pointer; nothing is given back before arena_reset(),
 * which keeps the first chunk, so that a loop that serves small requests
 * allocates once in its life. Chunks beyond the first come from malloc and go
 * with the reset. What is handed out never exceeds the cap, whatever a peer
 * sends.
 *
 * Thread safety: none; an arena belongs to one loop or one job. */
#ifndef CARDINAL_WIRE_ARENA_H
#define CARDINAL_WIRE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *first;  /* kept over resets; NULL until first used */
    struct arena_chunk *newest; /* the one that is being filled */
    size_t first_bytes;         /* size of the first chunk */
    size_t cap_bytes;           /* bytes handed out at most between two resets */
    size_t used_bytes;          /* handed out since the last reset */
};

/* Allocates nothing yet. */
void arena_init(struct arena *arena, size_t first_bytes, size_t cap_bytes);

/* Frees all; the arena may be used again. */
void arena_release(struct arena *arena);

/* Takes back everything that was handed out. */
void arena_reset(struct arena *arena);

/* size bytes, aligned for any type and not zeroed; NULL over the cap or without
 * memory. Live until the next reset or release. */
void *arena_alloc(struct arena *arena, size_t size);

/* arena_alloc() of count x size bytes, safe against overflow. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

#endif
