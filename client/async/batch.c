/* Batches that never wait: a batch of the blocking API, told to fail instead, and
 * the callbacks around it. */
#include <stdlib.h>

#include "client/async/async.h"
#include "client/lib/batch.h"
#include "client/lib/estimates.h"
#include "client/lib/table_info.h"

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

static void set_news(struct cardinal_async_batch *batch)
{
    batch->news = true;
    batch->link->async->news = true;
    async_link_touch(batch->link);
}

/* ---- opening and closing ---------------------------------------------- */

static void batch_free(struct cardinal_async_batch *batch)
{
    struct cardinal_async *async = batch->link->async;
    cardinal_failed *next;
    for (cardinal_failed *parcel = batch->done; parcel != NULL; parcel = next) {
        next = parcel->next;
        cardinal_failed_free(parcel);
    }
    if (batch->prev != NULL)
        batch->prev->next = batch->next;
    else
        async->batches = batch->next;
    if (batch->next != NULL)
        batch->next->prev = batch->prev;
    cardinal_batch_close(batch->inner);
    call_release(&batch->describe);
    arena_free(batch->names);
    free(batch);
}

/* Frees the batch, once no callback of it is on the stack. */
static void batch_end(struct cardinal_async_batch *batch)
{
    batch->telling = false;
    if (batch->closed)
        batch_free(batch);
}

static void parcel_done(struct cardinal_batch *inner, cardinal_failed *parcel)
{
    struct cardinal_async_batch *batch = inner->owner;
    parcel->next = NULL;
    if (batch->last_done != NULL)
        batch->last_done->next = parcel;
    else
        batch->done = parcel;
    batch->last_done = parcel;
    batch->done_count++;
    set_news(batch);
}

static cardinal_status fit(struct cardinal_async_batch *batch)
{
    struct cardinal_client *client = batch->link->client;
    const Cardinal__V1__TableInfo *info;
    cardinal_table table;
    cardinal_status status = client_wait(client, &batch->describe);
    if (status != CARDINAL_OK)
        return status;
    info = batch->describe.reply->describe_table->table;
    status = table_info_fill(client, batch->describe.arena, info, &table);
    if (status != CARDINAL_OK)
        return status;
    return batch_plan_table(&batch->inner->plan, &table, batch->columns, batch->column_count,
                            &client->fault);
}

static bool deliver_opened(struct async_request *request, bool cancelled)
{
    struct cardinal_async_batch *batch = (struct cardinal_async_batch *)request;
    struct cardinal_async *async = batch->link->async;
    cardinal_status status = CARDINAL_CANCELLED;
    batch->asked = false;
    if (cancelled)
        core_forget(&batch->link->client->core, &batch->describe);
    else
        status = fit(batch);
    batch->opened = status == CARDINAL_OK;
    if (status != CARDINAL_OK && !cancelled)
        async_fault(async, &batch->link->client->fault);
    call_release(&batch->describe);
    batch->telling = true;
    if (batch->events.opened != NULL)
        batch->events.opened(batch, status, batch->arg);
    if (batch->opened)
        set_news(batch);
    batch_end(batch);
    return false;
}

static cardinal_status ask_table(struct cardinal_async_batch *batch, const char *table)
{
    struct cardinal_client *client = batch->link->client;
    Cardinal__V1__DescribeTable message = CARDINAL__V1__DESCRIBE_TABLE__INIT;
    message.table = (char *)table;
    if (call_init(&batch->describe, CARDINAL__V1__REQUEST__BODY_DESCRIBE_TABLE, &message.base) !=
        CARDINAL_OK)
        return client_nomem(client);
    client_queue(client, &batch->describe);
    async_enlist(&batch->opening, &batch->describe);
    batch->asked = true;
    return CARDINAL_OK;
}

static cardinal_status set_up(struct cardinal_async_batch *batch, const char *table,
                              const char *const *columns, size_t column_count,
                              const cardinal_batch_options *options)
{
    struct cardinal_client *client = batch->link->client;
    cardinal_status status = batch_new(client, options, &batch->inner);
    if (status != CARDINAL_OK)
        return status;
    batch->inner->plan.options.when_full = CARDINAL_FULL_FAIL;
    batch->inner->on_parcel = parcel_done;
    batch->inner->owner = batch;
    batch->names = arena_new(SIZE_MAX);
    if (batch->names == NULL)
        return client_nomem(client);
    batch->columns = estimates_copy_names(batch->names, columns, column_count);
    batch->column_count = column_count;
    return batch->columns == NULL ? client_nomem(client) : ask_table(batch, table);
}

