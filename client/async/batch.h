/* A batch that never waits: a batch of the blocking API, told to fail instead, and
 * the callbacks around it.
 *
 * Opening, closing and values are batch.c's; what is told of it batch_events.c's. A
 * batch that is closed in one of its callbacks is freed once that is over.
 *
 * Thread safety: the loop's thread. */
#ifndef CARDINAL_CLIENT_ASYNC_BATCH_H
#define CARDINAL_CLIENT_ASYNC_BATCH_H

#include "client/async/async.h"
#include "client/lib/batch.h"

struct cardinal_async_batch {
    struct async_request opening; /* first: deliver finds the batch by it */
    struct call describe;
    struct arena *names; /* holds columns, until it is opened */
    const char *const *columns;
    size_t column_count;

    struct cardinal_async_batch *prev;
    struct cardinal_async_batch *next;
    struct async_link *link;
    struct cardinal_batch *inner;
    cardinal_async_batch_events events;
    void *arg;
    cardinal_failed *done; /* parcels to be told of, oldest first */
    cardinal_failed *last_done;
    unsigned done_count;
    cardinal_failed *told; /* that the callback is being told of, unless it was retried */
    bool asked;            /* opening is in the client's lists */
    bool opened;
    bool starved;   /* an add was refused since the last drained */
    bool flushing;  /* flushed is to be called */
    bool news;      /* something is to be told, or might be */
    bool telling;   /* in a callback of it */
    uint64_t round; /* of async_tell_batches() that it was last told of in */
    bool closed;    /* to be freed once its callback is over */
};

/* Something of the batch is to be told, or might be. */
void async_batch_news(struct cardinal_async_batch *batch);

/* An answer to the batch has come: on_parcel of the inner one. */
void async_batch_parcel_done(struct cardinal_batch *inner, cardinal_failed *parcel);

/* A callback of the batch is over: frees it if it was closed meanwhile. */
void async_batch_told(struct cardinal_async_batch *batch);

/* Frees it, with whatever was not told. No callback of it is on the stack. */
void async_batch_free(struct cardinal_async_batch *batch);

#endif
