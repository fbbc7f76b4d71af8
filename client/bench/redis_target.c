/* The target that speaks the protocol of Redis: Redis itself, or Valkey. What is not
 * load. A key of Redis stands for a cell: a key, and a column where there are several. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client/bench/redis_command.h"
#include "client/bench/redis_link.h"
#include "client/bench/target.h"

#define WORDS_MAX 1024u    /* of one command of ours */
#define PIPELINE_MAX 1000u /* commands whose replies are waited for together */
#define UNION_KEY "cardinal-bench-union"

struct redis_target {
    redisContext *redis;
    struct redis_command command;
    uint32_t waiting; /* replies */
    bool is_ours;     /* the database was empty */
};

static enum exit_status failed(const struct redis_target *state, const redisReply *reply)
{
    complain("%s", reply != NULL && reply->type == REDIS_REPLY_ERROR ? reply->str
                   : state->redis->err != 0                          ? state->redis->errstr
                                                                     : "an unexpected reply");
    return EXIT_FAILED;
}

/* Sends a command without arguments that is answered with a number. */
static enum exit_status ask_number(struct redis_target *state, const char *command, uint64_t *out)
{
    redisReply *reply = redisCommand(state->redis, command);
    enum exit_status result = EXIT_DONE;
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        *out = (uint64_t)reply->integer;
    else
        result = failed(state, reply);
    freeReplyObject(reply);
    return result;
}

/* What is removed at the end must be ours: another's database is left alone. */
static enum exit_status open_target(struct target *target)
{
    struct redis_target *state = calloc(1, sizeof *state);
    uint64_t keys = 0;
    if (state == NULL)
        return no_memory();
    target->state = state;
    (void)signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
    size_t word = target->settings->workload.value_bytes;
    if (!redis_command_init(&state->command, WORDS_MAX,
                            word > REDIS_KEY_BYTES ? word : REDIS_KEY_BYTES))
        return no_memory();
    enum exit_status result = redis_link_connect(target->settings, &state->redis);
    if (result == EXIT_DONE)
        result = ask_number(state, "DBSIZE", &keys);
    if (result != EXIT_DONE)
        return result;
    if (keys > 0) {
        complain("the database holds %" PRIu64 " keys: an empty one is needed", keys);
        return EXIT_FAILED;
    }
    state->is_ours = true;
    return EXIT_DONE;
}

static void close_target(struct target *target)
{
    struct redis_target *state = target->state;
    if (state->is_ours)
        freeReplyObject(redisCommand(state->redis, "FLUSHDB"));
    if (state->redis != NULL)
        redisFree(state->redis);
    redis_command_release(&state->command);
    free(state);
}

/* --- many commands, whose replies only must be no errors --- */

static enum exit_status await_replies(struct redis_target *state)
{
    enum exit_status result = EXIT_DONE;
    for (; result == EXIT_DONE && state->waiting > 0; state->waiting--) {
        void *reply = NULL;
        if (redisGetReply(state->redis, &reply) != REDIS_OK ||
            ((const redisReply *)reply)->type == REDIS_REPLY_ERROR)
            result = failed(state, reply);
        freeReplyObject(reply);
    }
    return result;
}

static enum exit_status append(struct redis_target *state)
{
    redis_command_append(&state->command, state->redis);
    if (++state->waiting < PIPELINE_MAX)
        return EXIT_DONE;
    return await_replies(state);
}

static enum exit_status fill_key(struct redis_target *state, const struct workload *workload,
                                 uint32_t rank)
{
    struct event event = { 0 };
    enum exit_status result = EXIT_DONE;
    for (uint32_t i = 0; result == EXIT_DONE && i < workload->per_key;) {
        redis_command_begin(&state->command, "PFADD");
        for (uint32_t words = 2; i < workload->per_key && words < WORDS_MAX; i++, words++) {
            workload_fill(workload, rank, i, &event);
            if (words == 2)
                redis_command_add(&state->command, event.key, sizeof event.key);
            redis_command_add(&state->command, event.value, workload->value_bytes);
        }
        result = append(state);
    }
    return result;
}

