/* ingest_run: a batch on its way into a table, a stretch at a time.
 *
 * Everything is checked before the first value is applied; from then on only
 * missing memory stops it. The batch points into the frame, which must stay
 * where it is until the run is done.
 *
 * Decoding and sorting a batch cannot be sliced: a large one is prepared by a
 * thread of the pool (ingest_queue.h), a small one where it is applied.
 *
 * Thread safety: none; a run belongs to one loop, and while it is prepared to
 * the thread that does so. */
#ifndef CARDINAL_SERVER_INGEST_RUN_H
#define CARDINAL_SERVER_INGEST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/table/batch.h"
#include "daemon/table/table.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/ingest.h"
#include "daemon/wire/request.h"
#include "proto/status.h"

struct loop;
struct pace;
struct server_context;
struct turn_clock;

struct ingest_run {
    struct arena arena;
    struct ingest_head head;
    struct batch batch;
    struct column_set columns;
    struct apply_cursor cursor;
    struct table *table;
    /* Not beside the flags below: the loop reads those, a word at a time, while the
     * pool writes these. */
    bool is_durable;    /* its answer waits until all is on disk */
    bool is_admitted;   /* all the memory it may need is there */
    uint64_t id;        /* of the request */
    size_t frame_bytes; /* of the inbuf that the batch points into */
    bool is_begun;      /* being applied: it cannot be given up any more */

    /* Of a large batch only; see ingest_queue.h. */
    bool is_large;
    bool is_prepared;     /* by the pool; outcome is known */
    bool is_answered;     /* as expired, before it was prepared */
    uint64_t deadline_ms; /* loop time until which it must be prepared; 0: none */
    uv_work_t work;
    struct loop *loop;
    struct request_head request;
    enum status outcome;
    struct error err; /* of the outcome */
    void (*prepared)(struct ingest_run *run);
    void *owner; /* whom prepared() is for */
    struct ingest_run *next;
};

/* NULL without memory. */
struct ingest_run *ingest_run_new(const struct server_context *context);
void ingest_run_free(struct ingest_run *run); /* accepts NULL */

/* Decodes and checks the request, and puts its rows in the order in which they are
 * applied; nothing is held on failure. */
enum status ingest_run_begin(struct ingest_run *run, const struct server_context *context,
                             const struct request_head *head, struct error *err);

/* Applies until the turn is over, at least one stretch; pace is that of values.
 * ST_RESOURCE_EXHAUSTED: nothing was applied. */
enum status ingest_run_step(struct ingest_run *run, struct turn_clock *clock, struct pace *pace,
                            bool *done, struct error *err);

/* Gives back what begin took. */
void ingest_run_end(struct ingest_run *run);

#endif
