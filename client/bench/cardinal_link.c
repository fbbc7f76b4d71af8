#include "client/bench/cardinal_link.h"

#include <stdlib.h>
#include <string.h>

#include "client/bench/link.h"
#include "client/bench/result.h"
#include "client/bench/target.h"

#define BATCH_AGE_MS 3600000u /* never: we say when to send */

struct cardinal_link {
    cardinal_client *client;
    const char *table;
    cardinal_batch *batch;                    /* of workloads that send values */
    uint64_t answered;                        /* of its batches */
    uint64_t values;                          /* in those */
    cardinal_pending *pending[IN_FLIGHT_MAX]; /* of those that ask; beside link->due */
    cardinal_key *keys;                       /* of the question being made */
    char (*key_bytes)[WORKLOAD_KEY_BYTES];
};

enum exit_status cardinal_link_connect(const struct settings *settings, cardinal_client **out)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = settings->server;
    char *why = NULL;
    cardinal_status status = cardinal_connect(&options, out, &why);
    if (status != CARDINAL_OK)
        complain("%s", why != NULL ? why : cardinal_status_text(status));
    cardinal_free_text(why);
    return status == CARDINAL_OK ? EXIT_DONE : EXIT_UNREACHABLE;
}

static enum exit_status open_batch(const struct settings *settings, struct cardinal_link *state)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_values = settings->batch + 1; /* not before we say so */
    options.max_age_ms = BATCH_AGE_MS;
    options.max_in_flight = settings->in_flight;
    options.max_bytes = 256u << 20;
    options.raw = settings->raw;
    options.ack = settings->durable ? CARDINAL_ACK_DURABLE : CARDINAL_ACK_MEMORY;
    cardinal_status status =
        cardinal_batch_open(state->client, state->table, NULL, 0, &options, &state->batch);
    if (status == CARDINAL_OK)
        return EXIT_DONE;
    complain("%s", cardinal_error(state->client));
    return cardinal_status_is_server(status) ? EXIT_FAILED : EXIT_UNREACHABLE;
}

enum exit_status cardinal_link_open(struct link *link)
{
    const struct settings *settings = link->settings;
    struct cardinal_link *state = calloc(1, sizeof *state);
    if (state == NULL)
        return no_memory();
    link->state = state;
    state->table = ((const struct cardinal_target *)link->target->state)->table;
    enum exit_status result = cardinal_link_connect(settings, &state->client);
    if (result != EXIT_DONE)
        return result;
    if (!workload_asks(settings->workload.kind))
        return open_batch(settings, state);
    state->keys = calloc(settings->batch, sizeof *state->keys);
    state->key_bytes = calloc(settings->batch, sizeof *state->key_bytes);
    return state->keys != NULL && state->key_bytes != NULL ? EXIT_DONE : no_memory();
}

void cardinal_link_close(struct link *link)
{
    struct cardinal_link *state = link->state;
    cardinal_batch_close(state->batch);
    cardinal_close(state->client);
    free(state->keys);
    free(state->key_bytes);
    free(state);
}

int cardinal_link_fd(const struct link *link)
{
    return cardinal_fd(((const struct cardinal_link *)link->state)->client);
}

short cardinal_link_events(const struct link *link)
{
    return cardinal_events(((const struct cardinal_link *)link->state)->client);
}

/* --- questions --- */

static void put_key(struct cardinal_link *state, uint32_t at, uint32_t rank)
{
    workload_key(state->key_bytes[at], rank);
    state->keys[at] = (cardinal_key){ state->key_bytes[at], WORKLOAD_KEY_BYTES };
}

static cardinal_status ask_count(struct link *link, cardinal_pending **out)
{
    struct cardinal_link *state = link->state;
    uint32_t count = 0;
    while (count < link->settings->batch && link_next(link))
        put_key(state, count++, link->generator.event.rank);
    return cardinal_count_start(state->client, state->table, state->keys, count, NULL, 0, out);
}

/* Keys in a row from one on, beginning anew after the last. */
static cardinal_status ask_union(struct link *link, cardinal_pending **out)
{
    struct cardinal_link *state = link->state;
    const struct settings *settings = link->settings;
    cardinal_selector selector = cardinal_select_all();
    (void)link_next(link);
    if (!settings->whole) {
        uint32_t rank = link->generator.event.rank;
        for (uint32_t i = 0; i < settings->batch; i++)
            put_key(state, i, (uint32_t)(((uint64_t)rank + i) % settings->workload.keys));
        selector = cardinal_select_keys(state->keys, settings->batch);
    }
    return cardinal_union_start(state->client, state->table, &selector, NULL, 0, out);
}

static bool is_right_row(const struct workload *workload, const cardinal_row *row, uint64_t rank)
{
    char key[WORKLOAD_KEY_BYTES];
    workload_key(key, (uint32_t)rank);
    return row->key.len == sizeof key && memcmp(row->key.data, key, sizeof key) == 0 &&
           result_is_near(row->estimates[0].value, row->estimates[0].rse, workload->per_key);
}

