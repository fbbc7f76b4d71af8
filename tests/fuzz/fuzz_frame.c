/* The first four bytes are the cap, the rest a stream of frames. */
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t cap;
    if (size < sizeof cap)
        return 0;
    memcpy(&cap, data, sizeof cap);
    for (size_t at = sizeof cap; at < size;) {
        const uint8_t *payload;
        size_t len;
        if (frame_peek(data + at, size - at, cap, &payload, &len) != FRAME_WHOLE)
            return 0;
        if (payload != data + at + FRAME_HEADER_BYTES || len > cap || len > size - at)
            abort();
        at += FRAME_HEADER_BYTES + len;
    }
    return 0;
}
