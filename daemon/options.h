/* options: one table of everything that can be set. The command line, the
 * configuration file and the help text are made from it.
 *
 * `max_frame` in the file is --max-frame on the command line. */
#ifndef CARDINAL_DAEMON_OPTIONS_H
#define CARDINAL_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/log.h"
#include "daemon/server/server.h"
#include "proto/status.h"

#define OPTION_PATH_MAX 4096u /* bytes, the NUL included */

/* Everything that can be set. */
struct config {
    struct server_options server;
    enum log_level log_level;
    char data_dir[OPTION_PATH_MAX]; /* empty: everything is in memory alone */
    uint64_t flush_interval_ms;
};

enum option_kind {
    OPTION_COUNT,     /* a number */
    OPTION_BYTES,     /* a number with an optional KiB, MiB or GiB */
    OPTION_BOOL,      /* yes or no */
    OPTION_LOG_LEVEL, /* a level's name */
    OPTION_LISTEN,    /* an address; may be given several times */
    OPTION_PATH,      /* of a directory, or none */
    OPTION_ACK,       /* memory or durable */
};

struct option_spec {
    const char *name; /* as the file spells it */
    enum option_kind kind;
    size_t offset; /* of its member in struct config */
    uint64_t min;  /* of numbers */
    uint64_t max;
    const char *fallback; /* the default, as it would be written */
    const char *argument; /* what --help calls the value */
    const char *help;
};

extern const struct option_spec option_specs[];
extern const size_t option_spec_count;

/* The option of that name, or NULL. */
const struct option_spec *option_find(const char *name);

/* Sets one option from text; ST_INVALID_ARGUMENT says what is wrong with it.
 * An OPTION_LISTEN adds an address. */
enum status option_set(struct config *config, const struct option_spec *spec, const char *value,
                       struct error *err);

#endif
