#include "proto/frame.h"

enum frame_state frame_peek(const uint8_t *bytes, size_t len, size_t cap, const uint8_t **payload,
                            size_t *payload_len)
{
    *payload_len = 0;
    if (len < FRAME_HEADER_BYTES)
        return FRAME_PARTIAL;
    *payload_len =
        (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | (size_t)bytes[3];
    if (*payload_len > cap)
        return FRAME_OVERSIZED;
    if (len - FRAME_HEADER_BYTES < *payload_len)
        return FRAME_PARTIAL;
    *payload = bytes + FRAME_HEADER_BYTES;
    return FRAME_WHOLE;
}

void frame_put_header(uint8_t out[FRAME_HEADER_BYTES], size_t len)
{
    out[0] = (uint8_t)(len >> 24);
    out[1] = (uint8_t)(len >> 16);
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
}
