/* Batches: opening, closing, and taking values in. */
#include "client/lib/batch.h"

#include <stdlib.h>

#include "client/lib/clock.h"

#define AGE_STRIDE 16u /* values between two looks at the clock */

static void look(struct client_watch *watch)
{
    batch_look_at_age((struct cardinal_batch *)watch);
}

cardinal_status batch_new(struct cardinal_client *client, const cardinal_batch_options *options,
                          struct cardinal_batch **out)
{
    struct cardinal_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return client_nomem(client);
    batch->client = client;
    batch->gather = (struct gather)GATHER_INIT;
    batch->watch.look = look;
    batch->watch.due_ms = batch_due_ms;
    client_watch_add(client, &batch->watch);
    cardinal_status status = batch_plan_options(&batch->plan, options, &client->fault);
    if (batch->plan.options.ack == CARDINAL_ACK_DEFAULT)
        batch->plan.options.ack = client->ack;
    if (status == CARDINAL_OK)
        *out = batch;
    else
        cardinal_batch_close(batch);
    return status;
}

cardinal_status cardinal_batch_open(cardinal_client *client, const char *table,
                                    const char *const *columns, size_t column_count,
                                    const cardinal_batch_options *options, cardinal_batch **out)
{
    cardinal_table *described = NULL;
    struct cardinal_batch *batch = NULL;
    cardinal_status status = batch_new(client, options, &batch);
    if (status == CARDINAL_OK)
        status = cardinal_table_describe(client, table, false, &described);
    if (status == CARDINAL_OK)
        status = batch_plan_table(&batch->plan, described, columns, column_count, &client->fault);
    cardinal_table_free(described);
    if (status != CARDINAL_OK) {
        cardinal_batch_close(batch);
        return status;
    }
    *out = batch;
    return CARDINAL_OK;
}

void cardinal_batch_close(cardinal_batch *batch)
{
    if (batch == NULL)
        return;
    batch_release_parcels(batch);
    client_watch_remove(batch->client, &batch->watch);
    gather_release(&batch->gather);
    batch_plan_release(&batch->plan);
    free(batch);
}

/* ---- values ----------------------------------------------------------- */

/* The clock is read for the first value of a batch and for some of the others. */
static void note_age(struct cardinal_batch *batch)
{
    if (batch->gather.added == 1)
        batch->oldest_ms = clock_coarse_ms();
    else if (batch->gather.added % AGE_STRIDE == 0)
        batch_look_at_age(batch);
}

/* Is the place right, and room for need more bytes there? */
static cardinal_status prepare(struct cardinal_batch *batch, size_t key_len, uint32_t column,
                               size_t need)
{
    const struct core_limits *limits = &batch->client->core.limits;
    if (column >= batch->plan.column_count || key_len > limits->max_key)
        return batch_plan_refuse(&batch->plan, limits, key_len, column, &batch->client->fault);
    return batch_has_room(batch, need) ? CARDINAL_OK : batch_make_room(batch, need);
}

/* A value was taken. */
static cardinal_status conclude(struct cardinal_batch *batch)
{
    if (batch_is_full(batch))
        batch_send_due(batch);
    else
        note_age(batch);
    batch_measure(batch);
    return batch_report(batch);
}

/* Apart, so that the way of most values saves no registers for it. */
static __attribute__((noinline)) cardinal_status add_unsure(struct cardinal_batch *batch,
                                                            const void *key, size_t key_len,
                                                            uint32_t column, uint64_t hash)
{
    cardinal_status status = prepare(batch, key_len, column, gather_hash_bound(key_len));
    if (status != CARDINAL_OK)
        return status;
    if (!gather_add_hash(&batch->gather, key, key_len, column, hash))
        return client_nomem(batch->client);
    return conclude(batch);
}

static inline cardinal_status add_hash(struct cardinal_batch *batch, const void *key,
                                       size_t key_len, uint32_t column, uint64_t hash)
{
    if (!batch_is_sure(batch, key_len, column, gather_hash_bound(key_len)))
        return add_unsure(batch, key, key_len, column, hash);
    if (!gather_add_hash(&batch->gather, key, key_len, column, hash))
        return client_nomem(batch->client);
    return batch->gather.added % AGE_STRIDE <= 1 || batch->unreported.status != CARDINAL_OK
               ? conclude(batch)
               : CARDINAL_OK;
}

static cardinal_status add_raw(struct cardinal_batch *batch, const void *key, size_t key_len,
                               uint32_t column, const struct gather_value *value)
{
    cardinal_status status = prepare(batch, key_len, column, gather_value_bound(key_len, value));
    if (status != CARDINAL_OK)
        return status;
    if (!gather_add(&batch->gather, key, key_len, column, value))
        return client_nomem(batch->client);
    return conclude(batch);
}

cardinal_status cardinal_batch_string(cardinal_batch *batch, const void *key, size_t key_len,
                                      uint32_t column, const void *value, size_t value_len)
{
    if (!batch->plan.options.raw)
        return add_hash(batch, key, key_len, column,
                        value_hash_bytes(&batch->plan.hasher, value, value_len));
    if (value_len > CORE_FRAME_MAX)
        return client_fail(batch->client, CARDINAL_ERR_USAGE, "a value of %zu bytes fits no frame",
                           value_len);
    const struct gather_value raw = gather_string(value, value_len);
    return add_raw(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_int(cardinal_batch *batch, const void *key, size_t key_len,
                                   uint32_t column, int64_t value)
{
    if (!batch->plan.options.raw)
        return add_hash(batch, key, key_len, column, value_hash_int(&batch->plan.hasher, value));
    const struct gather_value raw = gather_int(value);
    return add_raw(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_double(cardinal_batch *batch, const void *key, size_t key_len,
                                      uint32_t column, double value)
{
    if (!batch->plan.options.raw)
        return add_hash(batch, key, key_len, column, value_hash_double(&batch->plan.hasher, value));
    const struct gather_value raw = gather_double(value);
    return add_raw(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_hash(cardinal_batch *batch, const void *key, size_t key_len,
                                    uint32_t column, uint64_t hash)
{
    if (batch->plan.options.raw)
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "a batch of raw values takes no hashes");
    return add_hash(batch, key, key_len, column, hash);
}
