/* Batches: sending, answers, and what came back. */
#include <stdlib.h>

#include "client/lib/batch.h"
#include "client/lib/clock.h"

static void list_append(struct parcel_list *list, struct cardinal_failed *parcel)
{
    parcel->next = NULL;
    parcel->prev = list->last;
    if (list->last != NULL)
        list->last->next = parcel;
    else
        list->first = parcel;
    list->last = parcel;
    list->count++;
}

static void list_remove(struct parcel_list *list, struct cardinal_failed *parcel)
{
    if (parcel->prev != NULL)
        parcel->prev->next = parcel->next;
    else
        list->first = parcel->next;
    if (parcel->next != NULL)
        parcel->next->prev = parcel->prev;
    else
        list->last = parcel->prev;
    list->count--;
}

void cardinal_failed_free(cardinal_failed *failed)
{
    if (failed == NULL)
        return;
    call_release(&failed->call);
    free(failed);
}

void batch_release_parcels(struct cardinal_batch *batch)
{
    struct cardinal_failed *next;
    for (struct cardinal_failed *parcel = batch->flying.first; parcel != NULL; parcel = next) {
        next = parcel->next;
        core_forget(&batch->client->core, &parcel->call);
        cardinal_failed_free(parcel);
    }
    for (struct cardinal_failed *parcel = batch->failed.first; parcel != NULL; parcel = next) {
        next = parcel->next;
        cardinal_failed_free(parcel);
    }
    batch->flying = (struct parcel_list){ 0 };
    batch->failed = (struct parcel_list){ 0 };
}

/* The core is done with a parcel. */
static void parcel_done(struct call *call)
{
    struct cardinal_failed *parcel = (struct cardinal_failed *)call;
    struct cardinal_batch *batch = parcel->batch;
    bool ok = call->fault.status == CARDINAL_OK;
    list_remove(&batch->flying, parcel);
    batch->totals.batches++;
    if (ok) {
        batch->totals.values += parcel->values;
        batch->totals.changes += call->reply->ingest->changes;
    } else {
        batch->totals.failed_batches++;
    }
    if (ok || batch->on_parcel != NULL)
        batch->held_bytes -= call->body_len;
    if (batch->on_parcel != NULL) {
        batch->on_parcel(batch, parcel);
    } else if (ok) {
        cardinal_failed_free(parcel);
    } else {
        if (batch->unreported.status == CARDINAL_OK)
            batch->unreported = call->fault;
        list_append(&batch->failed, parcel);
    }
}

static unsigned flying_max(const struct cardinal_batch *batch)
{
    uint32_t server = batch->client->core.limits.max_in_flight;
    return batch->plan.options.max_in_flight < server ? batch->plan.options.max_in_flight : server;
}

void batch_measure(struct cardinal_batch *batch)
{
    size_t most = batch->plan.options.max_bytes;
    size_t bytes = most > batch->held_bytes ? most - batch->held_bytes : 0;
    if (bytes > batch_frame_room(batch))
        bytes = batch_frame_room(batch);
    if (bytes > most / BATCH_SEND_SHARE)
        bytes = most / BATCH_SEND_SHARE;
    batch->bounds = (struct batch_bounds){
        .values = batch_values_max(batch) - 1,
        .key_len = batch->client->core.limits.max_key,
        .bytes = bytes > batch->plan.prefix.len ? bytes - batch->plan.prefix.len - 1 : 0,
        .greetings = batch->client->core.greetings,
    };
}

void batch_launch(struct cardinal_batch *batch, struct cardinal_failed *parcel)
{
    parcel->batch = batch;
    list_append(&batch->flying, parcel);
    batch->held_bytes += parcel->call.body_len;
    batch->bounds = (struct batch_bounds){ 0 };
    client_queue_batch(batch->client, &parcel->call, batch->flying.count >= flying_max(batch));
}

static cardinal_status full(struct cardinal_batch *batch)
{
    return client_fail(batch->client, CARDINAL_ERR_FULL,
                       "the batch is full: %u requests unanswered, %u failed, %zu bytes held",
                       batch->flying.count, batch->failed.count,
                       batch->held_bytes + batch_plan_size(&batch->plan, &batch->gather));
}

/* One or more answers have come, or CARDINAL_ERR_FULL: none is to be waited for. */
static cardinal_status await_answer(struct cardinal_batch *batch, bool wait)
{
    unsigned before = batch->flying.count;
    if (before == 0)
        return full(batch);
    client_turn(batch->client, 0);
    while (wait && batch->flying.count == before)
        client_turn(batch->client, batch->flying.first->call.deadline_ms);
    return batch->flying.count < before ? CARDINAL_OK : full(batch);
}

/* Makes a parcel of what is there; there is something. NULL without memory. */
static struct cardinal_failed *seal(struct cardinal_batch *batch)
{
    struct cardinal_failed *parcel = calloc(1, sizeof *parcel);
    if (parcel == NULL)
        return NULL;
    uint64_t values = batch->gather.added;
    if (batch_plan_seal(&batch->plan, &batch->gather, &parcel->call) != CARDINAL_OK) {
        free(parcel);
        return NULL;
    }
    parcel->call.on_done = parcel_done;
    parcel->values = values;
    return parcel;
}

