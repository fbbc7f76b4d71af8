/* coding: numbers as the files of a data directory keep them: varints, 7 bits a
 * byte, the low ones first, the top bit set in all but the last; and fixed ones,
 * little-endian.
 *
 * Reading has a sticky fault: the first thing that is wrong ends the input, later
 * reads give zeros, and the caller checks once. Thread safety: none. */
#ifndef CARDINAL_STORE_CODING_H
#define CARDINAL_STORE_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/table/selector.h"

#define VARINT_MAX_BYTES 10u

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 4;
}

static inline uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 8;
}

/* A length, then the bytes. */
static inline uint8_t *put_bytes(uint8_t *at, struct bytes_view bytes)
{
    at = put_varint(at, bytes.len);
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

static inline uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t get_u64(const uint8_t *at)
{
    return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

struct reading {
    const uint8_t *at;
    const uint8_t *end;
    const char *fault; /* what is wrong; NULL: nothing so far */
};

static inline void reading_fail(struct reading *in, const char *fault)
{
    if (in->fault == NULL)
        in->fault = fault;
    in->at = in->end;
}

static inline uint64_t read_varint(struct reading *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7 * VARINT_MAX_BYTES && in->at < in->end; shift += 7) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is a byte before end */
        uint8_t byte = *in->at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reading_fail(in, "a number that does not end");
    return 0;
}

/* A varint of at most max. */
static inline uint64_t read_bounded(struct reading *in, uint64_t max, const char *fault)
{
    uint64_t value = read_varint(in);
    if (value <= max)
        return value;
    reading_fail(in, fault);
    return 0;
}

/* n bytes that lie there as they are; NULL past the end. */
static inline const uint8_t *read_raw(struct reading *in, uint64_t n)
{
    if (n > (size_t)(in->end - in->at)) {
        reading_fail(in, "cut off by the end");
        return NULL;
    }
    const uint8_t *bytes = in->at;
    in->at += n;
    return bytes;
}

static inline uint64_t read_u64(struct reading *in)
{
    const uint8_t *bytes = read_raw(in, 8);
    return bytes == NULL ? 0 : get_u64(bytes);
}

/* A length of at most max, then the bytes. */
static inline struct bytes_view read_bytes(struct reading *in, uint64_t max, const char *fault)
{
    uint64_t len = read_bounded(in, max, fault);
    const uint8_t *bytes = read_raw(in, len);
    return (struct bytes_view){ bytes, bytes == NULL ? 0 : (size_t)len };
}

#endif
