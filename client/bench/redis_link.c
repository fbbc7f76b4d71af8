#include "client/bench/redis_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/poll.h>

#include "client/bench/link.h"
#include "client/bench/redis_address.h"
#include "client/bench/redis_command.h"
#include "client/bench/result.h"

#define HELD_BYTES_MAX ((size_t)192 << 10)
#define CONNECT_SECONDS 5
#define ANSWER_SECONDS 60

/* An event of the batch that is being made: its cell, by which a batch is sorted, and
 * where its value lies. */
struct item {
    uint64_t cell; /* rank and column */
    uint32_t at;   /* of its value, in values */
};

/* What one batch or question still waits for. */
struct wait {
    uint32_t replies;
    uint32_t values; /* that count once the last is there */
};

struct redis_link {
    redisContext *redis;
    struct wait waits[IN_FLIGHT_MAX]; /* beside link->due */
    struct redis_command command;
    size_t held_bytes;  /* of the words of commands that are not written yet */
    struct item *items; /* of a batch */
    uint8_t *values;
    char cursor[24]; /* of SCAN */
};

size_t redis_link_key(char key[REDIS_KEY_BYTES], const struct workload *workload, uint32_t rank,
                      uint32_t column)
{
    workload_key(key, rank);
    if (!workload_has_rows(workload->kind))
        return WORKLOAD_KEY_BYTES;
    return WORKLOAD_KEY_BYTES + (size_t)snprintf(key + WORKLOAD_KEY_BYTES,
                                                 REDIS_KEY_BYTES - WORKLOAD_KEY_BYTES, ":c%" PRIu32,
                                                 column + 1);
}

enum exit_status redis_link_connect(const struct settings *settings, redisContext **out)
{
    static const struct timeval connecting = { .tv_sec = CONNECT_SECONDS };
    static const struct timeval answering = { .tv_sec = ANSWER_SECONDS };
    struct redis_address address;
    *out = NULL;
    if (!redis_address_parse(settings->server, &address)) {
        complain("'%s' is not redis://HOST[:PORT] or redis+unix://PATH", settings->server);
        return EXIT_USAGE;
    }
    redisContext *redis = address.port == 0
                              ? redisConnectUnixWithTimeout(address.host, connecting)
                              : redisConnectWithTimeout(address.host, address.port, connecting);
    if (redis == NULL)
        return no_memory();
    if (redis->err == 0)
        (void)redisSetTimeout(redis, answering);
    if (redis->err != 0) {
        complain("cannot reach '%s': %s", settings->server, redis->errstr);
        redisFree(redis);
        return EXIT_UNREACHABLE;
    }
    *out = redis;
    return EXIT_DONE;
}

enum exit_status redis_link_open(struct link *link)
{
    const struct settings *settings = link->settings;
    struct redis_link *state = calloc(1, sizeof *state);
    if (state == NULL)
        return no_memory();
    link->state = state;
    memcpy(state->cursor, "0", 2);
    state->items = calloc(settings->batch, sizeof *state->items);
    state->values = calloc(settings->batch, settings->workload.value_bytes);
    size_t word = settings->workload.value_bytes > REDIS_KEY_BYTES ? settings->workload.value_bytes
                                                                   : REDIS_KEY_BYTES;
    if (!redis_command_init(&state->command, settings->batch + 2, word) || state->items == NULL ||
        state->values == NULL)
        return no_memory();
    return redis_link_connect(settings, &state->redis);
}

void redis_link_close(struct link *link)
{
    struct redis_link *state = link->state;
    if (state->redis != NULL)
        redisFree(state->redis);
    redis_command_release(&state->command);
    free(state->items);
    free(state->values);
    free(state);
}

int redis_link_fd(const struct link *link)
{
    return ((const struct redis_link *)link->state)->redis->fd;
}

short redis_link_events(const struct link *link)
{
    (void)link;
    return POLLIN; /* writes wait */
}

/* The connection is of no more use: nothing is sent, and nothing waited for. */
static void lose(struct link *link, struct result *result)
{
    struct redis_link *state = link->state;
    result_error(result, state->redis->errstr);
    link->in_flight = 0;
    link->done = true;
}

/* --- sending --- */

