#include "client/cli/escape.h"

#include <stdint.h>
#include <string.h>

#include "proto/utf8.h"

static const char digits[] = "0123456789abcdef";

static char *put_hex(char *out, uint8_t byte)
{
    *out++ = '\\';
    *out++ = 'x';
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
    return out;
}

/* Control characters have one byte, or two: 0xc2 and 0x80 to 0x9f. */
static bool is_control(const uint8_t *sequence, size_t len)
{
    if (len == 1)
        return sequence[0] < 0x20 || sequence[0] == 0x7f;
    return len == 2 && sequence[0] == 0xc2 && sequence[1] < 0xa0;
}

static char *put_sequence(char *out, const uint8_t *sequence, size_t len)
{
    static const char named[] = "\tt\nn\\\\";
    for (const char *n = named; len == 1 && *n != '\0'; n += 2) {
        if (sequence[0] == (uint8_t)n[0]) {
            *out++ = '\\';
            *out++ = n[1];
            return out;
        }
    }
    if (!is_control(sequence, len)) {
        memcpy(out, sequence, len);
        return out + len;
    }
    for (size_t i = 0; i < len; i++)
        out = put_hex(out, sequence[i]);
    return out;
}

size_t escape(char *out, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    char *end = out;
    while (len > 0) {
        size_t step = utf8_char(b, len);
        if (step == 0) {
            step = 1;
            end = put_hex(end, *b);
        } else {
            end = put_sequence(end, b, step);
        }
        b += step;
        len -= step;
    }
    *end = '\0';
    return (size_t)(end - out);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads what follows a backslash: the length of it, or 0 if it is nothing known. */
static size_t read_escape(const char *text, char *out)
{
    switch (text[0]) {
    case 't':
        *out = '\t';
        return 1;
    case 'n':
        *out = '\n';
        return 1;
    case '\\':
        *out = '\\';
        return 1;
    case 'x':
        if (hex_value(text[1]) < 0 || hex_value(text[2]) < 0)
            return 0;
        *out = (char)(hex_value(text[1]) * 16 + hex_value(text[2]));
        return 3;
    default:
        return 0;
    }
}

static bool is_escaped_well(const char *text)
{
    for (const char *at = strchr(text, '\\'); at != NULL; at = strchr(at, '\\')) {
        char ignored;
        size_t step = read_escape(at + 1, &ignored);
        if (step == 0)
            return false;
        at += 1 + step;
    }
    return true;
}

bool unescape(char *text, size_t *len)
{
    if (!is_escaped_well(text))
        return false;
    char *out = text;
    for (const char *in = text; *in != '\0';) {
        if (*in == '\\') {
            char byte = 0;
            in += 1 + read_escape(in + 1, &byte);
            *out++ = byte;
        } else {
            *out++ = *in++;
        }
    }
    *len = (size_t)(out - text);
    return true;
}
