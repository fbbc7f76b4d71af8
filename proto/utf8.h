/* utf8: UTF-8 as Unicode defines it (RFC 3629): shortest forms only, no surrogates,
 * nothing above U+10FFFF. */
#ifndef CARDINAL_PROTO_UTF8_H
#define CARDINAL_PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed character that begins at bytes, 0 if none does. */
size_t utf8_char(const void *bytes, size_t len);

bool utf8_is_valid(const void *bytes, size_t len);

/* Characters of well-formed text; a byte that belongs to none counts as one. */
size_t utf8_count(const void *bytes, size_t len);

#endif
