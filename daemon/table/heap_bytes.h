/* heap_bytes: what an allocation takes of the heap, its header and the
 * allocator's rounding to 16 bytes included. */
#ifndef CARDINAL_TABLE_HEAP_BYTES_H
#define CARDINAL_TABLE_HEAP_BYTES_H

#include <stddef.h>

static inline size_t heap_bytes(size_t size)
{
    size_t whole = (size + sizeof(size_t) + 15) & ~(size_t)15;
    return whole < 32 ? 32 : whole;
}

#endif
