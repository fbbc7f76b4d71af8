#include "daemon/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MEMBER(path) offsetof(struct config, path)
#define KIB ((uint64_t)1 << 10)
#define FRAME_LEAST (64 * KIB) /* the description of the widest table fits */
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

const struct option_spec option_specs[] = {
    { "listen", OPTION_LISTEN, MEMBER(server), 0, 0, "tcp://127.0.0.1:7410", "ADDRESS",
      "where to listen: tcp://HOST:PORT or unix:///PATH; may be given several times" },
    { "allow_unauthenticated", OPTION_BOOL, MEMBER(server.allow_unauthenticated), 0, 0, "no", NULL,
      "listen beyond loopback although nobody is asked who they are" },
    { "threads", OPTION_COUNT, MEMBER(server.threads), 0, 256, "0", "N",
      "event loops, a thread each; 0: as many as there are processors" },
    { "job_threads", OPTION_COUNT, MEMBER(server.job_threads), 0, 256, "0", "N",
      "threads for requests over many keys; 0: as many as there are processors" },
    { "log_level", OPTION_LOG_LEVEL, MEMBER(log_level), 0, 0, "info", "LEVEL",
      "least level of the lines on standard error: debug, info, warn or error" },
    { "data_dir", OPTION_PATH, MEMBER(data_dir), 0, 0, "none", "DIR",
      "directory to keep everything in; none: it is in memory alone" },
    { "default_ack", OPTION_ACK, MEMBER(server.default_ack), 0, 0, "memory", "ACK",
      "when to answer writes to tables where neither says: memory or durable" },
    { "flush_interval_ms", OPTION_COUNT, MEMBER(flush_interval_ms), 0, 3600000, "1000", "MS",
      "milliseconds of writes that a crash may lose of what is acknowledged from memory; 0: any" },
    { "drain_ms", OPTION_COUNT, MEMBER(server.drain_ms), 0, 3600000, "5000", "MS",
      "milliseconds to finish what is in work when asked to stop" },
    { "max_frame", OPTION_BYTES, MEMBER(server.limits.max_frame), FRAME_LEAST, GIB, "16MiB",
      "BYTES", "bytes of one message, either way" },
    { "max_batch_values", OPTION_COUNT, MEMBER(server.limits.max_batch_values), 1, 16777216,
      "65536", "N", "values, and rows, of one batch" },
    { "max_connections", OPTION_COUNT, MEMBER(server.limits.max_connections), 1, 1000000, "10000",
      "N", "connections open at one time" },
    { "max_in_flight", OPTION_COUNT, MEMBER(server.limits.max_in_flight), 1, 65536, "256", "N",
      "requests of one connection in work; beyond, it is not read from" },
    { "max_tables", OPTION_COUNT, MEMBER(server.limits.max_tables), 1, 1000000, "10000", "N",
      "tables" },
    { "max_memory", OPTION_BYTES, MEMBER(server.limits.max_memory), 0, 1024 * TIB, "0", "BYTES",
      "bytes of memory; 0: three quarters of what the machine or its control group has" },
    { "max_partial_bytes", OPTION_BYTES, MEMBER(server.limits.max_partial_bytes), KIB, TIB,
      "256MiB", "BYTES", "bytes of messages not yet whole, over all connections" },
    { "max_unsent_bytes", OPTION_BYTES, MEMBER(server.limits.max_unsent_bytes), KIB, TIB, "1GiB",
      "BYTES", "bytes of answers that were not taken yet, over all connections" },
    { "max_job_bytes", OPTION_BYTES, MEMBER(server.limits.max_job_bytes), KIB, TIB, "256MiB",
      "BYTES", "bytes set aside for requests over many keys, over all connections" },
};

const size_t option_spec_count = sizeof option_specs / sizeof option_specs[0];

const struct option_spec *option_find(const char *name)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        if (strcmp(option_specs[i].name, name) == 0)
            return &option_specs[i];
    }
    return NULL;
}