static void append_command(struct redis_link *state)
{
    redis_command_append(&state->command, state->redis);
    state->held_bytes += state->command.used;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static uint32_t make_items(struct link *link)
{
    struct redis_link *state = link->state;
    const struct event *event = &link->generator.event;
    size_t bytes = link->settings->workload.value_bytes;
    uint32_t count = 0;
    for (; count < link->settings->batch && link_next(link); count++) {
        state->items[count] = (struct item){ (uint64_t)event->rank << 32 | event->column, count };
        memcpy(state->values + count * bytes, event->value, bytes);
    }
    return count;
}

/* A PFADD for each cell of the batch, as a service would that gathers its values. */
static struct wait add_values(struct link *link)
{
    struct redis_link *state = link->state;
    const struct workload *workload = &link->settings->workload;
    uint32_t count = make_items(link);
    struct wait wait = { 0, count };
    if (workload->kind != WORKLOAD_HOT)
        qsort(state->items, count, sizeof state->items[0], compare_items);
    for (uint32_t i = 0; i < count;) {
        uint64_t cell = state->items[i].cell;
        char key[REDIS_KEY_BYTES];
        size_t len = redis_link_key(key, workload, (uint32_t)(cell >> 32), (uint32_t)cell);
        redis_command_begin(&state->command, "PFADD");
        redis_command_add(&state->command, key, len);
        for (; i < count && state->items[i].cell == cell; i++)
            redis_command_add(&state->command,
                              state->values + (size_t)state->items[i].at * workload->value_bytes,
                              workload->value_bytes);
        append_command(state);
        wait.replies++;
    }
    return wait;
}

static struct wait ask_counts(struct link *link)
{
    struct redis_link *state = link->state;
    struct wait wait = { 0 };
    while (wait.replies < link->settings->batch && link_next(link)) {
        redis_command_begin(&state->command, "PFCOUNT");
        redis_command_add(&state->command, link->generator.event.key, WORKLOAD_KEY_BYTES);
        append_command(state);
        wait.replies++;
    }
    wait.values = wait.replies;
    return wait;
}

/* It knows no whole table: all keys are listed. */
static struct wait ask_union(struct link *link)
{
    struct redis_link *state = link->state;
    const struct settings *settings = link->settings;
    (void)link_next(link);
    redis_command_begin(&state->command, "PFCOUNT");
    for (uint32_t i = 0; i < settings->batch; i++) {
        uint64_t rank = ((uint64_t)link->generator.event.rank + i) % settings->workload.keys;
        char key[WORKLOAD_KEY_BYTES];
        workload_key(key, (uint32_t)rank);
        redis_command_add(&state->command, key, sizeof key);
    }
    append_command(state);
    return (struct wait){ 1, 1 };
}

/* Asks for a page of keys, waits for it, and asks for the count of each. */
static struct wait ask_page(struct link *link, struct result *result)
{
    struct redis_link *state = link->state;
    (void)link_next(link);
    redisReply *page = redisCommand(state->redis, "SCAN %s COUNT %u", state->cursor,
                                    (unsigned)link->settings->batch);
    struct wait wait = { 0, 1 };
    if (page == NULL)
        return wait;
    if (page->type == REDIS_REPLY_ARRAY && page->elements == 2 &&
        page->element[0]->len < sizeof state->cursor) {
        memcpy(state->cursor, page->element[0]->str, page->element[0]->len + 1);
        const redisReply *keys = page->element[1];
        for (size_t i = 0; i < keys->elements; i++) {
            redis_command_begin(&state->command, "PFCOUNT");
            redis_command_add(&state->command, keys->element[i]->str, keys->element[i]->len);
            append_command(state);
            wait.replies++;
        }
    } else {
        result_error(result, page->type == REDIS_REPLY_ERROR ? page->str : "no page of keys");
    }
    freeReplyObject(page);
    return wait;
}

static struct wait append_next(struct link *link, struct result *result)
{
    switch (link->settings->workload.kind) {
    case WORKLOAD_POINT:
        return ask_counts(link);
    case WORKLOAD_UNION:
        return ask_union(link);
    case WORKLOAD_SCAN:
        return ask_page(link, result);
    default:
        return add_values(link);
    }
}

/* A failure is told by the read that follows. */
static void write_held(struct link *link)
{
    struct redis_link *state = link->state;
    int sent = 0;
    while (state->redis->err == 0 && sent == 0)
        (void)redisBufferWrite(state->redis, &sent);
    state->held_bytes = 0;
}

/* What is sent is held until redis_link_push(), or until that much is together, or until all
 * that may be on its way is: the same as libcardinal does. */
void redis_link_send(struct link *link, uint64_t due, struct result *result)
{
    struct redis_link *state = link->state;
    uint32_t at = (link->oldest + link->in_flight) % IN_FLIGHT_MAX;
    state->waits[at] = append_next(link, result);
    link_sent(link, due);
    if (state->held_bytes >= HELD_BYTES_MAX || !link_has_room(link))
        write_held(link);
    if (state->redis->err != 0)
        lose(link, result);
    else if (state->waits[at].replies == 0)
        link_answered(link, result);
}

void redis_link_push(struct link *link, struct result *result)
{
    (void)result;
    write_held(link);
}

/* --- answers --- */

static void take_reply(struct link *link, const redisReply *reply, struct result *result)
{
    struct redis_link *state = link->state;
    const struct settings *settings = link->settings;
    const struct workload *workload = &settings->workload;
    struct wait *wait = &state->waits[link->oldest];
    bool is_number = reply->type == REDIS_REPLY_INTEGER;
    if (!is_number)
        result_error(result, reply->type == REDIS_REPLY_ERROR ? reply->str : "not a number");
    else if (workload_asks(workload->kind) && workload->per_key > 0)
        result_compare(result, (double)reply->integer, REDIS_RSE,
                       (uint64_t)workload->per_key *
                           (workload->kind == WORKLOAD_UNION ? settings->batch : 1));
    if (--wait->replies == 0) {
        result->values += wait->values;
        link_answered(link, result);
    }
}

/* Takes in the replies that have been read; false: the connection is lost. */
static bool take_replies(struct link *link, struct result *result)
{
    struct redis_link *state = link->state;
    void *reply = NULL;
    while (link->in_flight > 0) {
        if (redisGetReplyFromReader(state->redis, &reply) != REDIS_OK) {
            lose(link, result);
            return false;
        }
        if (reply == NULL)
            break;
        take_reply(link, reply, result);
        freeReplyObject(reply);
    }
    return true;
}

/* Called when the socket is readable, so that the read does not wait. */
void redis_link_collect(struct link *link, struct result *result)
{
    struct redis_link *state = link->state;
    if (link->in_flight == 0 && link->done)
        return;
    if (redisBufferRead(state->redis) != REDIS_OK)
        lose(link, result);
    else
        (void)take_replies(link, result);
}

void redis_link_drain(struct link *link, struct result *result)
{
    struct redis_link *state = link->state;
    write_held(link);
    while (link->in_flight > 0 && take_replies(link, result)) {
        if (link->in_flight > 0 && redisBufferRead(state->redis) != REDIS_OK)
            lose(link, result);
    }
}
