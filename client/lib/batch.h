/* batch: what cardinal_batch is made of, for the files that share it.
 *
 * Values are staged in a row; finished rows are appended to body, which is the
 * Ingest message in wire format; a body that is due becomes a parcel, which
 * goes on its way as a call. Parcels that were refused wait to be handed back.
 *
 *     row -> body -> parcel on its way -> answered, and gone
 *                        ^       \-> failed -> handed back to the caller
 *                        +---- retried -----------+
 *
 * Thread safety: its client's. */
#ifndef CARDINAL_CLIENT_BATCH_H
#define CARDINAL_CLIENT_BATCH_H

#include "client/lib/client.h"
#include "client/lib/row_builder.h"
#include "proto/value_hash.h"

/* One Ingest on its way, or refused; cardinal_failed to the caller. */
struct cardinal_failed {
    struct call call; /* first: on_done finds the parcel by it */
    struct cardinal_batch *batch;
    struct cardinal_failed *prev;
    struct cardinal_failed *next;
    uint64_t values;
};

struct parcel_list {
    struct cardinal_failed *first;
    struct cardinal_failed *last;
    unsigned count;
};

struct cardinal_batch {
    struct client_watch watch; /* first: cardinal_poll() finds the batch by it */
    struct cardinal_client *client;
    cardinal_batch_options options; /* with the defaults filled in */
    struct value_hasher hasher;
    size_t column_count;
    struct bytes prefix; /* what every body begins with: table, columns, ack */

    struct row_builder row;
    struct bytes body;
    uint64_t values;   /* in body and row */
    int64_t oldest_ms; /* when the first of them came */
    int64_t looked_ms; /* when answers were last looked for because of age */
    size_t last_size;  /* of the body before, as a guess at this one's */

    struct parcel_list flying; /* oldest first */
    struct parcel_list failed;
    size_t held_bytes; /* in both lists */

    cardinal_batch_totals totals;
    struct fault unreported; /* first failure that no call has returned yet */
};

/* Makes room for a value that takes at most need bytes, sending what is there
 * if it must, and waiting if that was asked for. */
cardinal_status batch_make_room(struct cardinal_batch *batch, size_t need);

/* Sends what is due, as far as that goes without waiting. */
void batch_send_due(struct cardinal_batch *batch);

/* The status that the current call is to return, which is thereby reported. */
cardinal_status batch_report(struct cardinal_batch *batch);

/* Bytes of the message so far, at most. */
static inline size_t batch_size(const struct cardinal_batch *batch)
{
    size_t body = batch->body.len > 0 ? batch->body.len : batch->prefix.len;
    return body + row_builder_bound(&batch->row);
}

/* Gives up all parcels. */
void batch_release_parcels(struct cardinal_batch *batch);

#endif
