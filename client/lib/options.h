/* Option structs of the public header, whose first member is their size: a
 * program may have been compiled against an older or newer header. */
#ifndef CARDINAL_CLIENT_OPTIONS_H
#define CARDINAL_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Copies what both sides know of *given into the known_size bytes at out, which
 * the caller has zeroed. False when the size is not set, or an option that
 * this library does not know is. */
bool options_copy(void *out, size_t known_size, const void *given);

#endif
