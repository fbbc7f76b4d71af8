/* Bytes written as text in tests. */
#ifndef CARDINAL_TESTS_WIRE_HEX_H
#define CARDINAL_TESTS_WIRE_HEX_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline unsigned hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    ck_assert_msg(c != '\0' && at != NULL, "'%c' is no hex digit", c);
    return (unsigned)(at - digits);
}

/* Spaces between bytes are skipped; returns how many bytes there were. */
static inline size_t hex_decode(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        ck_assert_uint_lt(n, size);
        unsigned high = hex_digit(*hex++);
        out[n++] = (uint8_t)(high << 4 | hex_digit(*hex));
    }
    return n;
}

#endif
