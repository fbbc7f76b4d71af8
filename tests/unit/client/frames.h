/* Requests and responses as frames, for tests that play the server. */
#ifndef CARDINAL_TESTS_FRAMES_H
#define CARDINAL_TESTS_FRAMES_H

#include <cardinal.pb-c.h>
#include <stddef.h>
#include <stdint.h>

/* The response as a frame, to be freed. */
uint8_t *frame_of(const Cardinal__V1__Response *response, size_t *len);

/* The request in the first frame of bytes; how many bytes it took in *used.
 * NULL, with *used 0, while it is not whole. Freed with
 * cardinal__v1__request__free_unpacked(.., NULL). */
Cardinal__V1__Request *request_in(const uint8_t *bytes, size_t len, size_t *used);

/* Fills reply with a hello's answer. */
void hello_reply(Cardinal__V1__HelloReply *reply);

#endif