cardinal_status cardinal_async_batch_open(cardinal_async *client, const char *table,
                                          const char *const *columns, size_t column_count,
                                          const cardinal_batch_options *options,
                                          const cardinal_async_batch_events *events, void *arg,
                                          cardinal_async_batch **out)
{
    cardinal_status status = async_admit(client);
    if (status != CARDINAL_OK)
        return status;
    struct cardinal_async_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return fault_nomem(&client->fault);
    batch->link = &client->links[client->next_link++ % client->link_count];
    batch->opening.link = batch->link;
    batch->opening.deliver = deliver_opened;
    if (events != NULL)
        batch->events = *events;
    batch->arg = arg;
    batch->next = client->batches;
    if (client->batches != NULL)
        client->batches->prev = batch;
    client->batches = batch;
    status = set_up(batch, table, columns, column_count, options);
    if (status != CARDINAL_OK) {
        async_fault(client, &batch->link->client->fault);
        batch_free(batch);
        return status;
    }
    *out = batch;
    return CARDINAL_OK;
}

void cardinal_async_batch_close(cardinal_async_batch *batch)
{
    if (batch == NULL || batch->closed)
        return;
    batch->closed = true;
    if (batch->asked)
        async_withdraw(&batch->opening);
    async_link_touch(batch->link);
    if (!batch->telling)
        batch_free(batch);
}

/* ---- callbacks -------------------------------------------------------- */

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
    batch_end(batch);
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
        batch_free(batch);
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

/* ---- values ----------------------------------------------------------- */

/* May values be added now? */
static inline bool is_open(struct cardinal_async_batch *batch, cardinal_status *status)
{
    struct cardinal_async *async = batch->link->async;
    unsigned done_max = batch->inner->plan.options.max_in_flight;
    if (batch->opened && batch->done_count < done_max && !async->closing)
        return true;
    batch->starved = true;
    if (async->closing)
        *status = fault_set(&async->fault, CARDINAL_ERR_USAGE, "the client is being closed");
    else if (!batch->opened)
        *status = fault_set(&async->fault, CARDINAL_ERR_FULL, "the batch is not opened yet");
    else /* what is answered piles up until the loop has its turn */
        *status = fault_set(&async->fault, CARDINAL_ERR_FULL, "%u answers are not told of yet",
                            batch->done_count);
    return false;
}

/* An add returned status. */
static inline cardinal_status conclude(struct cardinal_async_batch *batch, cardinal_status status)
{
    if (!batch->link->touched)
        async_link_touch(batch->link);
    if (status == CARDINAL_OK)
        return status;
    batch->starved = batch->starved || status == CARDINAL_ERR_FULL;
    return async_fault(batch->link->async, &batch->link->client->fault);
}

cardinal_status cardinal_async_batch_string(cardinal_async_batch *batch, const void *key,
                                            size_t key_len, uint32_t column, const void *value,
                                            size_t value_len)
{
    cardinal_status status;
    if (!is_open(batch, &status))
        return status;
    return conclude(batch,
                    cardinal_batch_string(batch->inner, key, key_len, column, value, value_len));
}

cardinal_status cardinal_async_batch_int(cardinal_async_batch *batch, const void *key,
                                         size_t key_len, uint32_t column, int64_t value)
{
    cardinal_status status;
    if (!is_open(batch, &status))
        return status;
    return conclude(batch, cardinal_batch_int(batch->inner, key, key_len, column, value));
}

cardinal_status cardinal_async_batch_double(cardinal_async_batch *batch, const void *key,
                                            size_t key_len, uint32_t column, double value)
{
    cardinal_status status;
    if (!is_open(batch, &status))
        return status;
    return conclude(batch, cardinal_batch_double(batch->inner, key, key_len, column, value));
}

cardinal_status cardinal_async_batch_hash(cardinal_async_batch *batch, const void *key,
                                          size_t key_len, uint32_t column, uint64_t hash)
{
    cardinal_status status;
    if (!is_open(batch, &status))
        return status;
    return conclude(batch, cardinal_batch_hash(batch->inner, key, key_len, column, hash));
}

cardinal_status cardinal_async_batch_flush(cardinal_async_batch *batch)
{
    struct cardinal_async *async = batch->link->async;
    if (!batch->opened || async->closing)
        return fault_set(&async->fault, CARDINAL_ERR_USAGE, "the batch is not open");
    batch->flushing = true;
    set_news(batch);
    return CARDINAL_OK;
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

void cardinal_async_batch_get_totals(const cardinal_async_batch *batch, cardinal_batch_totals *out)
{
    *out = batch->inner->totals;
}
