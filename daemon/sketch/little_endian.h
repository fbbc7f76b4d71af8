/* little_endian: numbers as bytes, at any alignment. */
#ifndef CARDINAL_SKETCH_LITTLE_ENDIAN_H
#define CARDINAL_SKETCH_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint64_t load_le(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static inline uint32_t load_le32(const uint8_t *bytes)
{
    return (uint32_t)load_le(bytes, 4);
}

static inline uint64_t load_le64(const uint8_t *bytes)
{
    return load_le(bytes, 8);
}

/* Writes the low count bytes; returns where the next ones go. */
static inline uint8_t *store_le(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return bytes + count;
}

#endif
