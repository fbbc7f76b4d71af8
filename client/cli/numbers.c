#include "client/cli/numbers.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t sign_length(const char *text, size_t len)
{
    return len > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
}

static size_t count_digits(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && is_digit(text[count]))
        count++;
    return count;
}

enum number_result number_parse_uint(const char *text, size_t len, uint64_t *out)
{
    if (len == 0 || count_digits(text, len) != len)
        return NUMBER_MALFORMED;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return NUMBER_OUT_OF_RANGE;
    }
    *out = value;
    return NUMBER_OK;
}

enum number_result number_parse_int(const char *text, size_t len, int64_t *out)
{
    size_t sign = sign_length(text, len);
    uint64_t magnitude;
    enum number_result result = number_parse_uint(text + sign, len - sign, &magnitude);
    if (result != NUMBER_OK)
        return result;
    bool negative = sign > 0 && text[0] == '-';
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return NUMBER_OUT_OF_RANGE;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return NUMBER_OK;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* Is text, without its sign, DIGITS [. DIGITS] [e [sign] DIGITS], with a digit
 * before or after the point? */
static bool is_decimal(const char *text, size_t len)
{
    size_t whole = count_digits(text, len);
    size_t at = whole;
    size_t fraction = 0;
    if (at < len && text[at] == '.') {
        at++;
        fraction = count_digits(text + at, len - at);
        at += fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += sign_length(text + at, len - at);
        size_t exponent = count_digits(text + at, len - at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == len;
}

enum number_result number_parse_double(const char *text, size_t len, double *out)
{
    size_t sign = sign_length(text, len);
    const char *body = text + sign;
    size_t body_len = len - sign;
    bool named = is_word(body, body_len, "nan") || is_word(body, body_len, "inf") ||
                 is_word(body, body_len, "infinity");
    if (!named && !is_decimal(body, body_len))
        return NUMBER_MALFORMED;
    char copy[NUMBER_TEXT_MAX + 1];
    if (len > NUMBER_TEXT_MAX)
        return NUMBER_OUT_OF_RANGE;
    memcpy(copy, text, len);
    copy[len] = '\0';
    double value = strtod(copy, NULL);
    if (!named && isinf(value))
        return NUMBER_OUT_OF_RANGE;
    *out = value;
    return NUMBER_OK;
}