/* One page. The library has no scan that does not wait. */
static cardinal_status scan_page(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    const struct workload *workload = &link->settings->workload;
    (void)link_next(link);
    uint64_t rank = link->generator.event.rank;
    uint64_t end = rank + link->settings->batch;
    put_key(state, 0, (uint32_t)rank);
    cardinal_selector selector = cardinal_select_range(state->keys[0], (cardinal_key){ "", 0 });
    cardinal_scan *scan;
    cardinal_status status = cardinal_scan_open(state->client, state->table, &selector, NULL, 0,
                                                link->settings->batch, &scan);
    if (status != CARDINAL_OK)
        return status;
    const cardinal_row *row = NULL;
    bool right = true;
    while ((status = cardinal_scan_next(scan, &row)) == CARDINAL_OK && row != NULL)
        right = is_right_row(workload, row, rank++) && right;
    cardinal_scan_close(scan);
    if (status == CARDINAL_OK && (!right || rank != (end < workload->keys ? end : workload->keys)))
        result_error(result, "a page did not hold the keys and counts that it should");
    if (status == CARDINAL_OK)
        result->values++;
    return status;
}

static void ask(struct link *link, uint64_t due, struct result *result)
{
    struct cardinal_link *state = link->state;
    uint32_t at = (link->oldest + link->in_flight) % IN_FLIGHT_MAX;
    cardinal_status status;
    if (link->settings->workload.kind == WORKLOAD_SCAN) {
        status = scan_page(link, result);
        link_sent(link, due);
        link_answered(link, result);
    } else {
        bool one = link->settings->workload.kind == WORKLOAD_UNION;
        status = one ? ask_union(link, &state->pending[at]) : ask_count(link, &state->pending[at]);
        if (status == CARDINAL_OK)
            link_sent(link, due);
    }
    if (status != CARDINAL_OK)
        result_error(result, cardinal_error(state->client));
}

static cardinal_status take_counts(cardinal_pending *pending, const struct settings *settings,
                                   struct result *result)
{
    cardinal_counts *counts;
    cardinal_status status = cardinal_count_wait(pending, &counts);
    if (status != CARDINAL_OK)
        return status;
    for (size_t i = 0; settings->workload.per_key > 0 && i < counts->row_count; i++) {
        const cardinal_estimate *estimate = &counts->rows[i].estimates[0];
        result_compare(result, estimate->value, estimate->rse, settings->workload.per_key);
    }
    result->values += counts->row_count;
    cardinal_counts_free(counts);
    return CARDINAL_OK;
}

static cardinal_status take_union(cardinal_pending *pending, const struct settings *settings,
                                  struct result *result)
{
    uint64_t keys = settings->whole ? settings->workload.keys : settings->batch;
    cardinal_union_result *answer;
    cardinal_status status = cardinal_union_wait(pending, &answer);
    if (status != CARDINAL_OK)
        return status;
    if (answer->keys != keys)
        result_error(result, "a union was not of all its keys");
    result_compare(result, answer->estimates[0].value, answer->estimates[0].rse,
                   keys * settings->workload.per_key);
    result->values++;
    cardinal_union_free(answer);
    return CARDINAL_OK;
}

/* Waits for the oldest question's answer. */
static void take_answer(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    cardinal_pending *pending = state->pending[link->oldest];
    cardinal_status status = link->settings->workload.kind == WORKLOAD_UNION
                                 ? take_union(pending, link->settings, result)
                                 : take_counts(pending, link->settings, result);
    link_answered(link, result);
    if (status != CARDINAL_OK)
        result_error(result, cardinal_error(state->client));
}

/* --- values --- */

static void fill_batch(struct link *link)
{
    struct cardinal_link *state = link->state;
    const struct event *event = &link->generator.event;
    for (uint32_t i = 0; i < link->settings->batch && link_next(link); i++) {
        /* An earlier batch's failure may come back from here: it is counted when its
         * answer is. */
        (void)cardinal_batch_string(state->batch, event->key, sizeof event->key, event->column,
                                    event->value, link->settings->workload.value_bytes);
    }
}

static void take_failed(struct cardinal_link *state, struct result *result)
{
    cardinal_failed *failed;
    while ((failed = cardinal_batch_failed(state->batch)) != NULL) {
        result_error(result, cardinal_failed_message(failed));
        cardinal_failed_free(failed);
    }
}

static void take_batches(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    cardinal_batch_totals totals;
    cardinal_batch_get_totals(state->batch, &totals);
    for (; state->answered < totals.batches && link->in_flight > 0; state->answered++)
        link_answered(link, result);
    result->values += totals.values - state->values;
    state->values = totals.values;
    if (totals.failed_batches > 0)
        take_failed(state, result);
}

void cardinal_link_send(struct link *link, uint64_t due, struct result *result)
{
    struct cardinal_link *state = link->state;
    if (state->batch == NULL) {
        ask(link, due, result);
        return;
    }
    fill_batch(link);
    /* Sent even where an earlier batch failed. */
    (void)cardinal_batch_send(state->batch);
    link_sent(link, due);
}

/* The library holds small questions until some kilobytes are together, and batches that follow
 * one another closely. */
void cardinal_link_push(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    if (link->in_flight > 0)
        (void)cardinal_poll(state->client);
    if (state->batch != NULL)
        take_batches(link, result);
}

void cardinal_link_collect(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    if (state->batch != NULL) {
        (void)cardinal_poll(state->client);
        take_batches(link, result);
    } else if (link->in_flight > 0) {
        take_answer(link, result);
    }
}

void cardinal_link_drain(struct link *link, struct result *result)
{
    struct cardinal_link *state = link->state;
    if (state->batch == NULL) {
        while (link->in_flight > 0)
            take_answer(link, result);
        return;
    }
    (void)cardinal_batch_flush(state->batch);
    take_batches(link, result);
}
