#include "client/cli/utf8.h"

#include <stdint.h>

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The bounds of the second byte are what rules out overlong forms, surrogates
 * and numbers that are too large. */
static bool second_fits(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_continuation(second);
    }
}

size_t utf8_sequence(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    size_t need = b[0] >= 0xc2 && b[0] <= 0xdf   ? 2
                  : b[0] >= 0xe0 && b[0] <= 0xef ? 3
                  : b[0] >= 0xf0 && b[0] <= 0xf4 ? 4
                                                 : 0;
    if (need == 0 || len < need || !second_fits(b[0], b[1]))
        return 0;
    for (size_t i = 2; i < need; i++) {
        if (!is_continuation(b[i]))
            return 0;
    }
    return need;
}

bool utf8_is_valid(const void *bytes, size_t len)
{
    const char *b = bytes;
    while (len > 0) {
        size_t step = utf8_sequence(b, len);
        if (step == 0)
            return false;
        b += step;
        len -= step;
    }
    return true;
}

size_t utf8_count(const void *bytes, size_t len)
{
    const char *b = bytes;
    size_t count = 0;
    while (len > 0) {
        size_t step = utf8_sequence(b, len);
        if (step == 0)
            step = 1;
        b += step;
        len -= step;
        count++;
    }
    return count;
}