static cardinal_status dispatch(struct cardinal_batch *batch, bool wait)
{
    cardinal_status status = CARDINAL_OK;
    while (status == CARDINAL_OK && batch->flying.count >= flying_max(batch))
        status = await_answer(batch, wait);
    if (status != CARDINAL_OK)
        return status;
    struct cardinal_failed *parcel = seal(batch);
    if (parcel == NULL)
        return client_nomem(batch->client);
    batch_launch(batch, parcel);
    return CARDINAL_OK;
}

/* ---- when to send ----------------------------------------------------- */

cardinal_status batch_make_room(struct cardinal_batch *batch, size_t need)
{
    bool wait = batch->plan.options.when_full == CARDINAL_FULL_WAIT;
    if (batch_has_room(batch, need))
        return CARDINAL_OK;
    size_t alone = batch->plan.prefix.len + need;
    if (alone > batch_frame_room(batch) || alone > batch->plan.options.max_bytes)
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "a value that takes %zu bytes fits neither frame nor batch", need);
    while (!batch_has_room(batch, need)) {
        cardinal_status status =
            batch->gather.count > 0 ? dispatch(batch, wait) : await_answer(batch, wait);
        if (status != CARDINAL_OK)
            return status;
    }
    return CARDINAL_OK;
}

void batch_send_due(struct cardinal_batch *batch)
{
    if (batch->flying.count >= flying_max(batch)) {
        int64_t now = clock_coarse_ms();
        if (batch->looked_ms == now)
            return; /* not for every value that comes meanwhile */
        batch->looked_ms = now;
        client_turn(batch->client, 0);
    }
    if (batch->flying.count < flying_max(batch))
        dispatch(batch, false); /* without memory, a later call tries again */
}

void batch_look_at_age(struct cardinal_batch *batch)
{
    int64_t now_ms = clock_coarse_ms();
    if (batch->gather.count > 0 && now_ms - batch->oldest_ms >= batch->plan.options.max_age_ms)
        batch_send_due(batch);
    client_push_held(batch->client, now_ms);
}

cardinal_status batch_report(struct cardinal_batch *batch)
{
    cardinal_status status = batch->unreported.status;
    if (status != CARDINAL_OK) {
        batch->client->fault = batch->unreported;
        batch->unreported.status = CARDINAL_OK;
    }
    return status;
}

int64_t batch_due_ms(const struct client_watch *watch)
{
    const struct cardinal_batch *batch = (const struct cardinal_batch *)watch;
    if (batch->gather.count == 0 || batch->flying.count >= flying_max(batch))
        return INT64_MAX; /* nothing to send, or an answer comes first */
    return batch->oldest_ms + batch->plan.options.max_age_ms;
}

/* ---- public ----------------------------------------------------------- */

cardinal_status cardinal_batch_send(cardinal_batch *batch)
{
    cardinal_status status = CARDINAL_OK;
    if (batch->gather.count > 0)
        status = dispatch(batch, batch->plan.options.when_full == CARDINAL_FULL_WAIT);
    else
        client_turn(batch->client, 0);
    return status == CARDINAL_OK ? batch_report(batch) : status;
}

cardinal_status cardinal_batch_flush(cardinal_batch *batch)
{
    if (batch->gather.count > 0) {
        cardinal_status status = dispatch(batch, true);
        if (status != CARDINAL_OK)
            return status;
    }
    while (batch->flying.count > 0)
        client_turn(batch->client, batch->flying.first->call.deadline_ms);
    return batch_report(batch);
}

void cardinal_batch_get_totals(const cardinal_batch *batch, cardinal_batch_totals *out)
{
    *out = batch->totals;
}

cardinal_failed *cardinal_batch_failed(cardinal_batch *batch)
{
    struct cardinal_failed *parcel = batch->failed.first;
    if (parcel == NULL)
        return NULL;
    list_remove(&batch->failed, parcel);
    batch->held_bytes -= parcel->call.body_len;
    parcel->batch = NULL;
    return parcel;
}

cardinal_status cardinal_failed_status(const cardinal_failed *failed)
{
    return failed->call.fault.status;
}

const char *cardinal_failed_message(const cardinal_failed *failed)
{
    return failed->call.fault.text;
}

uint64_t cardinal_failed_values(const cardinal_failed *failed)
{
    return failed->values;
}

cardinal_status cardinal_batch_retry(cardinal_batch *batch, cardinal_failed *failed)
{
    bool wait = batch->plan.options.when_full == CARDINAL_FULL_WAIT;
    while (
        batch->flying.count > 0 &&
        (batch->flying.count >= flying_max(batch) ||
         batch->held_bytes + batch_plan_size(&batch->plan, &batch->gather) + failed->call.body_len >
             batch->plan.options.max_bytes)) {
        cardinal_status status = await_answer(batch, wait);
        if (status != CARDINAL_OK)
            return status;
    }
    batch_launch(batch, failed);
    return batch_report(batch);
}
