/* Messages made with protobuf-c, for tests to feed to the decoders. */
#ifndef CARDINAL_TESTS_WIRE_PACKED_H
#define CARDINAL_TESTS_WIRE_PACKED_H

#include <check.h>
#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/selector.h"

/* The message's bytes, to be given back with free_packed(). In memory of their
 * exact size, so that a read past the end is seen by the sanitizers. */
static inline struct bytes_view pack_message(const void *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *data = malloc(len + (len == 0));
    ck_assert_ptr_nonnull(data);
    protobuf_c_message_pack(message, data);
    return (struct bytes_view){ data, len };
}

static inline void free_packed(struct bytes_view bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static inline struct bytes_view view_of(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

/* A bytes field that holds the text. */
static inline ProtobufCBinaryData binary(const char *text)
{
    return (ProtobufCBinaryData){ strlen(text), (uint8_t *)(uintptr_t)text };
}

#define ck_assert_view_eq(view, text)                                                              \
    do {                                                                                           \
        struct bytes_view view_ = (view);                                                          \
        ck_assert_uint_eq(view_.len, strlen(text));                                                \
        ck_assert_mem_eq(view_.data, text, view_.len);                                             \
    } while (0)

#endif
