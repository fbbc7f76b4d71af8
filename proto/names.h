/* Names and bounds that both sides of the wire check alike. */
#ifndef CARDINAL_PROTO_NAMES_H
#define CARDINAL_PROTO_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 128u /* of a table or column name */
#define KEY_MAX_BYTES 1024u
#define COLUMNS_MAX 256u    /* of a table at one time */
#define TOP_KEYS_MAX 10000u /* that a request for those with the most may want */

#define PRECISION_MIN 4u
#define PRECISION_MAX 18u
#define PRECISION_DEFAULT 14u

/* Does the name match [A-Za-z_][A-Za-z0-9_.-]{0,127} ? */
bool name_is_valid(const char *name, size_t len);

/* Is it one of the words that answers use for themselves: key, keys, rse? */
bool name_is_reserved(const char *name, size_t len);

#endif
