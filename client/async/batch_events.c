/* Batches that never wait: what their callbacks are told, and in which order. */
#include "client/async/batch.h"

void async_batch_news(struct cardinal_async_batch *batch)
{
    batch->news = true;
    batch->link->async->news = true;
    async_link_touch(batch->link);
}

void async_batch_told(struct cardinal_async_batch *batch)
{
    batch->telling = false;
    if (batch->closed)
        async_batch_free(batch);
}

void async_batch_parcel_done(struct cardinal_batch *inner, cardinal_failed *parcel)
{
    struct cardinal_async_batch *batch = inner->owner;
    parcel->next = NULL;
    if (batch->last_done != NULL)
        batch->last_done->next = parcel;
    else
        batch->done = parcel;
    batch->last_done = parcel;
    batch->done_count++;
    async_batch_news(batch);
}

static void tell_ack(struct cardinal_async_batch *batch, cardinal_failed *parcel, bool cancelled)
{
    bool ok = !cancelled && parcel->call.fault.status == CARDINAL_OK;
    const cardinal_async_ack ack = {
        .status = cancelled ? CARDINAL_CANCELLED : parcel->call.fault.status,
        .values = parcel->values,
        .changes = ok ? parcel->call.reply->ingest->changes : 0,
        .failed = ok || cancelled ? NULL : parcel,
    };
    if (!ok && !cancelled)
        async_fault(batch->link->async, &parcel->call.fault);
    batch->told = parcel;
    if (batch->events.acked != NULL)
        batch->events.acked(batch, &ack, batch->arg);
    if (!cancelled && batch->told != NULL)
        cardinal_failed_free(parcel);
    batch->told = NULL;
}

static cardinal_failed *pop_done(struct cardinal_async_batch *batch)
{
    cardinal_failed *parcel = batch->done;
    if (parcel == NULL)
        return NULL;
    batch->done = parcel->next;
    if (batch->done == NULL)
        batch->last_done = NULL;
    batch->done_count--;
    return parcel;
}

static bool may_tell(const struct cardinal_async_batch *batch)
{
    return !batch->closed && !batch->link->async->closing;
}

static void flush_on(struct cardinal_async_batch *batch)
{
    struct cardinal_batch *inner = batch->inner;
    if (inner->gather.count > 0)
        (void)cardinal_batch_send(inner); /* full: the next answer brings us here again */
    if (inner->gather.count > 0 || inner->flying.count > 0 || batch->done != NULL)
        return;
    batch->flushing = false;
    if (batch->events.flushed != NULL)
        batch->events.flushed(batch, batch->arg);
}

static void tell(struct cardinal_async_batch *batch)
{
    cardinal_failed *parcel;
    batch->news = false;
    batch->telling = true;
    while (may_tell(batch) && (parcel = pop_done(batch)) != NULL)
        tell_ack(batch, parcel, false);
    if (may_tell(batch) && batch->flushing)
        flush_on(batch);
    if (may_tell(batch) && batch->starved && batch->opened) {
        batch->starved = false;
        if (batch->events.drained != NULL)
            batch->events.drained(batch, batch->arg);
    }
    async_link_touch(batch->link);
    async_batch_told(batch);
}

void async_tell_batches(struct cardinal_async *async)
{
    struct cardinal_async_batch *batch = async->batches;
    async->round++; /* each is told of once, lest one that is added to keeps the loop */
    while (batch != NULL && !async->closing) {
        if (!batch->news || batch->round == async->round) {
            batch = batch->next;
            continue;
        }
        batch->round = async->round;
        tell(batch);
        batch = async->batches; /* the callbacks may have closed any of them */
    }
}

void async_cancel_batches(struct cardinal_async *async)
{
    struct cardinal_async_batch *batch;
    while ((batch = async->batches) != NULL) {
        cardinal_failed *parcel = batch->done;
        batch->telling = true;
        for (; parcel != NULL && !batch->closed; parcel = parcel->next)
            tell_ack(batch, parcel, true);
        parcel = batch->inner->flying.first;
        for (; parcel != NULL && !batch->closed; parcel = parcel->next)
            tell_ack(batch, parcel, true);
        async_batch_free(batch);
    }
}

size_t async_batches_unanswered(const struct cardinal_async *async)
{
    size_t count = 0;
    const struct cardinal_async_batch *batch = async->batches;
    for (; batch != NULL; batch = batch->next)
        count += batch->inner->flying.count + batch->done_count;
    return count;
}

cardinal_status cardinal_async_batch_retry(cardinal_async_batch *batch,
                                           cardinal_failed_batch *failed)
{
    struct cardinal_async *async = batch->link->async;
    if (batch->closed || async->closing || batch->told != failed ||
        failed->call.fault.status == CARDINAL_OK)
        return fault_set(&async->fault, CARDINAL_ERR_USAGE,
                         "a batch can be sent again only in the callback that told of it");
    batch->told = NULL;
    batch_launch(batch->inner, failed);
    async_link_touch(batch->link);
    return CARDINAL_OK;
}
