/* decode_points: the Cardinality request, decoded in place.
 *
 * Only in the form in which clients write it: the table, columns, a list of
 * keys, each in its turn and once. All else is left to protobuf-c, which also
 * words what is wrong; a differential test holds the two together.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_DECODE_POINTS_H
#define CARDINAL_WIRE_DECODE_POINTS_H

#include <stdbool.h>

#include "daemon/wire/decode.h"

/* Decodes into *out, whose arrays lie in the arena and whose names and keys lie
 * in the body. false: not of that form, not valid, or no memory; *out is
 * untouched. */
bool decode_points(struct bytes_view body, const struct decode_limits *limits, struct arena *arena,
                   struct cardinality_request *out);

/* Requests that differ in a single key have the same bytes before it: their table and columns
 * are decoded once. The prefix of a body that decode_points() took. */
struct bytes_view point_prefix(struct bytes_view body);

/* The key of another request that begins with the prefix; false: it is no such request, or
 * not one of a single valid key. */
bool point_key(struct bytes_view body, struct bytes_view prefix, struct bytes_view *key);

#endif
