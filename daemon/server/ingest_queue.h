/* ingest_queue: the large batches of a loop, prepared by the pool.
 *
 * Decoding, hashing and sorting a batch of the largest size takes milliseconds
 * in one piece, too long for a loop. Such a batch is prepared by a thread of the
 * pool, straight from its frame, and then applied on its loop in turns.
 *
 * Few are in work at one time, since each may hold megabytes; the others wait
 * in the order they came, with nothing but their frames.
 *
 * Thread safety: none; a queue belongs to its loop. */
#ifndef CARDINAL_SERVER_INGEST_QUEUE_H
#define CARDINAL_SERVER_INGEST_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/server/ingest_run.h"

#define INGEST_LOOP_BYTES ((size_t)32 << 10) /* of a request; larger ones are prepared here */
#define INGEST_QUEUE_RUNS 8u                 /* in work at one time */

struct loop;

struct ingest_queue {
    struct ingest_run *first; /* waiting */
    struct ingest_run *last;
    unsigned in_work; /* from when they are given to the pool until they leave */
};

/* Should a batch of that size be prepared by the pool? */
static inline bool ingest_queue_wants(const struct request_head *head)
{
    return head->body.len > INGEST_LOOP_BYTES;
}

/* Has the run prepared; then calls prepared() on the loop, once. The request's
 * bytes must stay where they are until the run has left. */
void ingest_queue_enter(struct loop *loop, struct ingest_run *run,
                        const struct request_head *request,
                        void (*prepared)(struct ingest_run *run), void *owner);

/* A prepared run is done with, and lets the next begin; the pool ends and frees it. */
void ingest_queue_leave(struct loop *loop, struct ingest_run *run);

#endif
