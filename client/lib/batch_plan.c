#include "client/lib/batch_plan.h"

#include <stdlib.h>

#include "client/lib/core.h"
#include "client/lib/options.h"

#define DEFAULT_VALUES 4096u
#define DEFAULT_AGE_MS 100u
#define DEFAULT_IN_FLIGHT 16u
#define DEFAULT_BYTES (16u << 20)

cardinal_status batch_plan_options(struct batch_plan *plan, const cardinal_batch_options *given,
                                   struct fault *fault)
{
    cardinal_batch_options *options = &plan->options;
    if (given != NULL && !options_copy(options, sizeof *options, given))
        return fault_set(fault, CARDINAL_ERR_USAGE,
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

static cardinal_status check_columns(const cardinal_table *table, const char *const *columns,
                                     size_t count, struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_name(table->columns, table->column_count, columns[i]))
            return fault_set(fault, CARDINAL_NOT_FOUND, "table '%.128s' has no column '%.128s'",
                             table->name, columns[i]);
        if (has_name(columns, i, columns[i]))
            return fault_set(fault, CARDINAL_ERR_USAGE, "column '%.128s' is named twice",
                             columns[i]);
    }
    return CARDINAL_OK;
}

static bool make_prefix(struct batch_plan *plan, const cardinal_table *table,
                        const char *const *columns, size_t count)
{
    Cardinal__V1__Ingest message = CARDINAL__V1__INGEST__INIT;
    message.table = (char *)table->name;
    if (!plan->options.raw) /* raw values mean the same in any table of the name */
        message.table_id = table->id;
    message.columns = (char **)columns;
    message.n_columns = count;
    message.ack = (Cardinal__V1__Ack)plan->options.ack;
    if (!bytes_reserve(&plan->prefix, cardinal__v1__ingest__get_packed_size(&message)))
        return false;
    plan->prefix.len = cardinal__v1__ingest__pack(&message, plan->prefix.data);
    return true;
}

cardinal_status batch_plan_table(struct batch_plan *plan, const cardinal_table *table,
                                 const char *const *columns, size_t column_count,
                                 struct fault *fault)
{
    cardinal_status status = check_columns(table, columns, column_count, fault);
    if (status != CARDINAL_OK)
        return status;
    if (column_count == 0) {
        columns = table->columns;
        column_count = table->column_count;
    }
    if (value_hasher_init(&plan->hasher, (enum hash_kind)table->hash, table->seed) != ST_OK &&
        !plan->options.raw)
        return fault_set(fault, CARDINAL_UNIMPLEMENTED,
                         "this version of the library does not know the hash of table '%.128s'",
                         table->name);
    plan->column_count = column_count;
    return make_prefix(plan, table, columns, column_count) ? CARDINAL_OK : fault_nomem(fault);
}

void batch_plan_release(struct batch_plan *plan)
{
    bytes_release(&plan->prefix);
}

cardinal_status batch_plan_refuse(const struct batch_plan *plan, const struct core_limits *limits,
                                  size_t key_len, uint32_t column, struct fault *fault)
{
    if (column >= plan->column_count)
        return fault_set(fault, CARDINAL_ERR_USAGE,
                         "column index %u is out of range: the batch has %zu columns", column,
                         plan->column_count);
    return fault_set(fault, CARDINAL_ERR_USAGE, "a key of %zu bytes is over the limit of %u",
                     key_len, limits->max_key);
}

cardinal_status batch_plan_seal(const struct batch_plan *plan, struct gather *gather,
                                struct call *call)
{
    size_t len = plan->prefix.len + gather_measure(gather);
    uint8_t *body = malloc(len + 1);
    if (body == NULL)
        return CARDINAL_ERR_MEMORY;
    call_init(call, CARDINAL__V1__REQUEST__BODY_INGEST, NULL);
    call->body = body;
    call->body_len = len;
    uint8_t *end = gather_write(gather, run_put(body, plan->prefix.data, plan->prefix.len));
    assert(end == body + len);
    (void)end;
    return CARDINAL_OK;
}
