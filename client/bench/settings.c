#include "client/bench/settings.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/bench/link.h"

#define VALUES_MAX UINT64_C(1000000000000)
#define BATCH_MAX 65536u
#define SECONDS_MAX 3600u

enum key {
    KEY_SERVER = 0x100,
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
    KEY_RAW,
    KEY_ZIPF,
    KEY_SEED,
    KEY_JSON,
};

static const struct argp_option options[] = {
    { "server", KEY_SERVER, "ADDRESS", 0,
      "tcp://HOST:PORT or unix://PATH (default $CARDINAL_SERVER, or else tcp://127.0.0.1:7410)",
      0 },
    { "workload", KEY_WORKLOAD, "NAME", 0, "hot, many, wide, grouped or point (needed)", 0 },
    { "values", KEY_VALUES, "N", 0,
      "Values to send, or questions to ask (default 10000000; of wide and grouped 660000, of point "
      "1000000)",
      0 },
    { "keys", KEY_KEYS, "N", 0, "Keys of many and point (default 100000) and grouped (255)", 0 },
    { "columns", KEY_COLUMNS, "N", 0, "Columns of wide and grouped (default 11)", 0 },
    { "batch", KEY_BATCH, "N", 0, "Values a batch (default 1000), or keys a question (1)", 0 },
    { "connections", KEY_CONNECTIONS, "N", 0, "Connections (default 1)", 0 },
    { "threads", KEY_THREADS, "N", 0, "Threads that share the connections (default 1)", 0 },
    { "in-flight", KEY_IN_FLIGHT, "N", 0,
      "Batches unanswered per connection (default 4), or questions (100)", 0 },
    { "rate", KEY_RATE, "N", 0,
      "Values a second in all; times count from when a batch was due (default: as fast as can be)",
      0 },
    { "seconds", KEY_SECONDS, "N", 0, "Stop after that long (default 60)", 0 },
    { "raw", KEY_RAW, 0, 0, "Send values as they are, for the server to hash", 0 },
    { "zipf", KEY_ZIPF, "S", 0, "Exponent of the keys' distribution; 0: uniform (default 1)", 0 },
    { "seed", KEY_SEED, "N", 0, "Of what is random (default 1)", 0 },
    { "json", KEY_JSON, 0, 0, "End with one JSON object instead of text", 0 },
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
    complain("--workload: '%s' is none of hot, many, wide, grouped and point", arg);
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
        settings->server = arg;
        return 0;
    case KEY_WORKLOAD:
        return take_workload(settings, arg, &parse->named);
    case KEY_RAW:
        settings->raw = true;
        return 0;
    case KEY_ZIPF:
        return take_zipf(settings, arg);
    case KEY_SEED:
        return take_number("--seed", arg, 0, UINT64_MAX, &settings->workload.seed);
    case KEY_JSON:
        settings->json = true;
        return 0;
    case ARGP_KEY_ARG:
        complain("'%s' is no option", arg);
        return EINVAL;
    default:
        return take_size(key, arg, settings);
    }
}

/* Fills in what was not said and depends on the workload. */
static void complete(struct settings *settings)
{
    struct workload *workload = &settings->workload;
    bool asks = workload->kind == WORKLOAD_POINT;
    bool has_rows = workload->kind == WORKLOAD_WIDE || workload->kind == WORKLOAD_GROUPED;
    if (workload->values == 0)
        workload->values = asks ? 1000000 : has_rows ? 660000 : 10000000;
    if (workload->keys == 0)
        workload->keys = workload->kind == WORKLOAD_GROUPED ? 255 : 100000;
    if (workload->columns == 0)
        workload->columns = 11;
    if (!has_rows)
        workload->columns = 1;
    if (settings->batch == 0)
        settings->batch = asks ? 1 : 1000;
    if (settings->in_flight == 0)
        settings->in_flight = asks ? 100 : 4;
    if (settings->threads > settings->connections)
        settings->threads = settings->connections;
}

bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = take,
        .doc = "Loads a cardinald server over the wire and tells how fast it was.",
    };
    *settings = (struct settings){
        .workload.seed = 1,
        .zipf_s = 1,
        .connections = 1,
        .threads = 1,
        .seconds = 60,
    };
    struct parse parse = { settings, false };
    argp_err_exit_status = EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) != 0)
        return false;
    if (!parse.named) {
        complain("--workload is needed: hot, many, wide, grouped or point");
        return false;
    }
    complete(settings);
    if (settings->workload.values < settings->workload.columns) {
        complain("--values: a row has %" PRIu32 " values", settings->workload.columns);
        return false;
    }
    if (settings->workload.kind == WORKLOAD_POINT && settings->batch > POINT_KEYS_MAX) {
        complain("--batch: a question has at most %u keys", POINT_KEYS_MAX);
        return false;
    }
    return true;
}
