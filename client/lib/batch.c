/* Batches: opening, closing, and taking values in. */
#include "client/lib/batch.h"

#include <stdlib.h>

#include "client/lib/clock.h"
#include "client/lib/options.h"

#define DEFAULT_VALUES 4096u
#define DEFAULT_AGE_MS 100u
#define DEFAULT_IN_FLIGHT 16u
#define DEFAULT_BYTES (16u << 20)

static cardinal_status read_options(struct cardinal_batch *batch,
                                    const cardinal_batch_options *given)
{
    cardinal_batch_options *options = &batch->options;
    if (given != NULL && !options_copy(options, sizeof *options, given))
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "options were not started from CARDINAL_BATCH_OPTIONS_INIT");
    if (options->max_values == 0)
        options->max_values = DEFAULT_VALUES;
    if (options->max_age_ms == 0)
        options->max_age_ms = DEFAULT_AGE_MS;
    if (options->max_in_flight == 0)
        options->max_in_flight = DEFAULT_IN_FLIGHT;
    if (options->max_bytes == 0)
        options->max_bytes = DEFAULT_BYTES;
    return CARDINAL_OK;
}

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static cardinal_status check_columns(struct cardinal_client *client, const cardinal_table *table,
                                     const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_name(table->columns, table->column_count, columns[i]))
            return client_fail(client, CARDINAL_NOT_FOUND, "table '%.128s' has no column '%.128s'",
                               table->name, columns[i]);
        if (has_name(columns, i, columns[i]))
            return client_fail(client, CARDINAL_ERR_USAGE, "column '%.128s' is named twice",
                               columns[i]);
    }
    return CARDINAL_OK;
}

static bool make_prefix(struct cardinal_batch *batch, const cardinal_table *table,
                        const char *const *columns, size_t count)
{
    Cardinal__V1__Ingest message = CARDINAL__V1__INGEST__INIT;
    message.table = (char *)table->name;
    if (!batch->options.raw) /* raw values mean the same in any table of the name */
        message.table_id = table->id;
    message.columns = (char **)columns;
    message.n_columns = count;
    message.ack = (Cardinal__V1__Ack)batch->options.ack;
    if (!bytes_reserve(&batch->prefix, cardinal__v1__ingest__get_packed_size(&message)))
        return false;
    batch->prefix.len = cardinal__v1__ingest__pack(&message, batch->prefix.data);
    return true;
}

static cardinal_status set_up(struct cardinal_batch *batch, const cardinal_table *table,
                              const char *const *columns, size_t count)
{
    cardinal_status status = check_columns(batch->client, table, columns, count);
    if (status != CARDINAL_OK)
        return status;
    if (count == 0) {
        columns = table->columns;
        count = table->column_count;
    }
    if (value_hasher_init(&batch->hasher, (enum hash_kind)table->hash, table->seed) != ST_OK &&
        !batch->options.raw)
        return client_fail(batch->client, CARDINAL_UNIMPLEMENTED,
                           "this version of the library does not know the hash of table '%.128s'",
                           table->name);
    batch->column_count = count;
    if (!make_prefix(batch, table, columns, count) || !row_builder_init(&batch->row, count))
        return client_nomem(batch->client);
    return CARDINAL_OK;
}

static void look(struct client_watch *watch)
{
    batch_send_due((struct cardinal_batch *)watch);
}

cardinal_status cardinal_batch_open(cardinal_client *client, const char *table,
                                    const char *const *columns, size_t column_count,
                                    const cardinal_batch_options *options, cardinal_batch **out)
{
    cardinal_table *described = NULL;
    struct cardinal_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return client_nomem(client);
    batch->client = client;
    batch->watch.look = look;
    client_watch_add(client, &batch->watch);
    cardinal_status status = read_options(batch, options);
    if (status == CARDINAL_OK)
        status = cardinal_table_describe(client, table, false, &described);
    if (status == CARDINAL_OK)
        status = set_up(batch, described, columns, column_count);
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
    row_builder_release(&batch->row);
    bytes_release(&batch->body);
    bytes_release(&batch->prefix);
    free(batch);
}

