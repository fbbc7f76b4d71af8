#include "client/bench/link.h"

#include "client/bench/clock.h"
#include "client/bench/result.h"
#include "client/bench/settings.h"

#define BATCH_AGE_MS 3600000u /* never: we say when to send */

static cardinal_status open_batch(struct link *link)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_values = link->settings->batch + 1; /* not before we say so */
    options.max_age_ms = BATCH_AGE_MS;
    options.max_in_flight = link->settings->in_flight;
    options.max_bytes = 256u << 20;
    options.raw = link->settings->raw;
    cardinal_status status =
        cardinal_batch_open(link->client, link->table, NULL, 0, &options, &link->batch);
    if (status != CARDINAL_OK)
        complain("%s", cardinal_error(link->client));
    return status;
}

cardinal_status link_open(struct link *link, const struct settings *settings, const char *table,
                          uint32_t index)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    options.address = settings->server;
    char *why = NULL;
    *link = (struct link){ .settings = settings, .table = table };
    generator_begin(&link->generator, &settings->workload, index, settings->connections);
    link->done = link->generator.left == 0;
    cardinal_status status = cardinal_connect(&options, &link->client, &why);
    if (status != CARDINAL_OK)
        complain("%s", why != NULL ? why : cardinal_status_text(status));
    else if (settings->workload.kind != WORKLOAD_POINT)
        status = open_batch(link);
    cardinal_free_text(why);
    return status;
}

void link_close(struct link *link)
{
    cardinal_batch_close(link->batch);
    cardinal_close(link->client);
}

bool link_has_room(const struct link *link)
{
    return link->in_flight < link->settings->in_flight;
}

static void push(struct link *link, uint64_t due, cardinal_pending *pending)
{
    uint32_t at = (link->oldest + link->in_flight) % IN_FLIGHT_MAX;
    link->due[at] = due;
    link->pending[at] = pending;
    link->in_flight++;
}

static uint64_t pop(struct link *link)
{
    uint64_t due = link->due[link->oldest];
    link->oldest = (link->oldest + 1) % IN_FLIGHT_MAX;
    link->in_flight--;
    return due;
}

static void fill_batch(struct link *link)
{
    const struct event *event = &link->generator.event;
    for (uint32_t i = 0; i < link->settings->batch; i++) {
        if (!generator_next(&link->generator)) {
            link->done = true;
            return;
        }
        /* An earlier batch's failure may come back from here: it is counted when its
         * answer is. */
        (void)cardinal_batch_string(link->batch, event->key, sizeof event->key, event->column,
                                    event->value, sizeof event->value);
        link->made++;
    }
    link->done = link->generator.left == 0;
}

static void ask(struct link *link, uint64_t due, struct result *result)
{
    char bytes[POINT_KEYS_MAX][WORKLOAD_KEY_BYTES];
    cardinal_key keys[POINT_KEYS_MAX];
    uint32_t count = 0;
    while (count < link->settings->batch && generator_next(&link->generator)) {
        workload_key(bytes[count], link->generator.event.rank);
        keys[count] = (cardinal_key){ bytes[count], WORKLOAD_KEY_BYTES };
        count++;
    }
    link->done = link->generator.left == 0;
    link->made += count;
    cardinal_pending *pending;
    if (cardinal_count_start(link->client, link->table, keys, count, NULL, 0, &pending) ==
        CARDINAL_OK)
        push(link, due, pending);
    else
        result_error(result, cardinal_error(link->client));
}

void link_send(struct link *link, uint64_t due, struct result *result)
{
    if (link->batch == NULL) {
        ask(link, due, result);
        return;
    }
    fill_batch(link);
    /* Sent even where an earlier batch failed. */
    (void)cardinal_batch_send(link->batch);
    push(link, due, NULL);
    link_collect(link, result);
}

/* Every key asked for was given one value. */
static void take_counts(struct link *link, struct result *result)
{
    cardinal_counts *counts;
    cardinal_pending *pending = link->pending[link->oldest];
    cardinal_status status = cardinal_count_wait(pending, &counts);
    histogram_add(&result->latency, clock_ns() - pop(link));
    if (status != CARDINAL_OK) {
        result_error(result, cardinal_error(link->client));
        return;
    }
    bool right = counts->column_count == 1;
    for (size_t i = 0; right && i < counts->row_count; i++)
        right = counts->rows[i].found && counts->rows[i].estimates[0].value == 1;
    if (!right)
        result_error(result, "a key was not answered with the one value it has");
    result->values += counts->row_count;
    cardinal_counts_free(counts);
}

static void take_failed(struct link *link, struct result *result)
{
    cardinal_failed *failed;
    while ((failed = cardinal_batch_failed(link->batch)) != NULL) {
        result_error(result, cardinal_failed_message(failed));
        cardinal_failed_free(failed);
    }
}

static void take_answers(struct link *link, struct result *result)
{
    cardinal_batch_totals totals;
    cardinal_batch_get_totals(link->batch, &totals);
    if (totals.batches == link->answered)
        return;
    uint64_t now = clock_ns();
    for (; link->answered < totals.batches && link->in_flight > 0; link->answered++) {
        uint64_t due = pop(link);
        histogram_add(&result->latency, now > due ? now - due : 0);
    }
    if (totals.failed_batches > 0)
        take_failed(link, result);
}

void link_collect(struct link *link, struct result *result)
{
    if (link->batch != NULL) {
        (void)cardinal_poll(link->client);
        take_answers(link, result);
    } else if (link->in_flight > 0) {
        take_counts(link, result);
    }
}

void link_drain(struct link *link, struct result *result)
{
    if (link->batch == NULL) {
        while (link->in_flight > 0)
            take_counts(link, result);
        return;
    }
    (void)cardinal_batch_flush(link->batch);
    take_answers(link, result);
    cardinal_batch_totals totals;
    cardinal_batch_get_totals(link->batch, &totals);
    result->values += totals.values;
}
