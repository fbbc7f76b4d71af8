/* unpack: protobuf-c on an arena, for messages that were looked over before.
 *
 * protobuf-c allocates some 100 bytes for a field of two, takes a bool of any
 * wire type, and hands out strings cut at their first NUL. So every message is
 * first walked along its descriptor, without allocating: wire types must be
 * right, strings UTF-8 without NUL, fields that are not repeated messages must
 * not be there twice, a oneof once at most, and there may be no more fields than
 * the caller allows.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_WIRE_UNPACK_H
#define CARDINAL_WIRE_UNPACK_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "daemon/table/selector.h"
#include "daemon/wire/arena.h"
#include "proto/status.h"

/* The message, in the arena, into *out. ST_MALFORMED; ST_INVALID_ARGUMENT for a
 * message or oneof given twice, or a NUL in a string; ST_TOO_LARGE: more than
 * max_fields fields, nested ones and unknown ones included;
 * ST_RESOURCE_EXHAUSTED: the arena is full. */
enum status unpack(const ProtobufCMessageDescriptor *type, struct bytes_view bytes,
                   uint32_t max_fields, struct arena *arena, ProtobufCMessage **out,
                   struct error *err);

/* unpack() without its result: is it a message that unpack() would take? */
enum status unpack_check(const ProtobufCMessageDescriptor *type, struct bytes_view bytes,
                         uint32_t max_fields, struct error *err);

#endif
