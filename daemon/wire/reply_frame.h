/* reply_frame: the frame and Response around the body of a reply.
 *
 *     +---------------+-------------+------------------------+-------
 *     | payload bytes | 08 id       | tag of the reply, its  | body
 *     | 4, big-endian | unless 0    | length                 |
 *     +---------------+-------------+------------------------+-------
 *
 * A status of OK and an empty message are left out. Thread safety: none. */
#ifndef CARDINAL_WIRE_REPLY_FRAME_H
#define CARDINAL_WIRE_REPLY_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/reply.h"
#include "daemon/wire/request.h"
#include "daemon/wire/writer.h"

enum { RESPONSE_ID = 1, RESPONSE_STATUS = 2, RESPONSE_MESSAGE = 3 };

/* Bytes of a Response that come before the body of the given length. */
size_t reply_head_size(uint64_t id, enum request_kind kind, size_t body_bytes);

void reply_frame_begin(struct reply_frame *frame, const struct reply_to *to, enum request_kind kind,
                       size_t likely_bytes);

/* Completes the frame, or takes it out of the buffer if anything went wrong. */
enum status reply_frame_end(struct reply_frame *frame, struct error *err);

#endif
