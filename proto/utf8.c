#include "proto/utf8.h"

#include <stdint.h>

/* By the first byte: how many follow, and where the second must lie, which is
 * what rules out overlong forms, surrogates and too large numbers. */
static size_t following(uint8_t first, uint8_t *least, uint8_t *most)
{
    *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

size_t utf8_char(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    uint8_t least, most;
    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    size_t more = following(b[0], &least, &most);
    if (more == 0 || more >= len || b[1] < least || b[1] > most)
        return 0;
    for (size_t i = 2; i <= more; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    }
    return 1 + more;
}

bool utf8_is_valid(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t at = 0; at < len;) {
        size_t step = utf8_char(b + at, len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t utf8_count(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    size_t count = 0;
    for (size_t at = 0; at < len; count++) {
        size_t step = utf8_char(b + at, len - at);
        at += step > 0 ? step : 1;
    }
    return count;
}