static enum status bad_value(const struct option_spec *spec, const char *value, const char *why,
                             struct error *err)
{
    char quoted[64];

    return error_set(err, ST_INVALID_ARGUMENT, "bad %s '%s': %s", spec->name,
                     error_quote(quoted, sizeof quoted, value, strlen(value)), why);
}

/* Reads digits; returns what follows them, NULL when there are none or too many. */
static const char *parse_digits(const char *text, uint64_t *out)
{
    uint64_t n = 0;

    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return NULL;
        n = n * 10 + digit;
    }
    *out = n;
    return text;
}

static bool parse_unit(const char *unit, unsigned *shift)
{
    static const char *const units[] = { "", "KiB", "MiB", "GiB" };

    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i]) == 0) {
            *shift = i * 10;
            return true;
        }
    }
    return false;
}

static enum status set_number(const struct option_spec *spec, const char *value, uint64_t *out,
                              struct error *err)
{
    char why[96];
    uint64_t n;
    unsigned shift = 0;
    const char *unit = parse_digits(value, &n);

    if (unit == NULL)
        return bad_value(spec, value, "not a number", err);
    if (spec->kind == OPTION_BYTES ? !parse_unit(unit, &shift) : *unit != '\0')
        return bad_value(
            spec, value,
            spec->kind == OPTION_BYTES ? "its unit is none of KiB, MiB, GiB" : "not a number", err);
    if (n > spec->max >> shift || n << shift < spec->min) {
        snprintf(why, sizeof why, "it must be %" PRIu64 " to %" PRIu64, spec->min, spec->max);
        return bad_value(spec, value, why, err);
    }
    *out = n << shift;
    return ST_OK;
}

static enum status set_bool(const struct option_spec *spec, const char *value, bool *out,
                            struct error *err)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return bad_value(spec, value, "it must be yes or no", err);
    *out = strcmp(value, "yes") == 0;
    return ST_OK;
}

static enum status add_listener(const struct option_spec *spec, const char *value,
                                struct server_options *server, struct error *err)
{
    if (server->listen_count == SERVER_LISTEN_MAX)
        return bad_value(spec, value, "too many addresses", err);
    enum status status = address_parse(value, &server->listen[server->listen_count], err);
    if (status == ST_OK)
        server->listen_count++;
    return status;
}

static enum status set_path(const struct option_spec *spec, const char *value, char *out,
                            struct error *err)
{
    if (strlen(value) >= OPTION_PATH_MAX)
        return bad_value(spec, value, "it is too long", err);
    strcpy(out, strcmp(value, "none") == 0 ? "" : value);
    return ST_OK;
}

static enum status set_ack(const struct option_spec *spec, const char *value, enum ack *out,
                           struct error *err)
{
    if (strcmp(value, "memory") != 0 && strcmp(value, "durable") != 0)
        return bad_value(spec, value, "it must be memory or durable", err);
    *out = strcmp(value, "durable") == 0 ? ACK_DURABLE : ACK_MEMORY;
    return ST_OK;
}

enum status option_set(struct config *config, const struct option_spec *spec, const char *value,
                       struct error *err)
{
    void *member = (char *)config + spec->offset;

    switch (spec->kind) {
    case OPTION_COUNT:
    case OPTION_BYTES:
        return set_number(spec, value, member, err);
    case OPTION_BOOL:
        return set_bool(spec, value, member, err);
    case OPTION_LISTEN:
        return add_listener(spec, value, member, err);
    case OPTION_PATH:
        return set_path(spec, value, member, err);
    case OPTION_ACK:
        return set_ack(spec, value, member, err);
    case OPTION_LOG_LEVEL:
        if (log_level_parse(value, member))
            return ST_OK;
        return bad_value(spec, value, "it must be debug, info, warn or error", err);
    }
    return error_set(err, ST_INTERNAL, "option %s has no kind", spec->name);
}
