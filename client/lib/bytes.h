/* A growing run of bytes, with what it takes to write protobuf's wire format.
 *
 * Writers assume room: reserve first, then put without checks.
 * Thread safety: plain data. */
#ifndef CARDINAL_CLIENT_BYTES_H
#define CARDINAL_CLIENT_BYTES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VARINT_MAX_BYTES 10u
#define VARINT32_MAX_BYTES 5u

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_LEN = 2,
};

struct bytes {
    uint8_t *data;
    size_t len;
    size_t cap;
};

/* Makes room for extra more bytes; false when memory is short, with nothing
 * changed. */
bool bytes_reserve(struct bytes *bytes, size_t extra);

/* Takes n bytes away from the front. */
void bytes_consume(struct bytes *bytes, size_t n);

void bytes_release(struct bytes *bytes);

static inline size_t varint_size(uint64_t value)
{
    if (value < 0x80)
        return 1;
    unsigned bits = 64u - (unsigned)__builtin_clzll(value);
    return (bits + 6) / 7;
}

static inline uint8_t *varint_put(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *tag_put(uint8_t *at, unsigned field, enum wire_type type)
{
    return varint_put(at, (uint64_t)field << 3 | type);
}

static inline uint8_t *fixed64_put(uint8_t *at, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(at, &value, sizeof value);
#else
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
#endif
    return at + 8;
}

static inline uint8_t *run_put(uint8_t *at, const void *data, size_t len)
{
    if (len > 0)
        memcpy(at, data, len);
    return at + len;
}

/* Appends to what was reserved. */
static inline void bytes_append(struct bytes *bytes, const void *data, size_t len)
{
    assert(bytes->cap - bytes->len >= len);
    if (len == 0) /* there may be no data at all */
        return;
    memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

#endif