static enum exit_status fill(struct target *target)
{
    struct redis_target *state = target->state;
    const struct workload *workload = &target->settings->workload;
    enum exit_status result = EXIT_DONE;
    for (uint32_t i = 0; result == EXIT_DONE && i < workload->keys; i++)
        result = fill_key(state, workload, i);
    return result == EXIT_DONE ? await_replies(state) : result;
}

/* --- figures --- */

/* The number after a name in the text that INFO answers with; 0 if there is none. */
static double info_number(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? strtod(at + strlen(name), NULL) : 0;
}

static enum exit_status read_usage(struct target *target, struct usage *out)
{
    struct redis_target *state = target->state;
    redisReply *reply = redisCommand(state->redis, "INFO");
    enum exit_status result = EXIT_DONE;
    if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
        double seconds = info_number(reply->str, "\nused_cpu_user:") +
                         info_number(reply->str, "\nused_cpu_sys:");
        *out = (struct usage){
            .cpu_ns = (uint64_t)(seconds * 1e9),
            .resident_bytes = (uint64_t)info_number(reply->str, "\nused_memory_rss:"),
        };
    } else {
        result = failed(state, reply);
    }
    freeReplyObject(reply);
    return result;
}

/* --- checks --- */

static enum exit_status count_first(struct target *target, struct answer *out)
{
    struct redis_target *state = target->state;
    char key[WORKLOAD_KEY_BYTES + 1] = { 0 };
    workload_key(key, 0);
    redisReply *reply = redisCommand(state->redis, "PFCOUNT %s", key);
    enum exit_status result = EXIT_DONE;
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        *out = (struct answer){ (double)reply->integer, REDIS_RSE, 1 };
    else
        result = failed(state, reply);
    freeReplyObject(reply);
    return result;
}

/* The cells of the first column are merged, some at a time, into a key of our own. */
static enum exit_status merge_first_column(struct redis_target *state,
                                           const struct workload *workload, uint64_t keys)
{
    enum exit_status result = EXIT_DONE;
    for (uint64_t rank = 0; result == EXIT_DONE && rank < keys;) {
        redis_command_begin(&state->command, "PFMERGE");
        redis_command_add(&state->command, UNION_KEY, strlen(UNION_KEY));
        for (uint32_t words = 2; rank < keys && words < WORDS_MAX; rank++, words++) {
            char key[REDIS_KEY_BYTES];
            size_t len = redis_link_key(key, workload, (uint32_t)rank, 0);
            redis_command_add(&state->command, key, len);
        }
        result = append(state);
    }
    return result == EXIT_DONE ? await_replies(state) : result;
}

static enum exit_status count_all(struct target *target, uint64_t keys, struct answer *out)
{
    struct redis_target *state = target->state;
    const struct workload *workload = &target->settings->workload;
    uint64_t cells = 0;
    uint64_t estimate = 0;
    enum exit_status result = ask_number(state, "DBSIZE", &cells);
    if (result == EXIT_DONE)
        result = merge_first_column(state, workload, keys);
    if (result == EXIT_DONE)
        result = ask_number(state, "PFCOUNT " UNION_KEY, &estimate);
    /* Half a row at the end is a key too. */
    if (result == EXIT_DONE)
        *out = (struct answer){ (double)estimate, REDIS_RSE,
                                (cells + workload->columns - 1) / workload->columns };
    return result;
}

const struct target_kind target_redis = {
    .open = open_target,
    .close = close_target,
    .fill = fill,
    .usage = read_usage,
    .count_first = count_first,
    .count_all = count_all,
    .link_open = redis_link_open,
    .link_close = redis_link_close,
    .link_send = redis_link_send,
    .link_push = redis_link_push,
    .link_collect = redis_link_collect,
    .link_drain = redis_link_drain,
    .link_fd = redis_link_fd,
    .link_events = redis_link_events,
    .hides_answers = false,
};
