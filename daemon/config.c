#include "daemon/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64u

/* A file being read. */
struct source {
    FILE *file;
    const char *path;
    unsigned line; /* the one that was read last */
    struct config *config;
    bool seen[OPTIONS_MAX]; /* by index into option_specs */
    struct error *err;      /* the first fault */
    enum status status;
};

/* Keeps the first fault, with where it is. */
static void fail(struct source *source, const char *what)
{
    if (source->status == ST_OK)
        source->status = error_set(source->err, ST_INVALID_ARGUMENT, "%.96s:%u: %s", source->path,
                                   source->line, what);
}

static void fail_naming(struct source *source, const char *what, const char *name)
{
    char text[128];
    char quoted[64];

    snprintf(text, sizeof text, "%s '%s'", what,
             error_quote(quoted, sizeof quoted, name, strlen(name)));
    fail(source, text);
}

/* inih's reader: counts lines, and refuses one that inih would take for two. */
static char *next_line(char *out, int size, void *arg)
{
    struct source *source = arg;

    if (fgets(out, size, source->file) == NULL)
        return NULL;
    source->line++;
    size_t len = strlen(out);
    if (len + 1 == (size_t)size && out[len - 1] != '\n')
        fail(source, "line too long");
    return source->status == ST_OK ? out : NULL;
}

static int on_setting(void *arg, const char *section, const char *name, const char *value)
{
    struct source *source = arg;
    const struct option_spec *spec = option_find(name);
    struct error err;

    if (source->status != ST_OK)
        return 0;
    if (*section != '\0') {
        fail_naming(source, "unknown section", section);
        return 0;
    }
    if (spec == NULL) {
        fail_naming(source, "unknown option", name);
        return 0;
    }
    bool *seen = &source->seen[spec - option_specs];
    if (*seen && spec->kind != OPTION_LISTEN) {
        fail_naming(source, "a second value for option", name);
        return 0;
    }
    if (!*seen && spec->kind == OPTION_LISTEN)
        source->config->server.listen_count = 0;
    *seen = true;
    if (option_set(source->config, spec, value, &err) != ST_OK)
        fail(source, err.text);
    return source->status == ST_OK;
}

static enum status load_file(const char *path, struct config *config, struct error *err)
{
    struct source source = { .path = path, .config = config, .err = err };

    source.file = fopen(path, "r");
    if (source.file == NULL)
        return error_set(err, ST_NOT_FOUND, "cannot open '%s': %s", path, strerror(errno));
    ini_allow_multiline = false;
    int result = ini_parse_stream(next_line, &source, on_setting, &source);
    bool unreadable = ferror(source.file) != 0;
    fclose(source.file);
    if (source.status != ST_OK)
        return source.status;
    if (unreadable)
        return error_set(err, ST_NOT_FOUND, "cannot read '%s'", path);
    if (result > 0)
        return error_set(err, ST_INVALID_ARGUMENT, "%s:%d: not of the form 'name = value'", path,
                         result);
    return result == 0 ? ST_OK : error_nomem(err);
}

static enum status set_defaults(struct config *config, struct error *err)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < option_spec_count; i++) {
        enum status status = option_set(config, &option_specs[i], option_specs[i].fallback, err);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

enum status config_load(const char *path, const struct config_flag *flags, size_t flag_count,
                        struct config *out, struct error *err)
{
    struct config config;
    bool listens = false;
    enum status status = set_defaults(&config, err);

    assert(option_spec_count <= OPTIONS_MAX);
    if (status == ST_OK && path != NULL)
        status = load_file(path, &config, err);
    for (size_t i = 0; status == ST_OK && i < flag_count; i++) {
        if (flags[i].spec->kind == OPTION_LISTEN && !listens) {
            config.server.listen_count = 0;
            listens = true;
        }
        status = option_set(&config, flags[i].spec, flags[i].value, err);
    }
    if (status == ST_OK && config.server.default_ack == ACK_DURABLE && config.data_dir[0] == '\0')
        status = error_set(err, ST_INVALID_ARGUMENT, "default_ack durable needs a data_dir");
    if (status == ST_OK)
        *out = config;
    return status;
}
