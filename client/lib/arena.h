/* Memory that is given back all at once: what a reply and the result made of
 * it consist of. Good for many small pieces that live and die together; a
 * piece cannot be given back alone.
 *
 * An arena has a cap, since what is unpacked into it was sent by a peer: two
 * bytes on the wire can ask for a hundred in memory.
 *
 * Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_ARENA_H
#define CARDINAL_CLIENT_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;   /* newest first */
    size_t left;                  /* of the cap */
    bool over_cap;                /* an allocation failed because of the cap */
    bool failed;                  /* an allocation failed for want of memory */
    ProtobufCAllocator allocator; /* hands out of this arena */
};

/* An empty arena that never holds more than cap bytes; NULL without memory. */
struct arena *arena_new(size_t cap);
void arena_free(struct arena *arena); /* accepts NULL */

/* size bytes aligned for anything, or NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* Room for count things of size bytes, zeroed; NULL also if that overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of len bytes with a NUL behind. */
char *arena_copy(struct arena *arena, const void *data, size_t len);

#endif
