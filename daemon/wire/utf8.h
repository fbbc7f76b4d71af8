/* utf8: is this well-formed UTF-8 (RFC 3629)? */
#ifndef CARDINAL_WIRE_UTF8_H
#define CARDINAL_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character that begins at bytes, 0 if none does. */
size_t utf8_char(const uint8_t *bytes, size_t len);

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_is_valid(const uint8_t *bytes, size_t len);

#endif
