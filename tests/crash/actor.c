#include "tests/crash/actor.h"

#include <stdio.h>
#include <string.h>

#include "tests/integration/harness/process.h"

#define REQUEST_TIMEOUT_MS 60000
#define READY_TIMEOUT_MS 60000
#define READY_LOOK_MS 2

enum outcome actor_outcome(struct actor *actor, cardinal_status status)
{
    if (status == CARDINAL_OK)
        return OUTCOME_DONE;
    actor->status = status;
    snprintf(actor->text, sizeof actor->text, "%s: %s", cardinal_status_text(status),
             actor->client == NULL ? "" : cardinal_error(actor->client));
    if (status == CARDINAL_ERR_CONNECT || status == CARDINAL_ERR_LOST)
        return OUTCOME_GONE;
    return OUTCOME_REFUSED;
}

bool actor_has_no_disk(const struct actor *actor)
{
    return actor->status == CARDINAL_UNAVAILABLE || actor->status == CARDINAL_INTERNAL;
}

/* NOT_READY until the daemon has read what is on disk. */
static cardinal_status await_ready(cardinal_client *client)
{
    int64_t deadline = now_ms() + READY_TIMEOUT_MS;
    cardinal_table *table = NULL;
    cardinal_status status;
    while ((status = cardinal_table_describe(client, "none", false, &table)) ==
               CARDINAL_NOT_READY &&
           now_ms() < deadline)
        sleep_ms(READY_LOOK_MS);
    return status == CARDINAL_NOT_FOUND ? CARDINAL_OK : status;
}

enum outcome actor_open(struct actor *actor, struct model *model, const char *address)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    memset(actor, 0, sizeof *actor);
    actor->model = model;
    options.address = address;
    options.request_timeout_ms = REQUEST_TIMEOUT_MS;
    options.retries = -1;
    cardinal_status status = cardinal_connect(&options, &actor->client, NULL);
    if (status == CARDINAL_OK)
        status = await_ready(actor->client);
    return actor_outcome(actor, status);
}

void actor_close(struct actor *actor)
{
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        cardinal_batch_close(actor->batches[t][0]);
        cardinal_batch_close(actor->batches[t][1]);
    }
    cardinal_close(actor->client);
    memset(actor, 0, sizeof *actor);
}

enum outcome actor_make_tables(struct actor *actor)
{
    for (unsigned t = 0; t < MODEL_TABLES; t++) {
        cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
        spec.name = model_tables[t].name;
        spec.precision = model_tables[t].precision;
        spec.seed = model_tables[t].seed;
        spec.columns = model_columns;
        spec.column_count = MODEL_COLUMNS;
        spec.if_not_exists = true;
        enum outcome outcome =
            actor_outcome(actor, cardinal_table_create(actor->client, &spec, NULL, NULL));
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

/* ---- adds ------------------------------------------------------------- */

static cardinal_status open_batch(struct actor *actor, unsigned table, bool durable,
                                  cardinal_batch **out)
{
    cardinal_batch **batch = &actor->batches[table][durable];
    cardinal_status status = CARDINAL_OK;
    if (*batch == NULL) {
        cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
        options.ack = durable ? CARDINAL_ACK_DURABLE : CARDINAL_ACK_MEMORY;
        options.max_values = ADDS_MAX + 1;
        options.max_age_ms = REQUEST_TIMEOUT_MS;
        status = cardinal_batch_open(actor->client, model_tables[table].name, model_columns,
                                     MODEL_COLUMNS, &options, batch);
    }
    *out = *batch;
    return status;
}

static cardinal_status send_adds(cardinal_batch *batch, const struct adds *adds)
{
    for (size_t i = 0; i < adds->count; i++) {
        char key[MODEL_KEY_SIZE];
        size_t len = model_key(key, adds->at[i].key);
        cardinal_status status =
            cardinal_batch_int(batch, key, len, adds->at[i].column, adds->at[i].value);
        if (status != CARDINAL_OK)
            return status;
    }
    cardinal_status status = cardinal_batch_flush(batch);
    cardinal_failed_free(cardinal_batch_failed(batch));
    return status;
}

enum outcome actor_add(struct actor *actor, struct adds *adds, bool durable, uint64_t *changes)
{
    cardinal_batch *batch = NULL;
    cardinal_batch_totals before;
    cardinal_batch_totals after;
    enum outcome outcome = actor_outcome(actor, open_batch(actor, adds->table, durable, &batch));
    if (outcome != OUTCOME_DONE)
        return outcome;
    cardinal_batch_get_totals(batch, &before);
    model_adds_sent(actor->model, adds);
    outcome = actor_outcome(actor, send_adds(batch, adds));
    cardinal_batch_get_totals(batch, &after);
    if (outcome == OUTCOME_DONE)
        model_adds_answered(actor->model, adds, durable ? ANSWER_DURABLE : ANSWER_MEMORY);
    else if (outcome == OUTCOME_REFUSED)
        model_adds_answered(actor->model, adds, ANSWER_REFUSED);
    if (changes != NULL)
        *changes = after.changes - before.changes;
    return outcome;
}

/* ---- deletes ---------------------------------------------------------- */

enum outcome actor_delete(struct actor *actor, struct deletion *deletion)
{
    static _Thread_local char names[DELETE_MAX][MODEL_KEY_SIZE];
    cardinal_key keys[DELETE_MAX];
    for (size_t i = 0; i < deletion->count; i++)
        keys[i] = (cardinal_key){ names[i], model_key(names[i], deletion->keys[i]) };
    cardinal_selector list = cardinal_select_keys(keys, deletion->count);
    model_deletion_sent(actor->model, deletion);
    enum outcome outcome = actor_outcome(
        actor, cardinal_delete(actor->client, model_tables[deletion->table].name, &list, NULL));
    if (outcome != OUTCOME_GONE)
        model_deletion_answered(actor->model, deletion, outcome == OUTCOME_DONE);
    return outcome;
}

enum outcome actor_checkpoint(struct actor *actor)
{
    uint64_t sent = model_tick(actor->model);
    enum outcome outcome = actor_outcome(actor, cardinal_checkpoint(actor->client, NULL));
    if (outcome == OUTCOME_DONE)
        model_promise(actor->model, sent);
    return outcome;
}
