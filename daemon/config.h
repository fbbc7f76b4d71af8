/* config: the settings, from defaults, then a file, then the command line.
 *
 * The file has lines `name = value`; # and ; begin comments. An option that
 * there is not, a second value for one that takes one, and a value out of range
 * are errors that name file and line. */
#ifndef CARDINAL_DAEMON_CONFIG_H
#define CARDINAL_DAEMON_CONFIG_H

#include <stddef.h>

#include "daemon/options.h"
#include "proto/status.h"

/* A setting that the command line made; value lives as long as argv. */
struct config_flag {
    const struct option_spec *spec;
    const char *value;
};

/* Makes *out of the defaults, the file (NULL: none), and the flags, which win:
 * addresses of an earlier source are replaced, not added to. */
enum status config_load(const char *path, const struct config_flag *flags, size_t flag_count,
                        struct config *out, struct error *err);

#endif
