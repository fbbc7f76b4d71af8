/* log: lines for people and for collectors, in logfmt, on standard error.
 *
 *     ts=2026-01-31T12:00:00.000Z level=info msg="listening" address=tcp://127.0.0.1:7410
 *
 * Values are quoted where they must be, and control bytes escaped, so that what
 * a peer sent cannot forge a line. A line is one write(2) of at most
 * LOG_LINE_MAX bytes; what is longer is cut.
 *
 * Thread safety: everything may be called from any thread. */
#ifndef CARDINAL_DAEMON_LOG_H
#define CARDINAL_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 1024u /* bytes, the line feed included */

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
    LOG_LEVEL_COUNT,
};

/* The level's name as lines and options spell it: "warn". */
const char *log_level_name(enum log_level level);

/* Finds the level called name; returns whether there is one. */
bool log_level_parse(const char *name, enum log_level *out);

/* Lines below this level are not written; at first it is LOG_INFO. */
void log_set_level(enum log_level level);

/* Formats a line into out, the line feed included, and returns its length,
 * at most size. pairs is key, value, key, value, .. NULL. */
size_t log_format(char *out, size_t size, const char *timestamp, enum log_level level,
                  const char *message, const char *const *pairs);

void log_line(enum log_level level, const char *message, const char *const *pairs);

/* log_info("message", "key", value, "key", value): strings all of them, LOG_NUMBER(n)
 * makes one of a number. */
#define LOG_LINE_(level, message, ...)                                                             \
    log_line(level, message, (const char *const[]){ __VA_ARGS__ })
#define log_debug(...) LOG_LINE_(LOG_DEBUG, __VA_ARGS__, NULL)
#define log_info(...) LOG_LINE_(LOG_INFO, __VA_ARGS__, NULL)
#define log_warn(...) LOG_LINE_(LOG_WARN, __VA_ARGS__, NULL)
#define log_error(...) LOG_LINE_(LOG_ERROR, __VA_ARGS__, NULL)

#define LOG_NUMBER_BYTES 24u
#define LOG_NUMBER(n) log_number((char[LOG_NUMBER_BYTES]){ 0 }, n)

/* Writes n in decimal to out, LOG_NUMBER_BYTES of it, and returns out. */
const char *log_number(char *out, uint64_t n);

#endif
