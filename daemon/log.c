#include "daemon/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = { "debug", "info", "warn", "error" };
static atomic_int least_level = LOG_INFO;

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(const char *name, enum log_level *out)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

const char *log_number(char *out, uint64_t n)
{
    snprintf(out, LOG_NUMBER_BYTES, "%" PRIu64, n);
    return out;
}

/* A line being built; what does not fit is left out. */
struct line {
    char *out;
    size_t len;
    size_t max;
};

static void put(struct line *line, const char *text, size_t len)
{
    if (len > line->max - line->len)
        return;
    memcpy(line->out + line->len, text, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static bool is_plain(const char *value)
{
    if (*value == '\0')
        return false;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return false;
    }
    return true;
}

static void put_escaped(struct line *line, char c)
{
    char text[5];

    if (c == '"' || c == '\\')
        snprintf(text, sizeof text, "\\%c", c);
    else if (c == '\n')
        snprintf(text, sizeof text, "\\n");
    else if ((unsigned char)c < 0x20 || c == 0x7f)
        snprintf(text, sizeof text, "\\x%02x", (unsigned)(unsigned char)c);
    else
        snprintf(text, sizeof text, "%c", c);
    put_text(line, text);
}

static void put_value(struct line *line, const char *value, bool quoted)
{
    if (!quoted) {
        put_text(line, value);
        return;
    }
    put(line, "\"", 1);
    line->max--; /* the closing quote always fits */
    for (const char *c = value; *c != '\0'; c++)
        put_escaped(line, *c);
    line->max++;
    put(line, "\"", 1);
}

size_t log_format(char *out, size_t size, const char *timestamp, enum log_level level,
                  const char *message, const char *const *pairs)
{
    struct line line = { .out = out, .len = 0, .max = size - 1 };

    put_text(&line, "ts=");
    put_text(&line, timestamp);
    put_text(&line, " level=");
    put_text(&line, level_names[level]);
    put_text(&line, " msg=");
    put_value(&line, message, true);
    for (; pairs[0] != NULL; pairs += 2) {
        if (line.max - line.len < strlen(pairs[0]) + 4)
            break;
        put(&line, " ", 1);
        put_text(&line, pairs[0]);
        put(&line, "=", 1);
        put_value(&line, pairs[1], !is_plain(pairs[1]));
    }
    out[line.len++] = '\n';
    return line.len;
}

void log_line(enum log_level level, const char *message, const char *const *pairs)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    char timestamp[56];
    char text[LOG_LINE_MAX];

    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(timestamp, sizeof timestamp, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
    size_t len = log_format(text, sizeof text, timestamp, level, message, pairs);
    ssize_t written;
    do
        written = write(STDERR_FILENO, text, len);
    while (written < 0 && errno == EINTR);
}
