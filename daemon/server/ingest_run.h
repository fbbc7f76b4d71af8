/* ingest_run: a batch on its way into a table, a stretch at a time.
 *
 * Everything is checked before the first value is applied; from then on only
 * missing memory stops it. The batch points into the frame, which must stay
 * where it is until the run is done.
 *
 * Thread safety: none; a run belongs to one loop. */
#ifndef CARDINAL_SERVER_INGEST_RUN_H
#define CARDINAL_SERVER_INGEST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/batch.h"
#include "daemon/table/table.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/ingest.h"
#include "daemon/wire/request.h"
#include "proto/status.h"

struct server_context;

struct ingest_run {
    struct arena arena;
    struct ingest_head head;
    struct batch batch;
    struct column_set columns;
    struct apply_cursor cursor;
    struct table *table;
    uint64_t id;        /* of the request */
    size_t frame_bytes; /* of the inbuf that the batch points into */
};

/* NULL without memory. */
struct ingest_run *ingest_run_new(const struct server_context *context);
void ingest_run_free(struct ingest_run *run); /* accepts NULL */

/* Decodes and checks the request; nothing is held on failure. */
enum status ingest_run_begin(struct ingest_run *run, const struct server_context *context,
                             const struct request_head *head, struct error *err);

/* Applies until about until_ns of uv_hrtime(), at least one stretch. */
enum status ingest_run_step(struct ingest_run *run, uint64_t until_ns, bool *done);

/* Gives back what begin took. */
void ingest_run_end(struct ingest_run *run);

#endif
