#include "tests/unit/client/frames.h"

#include <check.h>
#include <stdlib.h>

#include "proto/frame.h"

uint8_t *frame_of(const Cardinal__V1__Response *response, size_t *len)
{
    size_t payload = cardinal__v1__response__get_packed_size(response);
    uint8_t *frame = malloc(FRAME_HEADER_BYTES + payload);
    ck_assert_ptr_nonnull(frame);
    frame_put_header(frame, payload);
    cardinal__v1__response__pack(response, frame + FRAME_HEADER_BYTES);
    *len = FRAME_HEADER_BYTES + payload;
    return frame;
}

Cardinal__V1__Request *request_in(const uint8_t *bytes, size_t len, size_t *used)
{
    const uint8_t *payload;
    size_t payload_len;
    *used = 0;
    if (frame_peek(bytes, len, SIZE_MAX, &payload, &payload_len) != FRAME_WHOLE)
        return NULL;
    Cardinal__V1__Request *request = cardinal__v1__request__unpack(NULL, payload_len, payload);
    ck_assert_ptr_nonnull(request);
    *used = FRAME_HEADER_BYTES + payload_len;
    return request;
}

void hello_reply(Cardinal__V1__HelloReply *reply)
{
    cardinal__v1__hello_reply__init(reply);
    reply->version = 1;
    reply->server_version = (char *)"0.0-test";
    reply->max_frame = 1u << 20;
    reply->max_batch_values = 65536;
    reply->max_in_flight = 4;
    reply->max_key = 1024;
}
