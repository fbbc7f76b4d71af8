#include "client/bench/settings.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/bench/link.h"
#include "client/bench/redis_address.h"

#define WORKLOAD_NAMES "hot, many, wide, grouped, point, union, scan or mixed"
#define VALUES_MAX UINT64_C(1000000000000)
#define BATCH_MAX 65536u
#define SECONDS_MAX 3600u
#define POINT_KEYS_MAX 1024u /* of a question */
#define INTERVAL_MIN_NS 100u

enum key {
    KEY_SERVER = 0x100,
    KEY_TARGET,
    KEY_WORKLOAD,
    KEY_VALUES,
    KEY_KEYS,
    KEY_COLUMNS,
    KEY_BATCH,
    KEY_CONNECTIONS,
    KEY_THREADS,
    KEY_IN_FLIGHT,
    KEY_RATE,
    KEY_SECONDS,
    KEY_READS,
    KEY_PER_KEY,
    KEY_WHOLE,
    KEY_RAW,
    KEY_VALUE_BYTES,
    KEY_ZIPF,
    KEY_SEED,
    KEY_JSON,
    KEY_MEMORY,
    KEY_ACK,
};

static const struct argp_option options[] = {
    { "server", KEY_SERVER, "ADDRESS", 0,
      "tcp://HOST:PORT or unix://PATH (default $CARDINAL_SERVER, or else tcp://127.0.0.1:7410)",
      0 },
    { "target", KEY_TARGET, "ADDRESS", 0,
      "The same, or redis://HOST[:PORT] or redis+unix://PATH: load Redis or Valkey, whose database "
      "must be empty, and is emptied at the end",
      0 },
    { "workload", KEY_WORKLOAD, "NAME", 0, WORKLOAD_NAMES " (needed)", 0 },
    { "values", KEY_VALUES, "N", 0,
      "Values to send, or keys, unions or pages to ask for (default 10000000; of wide and grouped "
      "660000, of point 1000000, of union and scan 1000)",
      0 },
    { "keys", KEY_KEYS, "N", 0, "Keys (default 100000; of grouped 255, of union 10000)", 0 },
    { "columns", KEY_COLUMNS, "N", 0, "Columns of wide and grouped (default 11)", 0 },
    { "batch", KEY_BATCH, "N", 0,
      "Values a batch, or keys a union or page (default 1000), or keys a question of point (1)",
      0 },
    { "per-key", KEY_PER_KEY, "N", 0, "Values of each key that is asked for (default 1)", 0 },
    { "whole", KEY_WHOLE, 0, 0, "Of union: of the whole table instead of listed keys", 0 },
    { "connections", KEY_CONNECTIONS, "N", 0, "Connections (default 1)", 0 },
    { "threads", KEY_THREADS, "N", 0, "Threads that share the connections (default 1)", 0 },
    { "in-flight", KEY_IN_FLIGHT, "N", 0,
      "Batches unanswered per connection (default 16; of hot 32, of union and mixed 4), or "
      "questions (100)",
      0 },
    { "rate", KEY_RATE, "N", 0,
      "Values a second in all; times count from when a batch was due (default: as fast as can be)",
      0 },
    { "reads", KEY_READS, "N", 0, "Of mixed: questions a second (default 1000)", 0 },
    { "seconds", KEY_SECONDS, "N", 0, "Stop after that long (default 60)", 0 },
    { "raw", KEY_RAW, 0, 0, "Send values as they are, for the server to hash", 0 },
    { "ack", KEY_ACK, "memory|durable", 0,
      "Batches are answered once they are visible (default), or once they are on disk", 0 },
    { "value-bytes", KEY_VALUE_BYTES, "N", 0, "Bytes of a value, 16 (default) to 1024", 0 },
    { "zipf", KEY_ZIPF, "S", 0, "Exponent of the keys' distribution; 0: uniform (default 1)", 0 },
    { "seed", KEY_SEED, "N", 0, "Of what is random (default 1)", 0 },
    { "json", KEY_JSON, 0, 0, "End with one JSON object instead of text", 0 },
    { "memory", KEY_MEMORY, 0, 0, "Only measure how long the machine's memory takes to answer", 0 },
    { 0 },
};

