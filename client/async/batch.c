/* Batches that never wait: opening, closing, and taking values in. */
#include "client/async/batch.h"

#include <stdlib.h>

#include "client/lib/estimates.h"
#include "client/lib/table_info.h"

/* ---- opening and closing ---------------------------------------------- */

void async_batch_free(struct cardinal_async_batch *batch)
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
        async_batch_news(batch);
    async_batch_told(batch);
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
    batch->inner->on_parcel = async_batch_parcel_done;
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
        async_batch_free(batch);
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
        async_batch_free(batch);
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
    async_batch_news(batch);
    return CARDINAL_OK;
}

void cardinal_async_batch_get_totals(const cardinal_async_batch *batch, cardinal_batch_totals *out)
{
    *out = batch->inner->totals;
}
