/* The result of a question about several keys, while it is made. */
#ifndef CARDINAL_CLIENT_COUNTS_H
#define CARDINAL_CLIENT_COUNTS_H

#include "client/include/cardinal.h"
#include "client/lib/arena.h"

struct counts {
    cardinal_counts public; /* first: the caller's pointer is to it */
    struct arena *arena;    /* holds this too */
    cardinal_row *rows;
};

/* An empty result for key_count keys, living in arena, which stays the caller's
 * until all went well. */
struct counts *counts_new(struct arena *arena, size_t key_count);

#endif