/* ---- values ----------------------------------------------------------- */

static cardinal_status check_value(const struct cardinal_batch *batch, size_t key_len,
                                   uint32_t column)
{
    if (column >= batch->column_count)
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "column index %u is out of range: the batch has %zu columns", column,
                           batch->column_count);
    if (key_len > batch->client->core.limits.max_key)
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "a key of %zu bytes is over the limit of %u", key_len,
                           batch->client->core.limits.max_key);
    return CARDINAL_OK;
}

/* Stages the value; a row of another key is finished first. */
static bool stage(struct cardinal_batch *batch, const void *key, size_t key_len, uint32_t column,
                  const struct row_value *value)
{
    if (!row_builder_is_at(&batch->row, key, key_len)) {
        if (batch->row.open && !row_builder_write(&batch->row, &batch->body))
            return false;
        if (!row_builder_open(&batch->row, key, key_len))
            return false;
    }
    return row_builder_add(&batch->row, column, value);
}

/* Begins the message, if it is not begun. */
static bool begin_body(struct cardinal_batch *batch)
{
    if (batch->body.len > 0)
        return true;
    if (!bytes_reserve(&batch->body, batch->prefix.len + batch->last_size))
        return false;
    bytes_append(&batch->body, batch->prefix.data, batch->prefix.len);
    return true;
}

static cardinal_status add(struct cardinal_batch *batch, const void *key, size_t key_len,
                           uint32_t column, const struct row_value *value)
{
    cardinal_status status = check_value(batch, key_len, column);
    if (status == CARDINAL_OK)
        status = batch_make_room(batch, row_builder_value_bound(key_len, value));
    if (status != CARDINAL_OK)
        return status;
    if (!begin_body(batch) || !stage(batch, key, key_len, column, value))
        return client_nomem(batch->client);
    if (batch->values++ == 0)
        batch->oldest_ms = clock_coarse_ms();
    batch_send_due(batch);
    return batch_report(batch);
}

static cardinal_status add_hash(struct cardinal_batch *batch, const void *key, size_t key_len,
                                uint32_t column, uint64_t hash)
{
    const struct row_value value = { .kind = ROW_HASH, .bits = hash };
    return add(batch, key, key_len, column, &value);
}

cardinal_status cardinal_batch_string(cardinal_batch *batch, const void *key, size_t key_len,
                                      uint32_t column, const void *value, size_t value_len)
{
    if (!batch->options.raw)
        return add_hash(batch, key, key_len, column,
                        value_hash_bytes(&batch->hasher, value, value_len));
    if (value_len > CORE_FRAME_MAX)
        return client_fail(batch->client, CARDINAL_ERR_USAGE, "a value of %zu bytes fits no frame",
                           value_len);
    const struct row_value raw = {
        .kind = ROW_STRING,
        .len = (uint32_t)value_len,
        .string = value,
    };
    return add(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_int(cardinal_batch *batch, const void *key, size_t key_len,
                                   uint32_t column, int64_t value)
{
    if (!batch->options.raw)
        return add_hash(batch, key, key_len, column, value_hash_int(&batch->hasher, value));
    const struct row_value raw = {
        .kind = ROW_INT, .bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0), /* zigzag */
    };
    return add(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_double(cardinal_batch *batch, const void *key, size_t key_len,
                                      uint32_t column, double value)
{
    if (!batch->options.raw)
        return add_hash(batch, key, key_len, column, value_hash_double(&batch->hasher, value));
    struct row_value raw = { .kind = ROW_DOUBLE };
    memcpy(&raw.bits, &value, sizeof raw.bits);
    return add(batch, key, key_len, column, &raw);
}

cardinal_status cardinal_batch_hash(cardinal_batch *batch, const void *key, size_t key_len,
                                    uint32_t column, uint64_t hash)
{
    if (batch->options.raw)
        return client_fail(batch->client, CARDINAL_ERR_USAGE,
                           "a batch of raw values takes no hashes");
    return add_hash(batch, key, key_len, column, hash);
}
