#include "proto/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

static const char *const texts[STATUS_COUNT] = {
#define STATUS_TEXT(name, number, text) [number] = (text),
    STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
};

static const char *const names[STATUS_COUNT] = {
    "ok",
    "invalid_argument",
    "malformed",
    "too_large",
    "unimplemented",
    "not_found",
    "already_exists",
    "failed_precondition",
    "resource_exhausted",
    "unauthenticated",
    "deadline_exceeded",
    "cancelled",
    "not_ready",
    "unavailable",
    "internal",
};

const char *status_text(int code)
{
    return code >= 0 && (unsigned)code < STATUS_COUNT ? texts[code] : "unknown status";
}

const char *status_name(int code)
{
    return code >= 0 && (unsigned)code < STATUS_COUNT ? names[code] : "unknown";
}

enum status error_set(struct error *err, enum status code, const char *format, ...)
{
    if (err == NULL)
        return code;
    err->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

enum status error_nomem(struct error *err)
{
    return error_set(err, ST_RESOURCE_EXHAUSTED, "out of memory");
}

static size_t quoted_size(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\' ? 1 : 4;
}

const char *error_quote(char *out, size_t out_size, const void *bytes, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    size_t whole = 0; /* what all of it takes, counted no further than needed */
    size_t at = 0;

    for (size_t i = 0; i < len && whole < out_size; i++)
        whole += quoted_size(in[i]);
    size_t room = whole < out_size ? out_size - 1 : out_size - 3;
    for (size_t i = 0; i < len && at + quoted_size(in[i]) <= room; i++) {
        if (quoted_size(in[i]) == 1) {
            out[at++] = (char)in[i];
        } else {
            out[at++] = '\\';
            out[at++] = 'x';
            out[at++] = hex[in[i] >> 4];
            out[at++] = hex[in[i] & 15];
        }
    }
    if (whole >= out_size) {
        out[at++] = '.';
        out[at++] = '.';
    }
    out[at] = '\0';
    return out;
}
