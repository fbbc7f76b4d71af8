/* selector_decode: a Selector message as a struct selector.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_SELECTOR_DECODE_H
#define CARDINAL_WIRE_SELECTOR_DECODE_H

#include "cardinal.pb-c.h"
#include "daemon/table/selector.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/decode.h"
#include "proto/status.h"

/* A string field as a view. */
struct bytes_view text_view(const char *text);

/* A bytes field as a view, never with a NULL pointer. */
struct bytes_view binary_view(const ProtobufCBinaryData *data);

/* message may be NULL, where the request had none. ST_INVALID_ARGUMENT for no
 * kind, all = false, or too long a key; ST_TOO_LARGE for too many keys. */
enum status selector_decode(const Cardinal__V1__Selector *message,
                            const struct decode_limits *limits, struct arena *arena,
                            struct selector *out, struct error *err);

#endif
