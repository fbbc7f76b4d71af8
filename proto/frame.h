/* Frames: a 4-byte big-endian payload length, then the payload, which is one
 * `Request` or `Response`.
 *
 *      0        1        2        3        4
 *     +--------+--------+--------+--------+---------------- .. --+
 *     |     payload length, big-endian    |  payload             |
 *     +--------+--------+--------+--------+---------------- .. --+
 *
 * An empty payload is a frame too (a request without a body). Knows no socket:
 * both sides feed it bytes they hold. */
#ifndef CARDINAL_PROTO_FRAME_H
#define CARDINAL_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_BYTES 4u
#define FRAME_MAX_DEFAULT (16u << 20) /* bytes of payload */

enum frame_state {
    FRAME_PARTIAL,   /* more bytes are needed */
    FRAME_WHOLE,     /* *payload and *payload_len are set */
    FRAME_OVERSIZED, /* the length announced is over the cap; *payload_len is that length */
};

/* Looks at the frame that begins at bytes. When it is FRAME_PARTIAL and the
 * header is there, *payload_len is the length it announces, else 0. */
enum frame_state frame_peek(const uint8_t *bytes, size_t len, size_t cap, const uint8_t **payload,
                            size_t *payload_len);

/* Writes the header of a payload of len bytes, len <= UINT32_MAX. */
void frame_put_header(uint8_t out[FRAME_HEADER_BYTES], size_t len);

#endif
