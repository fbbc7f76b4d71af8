/* Decoders under one signature, for tests that go over several, and bodies they must refuse. */
#ifndef CARDINAL_TESTS_WIRE_DECODING_H
#define CARDINAL_TESTS_WIRE_DECODING_H

#include "daemon/wire/decode.h"

#define DECODING_KEYS 4u /* that a request may list */

typedef enum status decoder(struct bytes_view body, struct arena *arena, struct error *err);

/* One that holds what any of the requests may take. */
struct arena new_arena(void);

/* The bytes are refused with the status, and the text names the thing. */
void assert_bytes_refused(decoder *decode, struct bytes_view body, enum status status,
                          const char *text);

/* The message is refused as ST_INVALID_ARGUMENT. */
void assert_refused(decoder *decode, const void *message, const char *text);

#endif
