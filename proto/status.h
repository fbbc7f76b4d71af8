/* Status codes and error texts, shared by both sides of the wire.
 *
 * The numbers are those of `enum Status` in cardinal.proto and never change;
 * a unit test holds the two lists together.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_PROTO_STATUS_H
#define CARDINAL_PROTO_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#define STATUS_MAP(X)                                                                              \
    X(OK, 0, "ok")                                                                                 \
    X(INVALID_ARGUMENT, 1, "invalid argument")                                                     \
    X(MALFORMED, 2, "malformed message")                                                           \
    X(TOO_LARGE, 3, "message too large")                                                           \
    X(UNIMPLEMENTED, 4, "not implemented")                                                         \
    X(NOT_FOUND, 5, "not found")                                                                   \
    X(ALREADY_EXISTS, 6, "already exists")                                                         \
    X(FAILED_PRECONDITION, 7, "failed precondition")                                               \
    X(RESOURCE_EXHAUSTED, 8, "resource exhausted")                                                 \
    X(UNAUTHENTICATED, 9, "not authenticated")                                                     \
    X(DEADLINE_EXCEEDED, 10, "deadline exceeded")                                                  \
    X(CANCELLED, 11, "cancelled")                                                                  \
    X(NOT_READY, 12, "not ready")                                                                  \
    X(UNAVAILABLE, 13, "unavailable")                                                              \
    X(INTERNAL, 14, "internal error")

enum status {
#define STATUS_ENUM(name, number, text) ST_##name = (number),
    STATUS_MAP(STATUS_ENUM)
#undef STATUS_ENUM
};

#define STATUS_COUNT 15u /* codes are 0 .. STATUS_COUNT - 1 */

/* The code's text, lower case, for messages; "unknown status" for numbers
 * outside the list. Lives forever. */
const char *status_text(int code);

/* The code's name as a word for logs and counters, "not_found" say; "unknown"
 * outside the list. Lives forever. */
const char *status_name(int code);

#define ERROR_TEXT_MAX 256u /* bytes, the final NUL included */

/* What went wrong: a code, and a text that names the subject. */
struct error {
    enum status code;
    char text[ERROR_TEXT_MAX];
};

/* Fills *err (which may be NULL) with code and a printf-formatted text, cut to
 * fit; returns code, so that a failing function can end with it. */
enum status error_set(struct error *err, enum status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* error_set() for memory that could not be had. */
enum status error_nomem(struct error *err);

/* Writes bytes as they may appear inside a message: printable ASCII as it is,
 * everything else and the backslash as \xNN, cut with ".." when it would not
 * fit. out holds out_size >= 4 bytes and is NUL-terminated. Returns out. */
const char *error_quote(char *out, size_t out_size, const void *bytes, size_t len);

#endif
