/* Numbers out of text, strictly: the whole text is the number, without spaces,
 * or it is none. */
#ifndef CARDINAL_CLI_NUMBERS_H
#define CARDINAL_CLI_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_TEXT_MAX 1024u /* longer text is no double */

enum number_result {
    NUMBER_OK,
    NUMBER_MALFORMED,
    NUMBER_OUT_OF_RANGE,
};

/* Decimal digits after an optional sign, in the range of int64_t. */
enum number_result number_parse_int(const char *text, size_t len, int64_t *out);

/* Decimal digits, in the range of uint64_t. */
enum number_result number_parse_uint(const char *text, size_t len, uint64_t *out);

/* Decimal digits with an optional sign, point and exponent, or inf, infinity or
 * nan in any case. Rounded to the nearest double, down to 0; what is too large for
 * a double is out of range, not infinite. No hexadecimal. */
enum number_result number_parse_double(const char *text, size_t len, double *out);

#endif
