/* UTF-8 as Unicode defines it: shortest forms only, no surrogates, nothing
 * above U+10FFFF. */
#ifndef CARDINAL_CLI_UTF8_H
#define CARDINAL_CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence that bytes begin with; 0 if there is none. */
size_t utf8_sequence(const void *bytes, size_t len);

bool utf8_is_valid(const void *bytes, size_t len);

/* Characters of well-formed text; a byte that belongs to none counts as one. */
size_t utf8_count(const void *bytes, size_t len);

#endif
