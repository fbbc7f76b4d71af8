/* batch: what cardinal_batch is made of, for the files that share it.
 *
 * Values are gathered by key; when they are due, they become the message of a
 * parcel, which goes on its way as a call. Parcels that were refused wait to
 * be handed back.
 *
 *     gather -> parcel on its way -> answered, and gone
 *                   ^       \-> failed -> handed back to the caller
 *                   +---- retried -----------+
 *
 * Thread safety: its client's. */
#ifndef CARDINAL_CLIENT_BATCH_H
#define CARDINAL_CLIENT_BATCH_H

#include "client/lib/batch_plan.h"
#include "client/lib/client.h"

#define BATCH_SEND_SHARE 4u /* a message is sent when it is 1/4 of the bytes allowed */

/* One Ingest on its way, or refused; cardinal_failed to the caller. */
struct cardinal_failed {
    struct call call; /* first: on_done finds the parcel by it */
    struct cardinal_batch *batch;
    struct cardinal_failed *prev;
    struct cardinal_failed *next;
    uint64_t values; /* added to it, repeated ones included */
};

struct parcel_list {
    struct cardinal_failed *first;
    struct cardinal_failed *last;
    unsigned count;
};

/* Within these a value is added with no further look: there is room for it, and the batch is not
 * full with it. All 0: look. */
struct batch_bounds {
    uint32_t values; /* gathered */
    uint32_t key_len;
    size_t bytes;       /* of the gather's bound */
    unsigned greetings; /* of the core, when they were measured */
};

struct cardinal_batch {
    struct client_watch watch; /* first: cardinal_poll() finds the batch by it */
    struct cardinal_client *client;
    struct batch_plan plan;
    struct gather gather;
    struct batch_bounds bounds;
    int64_t oldest_ms; /* when the first value gathered came */
    int64_t looked_ms; /* when answers were last looked for because of age */

    struct parcel_list flying; /* oldest first */
    struct parcel_list failed;
    size_t held_bytes; /* in both lists */

    cardinal_batch_totals totals;
    /* Takes over parcels that are done, unless it is NULL. */
    void (*on_parcel)(struct cardinal_batch *batch, struct cardinal_failed *parcel);
    void *owner;             /* whatever on_parcel wants to know */
    struct fault unreported; /* first failure that no call has returned yet */
};

/* A batch that takes no values until its plan was fitted to a table. */
cardinal_status batch_new(struct cardinal_client *client, const cardinal_batch_options *options,
                          struct cardinal_batch **out);

/* Makes room for a value that takes at most need bytes, sending what is there
 * if it must, and waiting if that was asked for. */
cardinal_status batch_make_room(struct cardinal_batch *batch, size_t need);

/* Sends what is there, being due, as far as that goes without waiting. */
void batch_send_due(struct cardinal_batch *batch);

/* Bytes that a message may have. */
static inline size_t batch_frame_room(const struct cardinal_batch *batch)
{
    size_t frame = batch->client->core.limits.max_frame;
    return frame > CORE_HEAD_MAX ? frame - CORE_HEAD_MAX : 0;
}

/* Values that a message may have. */
static inline uint32_t batch_values_max(const struct cardinal_batch *batch)
{
    uint32_t server = batch->client->core.limits.max_batch_values;
    return batch->plan.options.max_values < server ? batch->plan.options.max_values : server;
}

/* Is there room for a value that takes at most need bytes? */
static inline bool batch_has_room(const struct cardinal_batch *batch, size_t need)
{
    size_t size = batch_plan_size(&batch->plan, &batch->gather) + need;
    return batch->gather.count < batch_values_max(batch) && size <= batch_frame_room(batch) &&
           batch->held_bytes + size <= batch->plan.options.max_bytes;
}

/* Is what is there to be sent, whatever its age? */
static inline bool batch_is_full(const struct cardinal_batch *batch)
{
    return batch->gather.count >= batch_values_max(batch) ||
           batch_plan_size(&batch->plan, &batch->gather) >=
               batch->plan.options.max_bytes / BATCH_SEND_SHARE;
}

/* Measures the bounds. */
void batch_measure(struct cardinal_batch *batch);

/* Is a value that takes at most need bytes within the bounds? */
static inline bool batch_is_sure(const struct cardinal_batch *batch, size_t key_len,
                                 uint32_t column, size_t need)
{
    const struct batch_bounds *bounds = &batch->bounds;
    return batch->gather.count < bounds->values && key_len <= bounds->key_len &&
           batch->gather.bound + need <= bounds->bytes && column < batch->plan.column_count &&
           bounds->greetings == batch->client->core.greetings;
}

/* Sends what is there if the oldest value has the age for it. */
void batch_look_at_age(struct cardinal_batch *batch);

/* When what is there is to be sent because of its age. */
int64_t batch_due_ms(const struct client_watch *watch);

/* Puts a parcel on its way. */
void batch_launch(struct cardinal_batch *batch, struct cardinal_failed *parcel);

/* The status that the current call is to return, which is thereby reported. */
cardinal_status batch_report(struct cardinal_batch *batch);

/* Gives up all parcels. */
void batch_release_parcels(struct cardinal_batch *batch);

#endif
