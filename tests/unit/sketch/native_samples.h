/* Sketches in the native format, to be read and to be bent. */
#ifndef CARDINAL_TESTS_SKETCH_NATIVE_SAMPLES_H
#define CARDINAL_TESTS_SKETCH_NATIVE_SAMPLES_H

#include "daemon/sketch/native_layout.h"
#include "tests/unit/sketch/faults.h"

#define SEED 7u

static uint8_t bytes[SKETCH_BYTES_MAX]; /* the sketch at hand */

static inline struct sketch_origin xxh3_origin(const struct sketch_shape *shape)
{
    return (struct sketch_origin){ shape, HASH_KIND_XXH3, SEED };
}

static inline size_t encode(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    struct sketch_origin origin = xxh3_origin(shape);
    return encode_sound(SKETCH_FORMAT_NATIVE, &origin, cell, out);
}

/* A sketch of n values at precision 14; its length. */
static inline size_t sample(uint64_t n)
{
    struct sketch_shape shape = shape_of(14);
    struct cell cell = { 0 };
    add_stream(&cell, &shape, NULL, 1, 0, n);
    size_t len = encode(&cell, &shape, bytes);
    cell_release(&cell);
    return len;
}

static inline void set_checksum(size_t len)
{
    uint64_t sum = native_checksum(bytes, len - CHECKSUM_BYTES);
    for (unsigned i = 0; i < CHECKSUM_BYTES; i++)
        bytes[len - CHECKSUM_BYTES + i] = (uint8_t)(sum >> (8 * i));
}

#endif