const char *argp_program_version = "cardinal-bench " CARDINAL_VERSION;

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("cardinal-bench: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

enum exit_status no_memory(void)
{
    complain("no memory");
    return EXIT_TROUBLE;
}

static error_t take_number(const char *option, const char *arg, uint64_t least, uint64_t most,
                           uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(arg, &end, 10);
    bool digits = arg[0] != '\0' && strspn(arg, "0123456789") == strlen(arg);
    if (!digits || errno != 0 || value < least || value > most) {
        complain("%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64, option, arg, least,
                 most);
        return EINVAL;
    }
    *out = value;
    return 0;
}

static error_t take_small(const char *option, const char *arg, uint32_t least, uint32_t most,
                          uint32_t *out)
{
    uint64_t value = 0;
    error_t error = take_number(option, arg, least, most, &value);
    if (error == 0)
        *out = (uint32_t)value;
    return error;
}

static error_t take_zipf(struct settings *settings, const char *arg)
{
    char *end;
    double s = strtod(arg, &end);
    if (end == arg || *end != '\0' || !(s >= 0 && s <= 10)) {
        complain("--zipf: '%s' is not a number from 0 to 10", arg);
        return EINVAL;
    }
    settings->zipf_s = s;
    return 0;
}

static error_t take_workload(struct settings *settings, const char *arg, bool *named)
{
    *named = true;
    if (workload_parse(arg, &settings->workload.kind))
        return 0;
    complain("--workload: '%s' is none of " WORKLOAD_NAMES, arg);
    return EINVAL;
}

static error_t take_ack(struct settings *settings, const char *arg)
{
    settings->durable = strcmp(arg, "durable") == 0;
    if (settings->durable || strcmp(arg, "memory") == 0)
        return 0;
    complain("--ack: '%s' is neither memory nor durable", arg);
    return EINVAL;
}

struct parse {
    struct settings *settings;
    bool named; /* has a workload been? */
};

static error_t take_size(int key, const char *arg, struct settings *settings)
{
    switch (key) {
    case KEY_VALUES:
        return take_number("--values", arg, 1, VALUES_MAX, &settings->workload.values);
    case KEY_KEYS:
        return take_small("--keys", arg, 1, UINT32_MAX, &settings->workload.keys);
    case KEY_COLUMNS:
        return take_small("--columns", arg, 1, 256, &settings->workload.columns);
    case KEY_BATCH:
        return take_small("--batch", arg, 1, BATCH_MAX, &settings->batch);
    case KEY_CONNECTIONS:
        return take_small("--connections", arg, 1, CONNECTIONS_MAX, &settings->connections);
    case KEY_THREADS:
        return take_small("--threads", arg, 1, THREADS_MAX, &settings->threads);
    case KEY_IN_FLIGHT:
        return take_small("--in-flight", arg, 1, IN_FLIGHT_MAX, &settings->in_flight);
    case KEY_PER_KEY:
        return take_small("--per-key", arg, 1, 1000000000, &settings->workload.per_key);
    case KEY_VALUE_BYTES:
        return take_small("--value-bytes", arg, WORKLOAD_VALUE_BYTES, WORKLOAD_VALUE_MAX,
                          &settings->workload.value_bytes);
    case KEY_READS:
        return take_number("--reads", arg, 1, 1000000, &settings->reads);
    case KEY_RATE:
        return take_number("--rate", arg, 1, VALUES_MAX, &settings->rate);
    case KEY_SECONDS:
        return take_small("--seconds", arg, 1, SECONDS_MAX, &settings->seconds);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct settings *settings = parse->settings;
    switch (key) {
    case ARGP_KEY_INIT:
        state->err_stream = NULL; /* one line for a mistake is enough */
        return 0;
    case KEY_SERVER:
    case KEY_TARGET:
        settings->server = arg;
        return 0;
    case KEY_WORKLOAD:
        return take_workload(settings, arg, &parse->named);
    case KEY_WHOLE:
        settings->whole = true;
        return 0;
    case KEY_RAW:
        settings->raw = true;
        return 0;
    case KEY_ACK:
        return take_ack(settings, arg);
    case KEY_ZIPF:
        return take_zipf(settings, arg);
    case KEY_SEED:
        return take_number("--seed", arg, 0, UINT64_MAX, &settings->workload.seed);
    case KEY_JSON:
        settings->json = true;
        return 0;
    case KEY_MEMORY:
        settings->memory = true;
        return 0;
    case ARGP_KEY_ARG:
        complain("'%s' is no option", arg);
        return EINVAL;
    default:
        return take_size(key, arg, settings);
    }
}

/* What depends on the workload and was not said. */
static const struct {
    uint64_t values;
    uint32_t keys;
    uint32_t batch;
    uint32_t in_flight;
} defaults[] = {
    [WORKLOAD_HOT] = { 10000000, 1, 1000, 32 },
    [WORKLOAD_MANY] = { 10000000, 100000, 1000, 16 },
    [WORKLOAD_WIDE] = { 660000, 1, 1000, 16 },
    [WORKLOAD_GROUPED] = { 660000, 255, 1000, 16 },
    [WORKLOAD_POINT] = { 1000000, 100000, 1, 100 },
    [WORKLOAD_UNION] = { 1000, 10000, 1000, 4 },
    [WORKLOAD_SCAN] = { 1000, 100000, 1000, 1 },
    [WORKLOAD_MIXED] = { 10000000, 100000, 1000, 4 },
};

static void complete(struct settings *settings)
{
    struct workload *workload = &settings->workload;
    enum workload_kind kind = workload->kind;
    if (workload->values == 0)
        workload->values = defaults[kind].values;
    if (workload->keys == 0)
        workload->keys = defaults[kind].keys;
    if (!workload_has_rows(kind))
        workload->columns = 1;
    if (settings->batch == 0)
        settings->batch = defaults[kind].batch;
    if (kind == WORKLOAD_UNION && settings->batch > workload->keys)
        settings->batch = workload->keys;
    if (settings->server != NULL && redis_address_is_meant(settings->server))
        settings->raw = true;
    if (settings->in_flight == 0)
        settings->in_flight = defaults[kind].in_flight;
    /* A page is waited for: connections would wait for one another on a thread. */
    if (kind == WORKLOAD_SCAN)
        settings->in_flight = 1;
    if (kind == WORKLOAD_SCAN || settings->threads > settings->connections)
        settings->threads = settings->connections;
}

/* Values, keys or questions that one message stands for. */
uint32_t settings_step(const struct settings *settings)
{
    enum workload_kind kind = settings->workload.kind;
    return kind == WORKLOAD_UNION || kind == WORKLOAD_SCAN ? 1 : settings->batch;
}

uint64_t settings_interval_ns(const struct settings *settings)
{
    double values = (double)settings_step(settings) * settings->connections;
    return (uint64_t)(values / (double)settings->rate * 1e9);
}

struct settings settings_of_reader(const struct settings *settings)
{
    struct settings reader = *settings;
    reader.workload.kind = WORKLOAD_POINT;
    reader.workload.values = UINT64_MAX;
    reader.workload.per_key = 0;
    reader.batch = 1;
    reader.connections = 1;
    reader.in_flight = defaults[WORKLOAD_POINT].in_flight;
    reader.rate = settings->reads;
    return reader;
}

/* What single options cannot tell. */
static bool is_sound(const struct settings *settings)
{
    const struct workload *workload = &settings->workload;
    if (workload->values < workload->columns) {
        complain("--values: a row has %" PRIu32 " values", workload->columns);
        return false;
    }
    if (workload->kind == WORKLOAD_POINT && settings->batch > POINT_KEYS_MAX) {
        complain("--batch: a question has at most %u keys", POINT_KEYS_MAX);
        return false;
    }
    if (settings->rate > 0 && settings_interval_ns(settings) < INTERVAL_MIN_NS) {
        complain("--rate: more than 10 million batches a second and connection");
        return false;
    }
    return true;
}

bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = take,
        .doc = "Loads a cardinald server over the wire and tells how fast it was.",
    };
    *settings = (struct settings){
        .workload = { .columns = 11, .seed = 1, .per_key = 1, .value_bytes = WORKLOAD_VALUE_BYTES },
        .reads = 1000,
        .zipf_s = 1,
        .connections = 1,
        .threads = 1,
        .seconds = 60,
    };
    struct parse parse = { settings, false };
    argp_err_exit_status = EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) != 0)
        return false;
    if (settings->memory)
        return true;
    if (!parse.named) {
        complain("--workload is needed: " WORKLOAD_NAMES);
        return false;
    }
    complete(settings);
    return is_sound(settings);
}
