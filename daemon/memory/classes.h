/* classes: the sizes that blocks come in.
 *
 * Multiples of 16 bytes to 2 KiB, then 64 sizes a doubling, to 128 KiB. */
#ifndef CARDINAL_MEMORY_CLASSES_H
#define CARDINAL_MEMORY_CLASSES_H

#include <stddef.h>

#define CLASS_STEP_BYTES 16u
#define CLASS_COUNT 512u
#define CLASS_BYTES_MAX ((size_t)128 << 10)

static inline unsigned class_of_size(size_t size)
{
    unsigned steps = (unsigned)((size + CLASS_STEP_BYTES - 1) / CLASS_STEP_BYTES - 1);
    if (steps < 64)
        return steps;
    unsigned shift = (31u - (unsigned)__builtin_clz(steps)) - 6;
    return 64 + shift * 64 + (steps >> shift) - 64;
}

static inline size_t class_bytes(unsigned class)
{
    unsigned shift = class < 128 ? 0 : (class - 64) / 64;
    unsigned steps = class < 128 ? class : class % 64 + 64;
    return ((size_t)(steps + 1) << shift) * CLASS_STEP_BYTES;
}

#endif
