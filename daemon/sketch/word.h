/* word: how a cell's 64 bits are laid out.
 *
 *   EMPTY           all zero
 *   INLINE          63..34 second token   33..4 first token   3 two of them   2..0 state
 *   ARRAY, PACKED,  63..48 count          47..4 address       3 zero          2..0 state
 *   SPARSE
 *   DENSE           63..58 doublings of the room for exceptions
 *                   57..54 precision - 4
 *                   53..48 base           47..4 address       3 bytes, not nibbles
 *                                                             2..0 state
 *
 * Counts, sizes and base are in the word so that counting tokens, accounting
 * for memory and turning away a value that cannot raise a register need no
 * look at the memory behind it. Addresses are the heap's, 16-byte aligned
 * and below 2^48. */
#ifndef CARDINAL_SKETCH_WORD_H
#define CARDINAL_SKETCH_WORD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/token.h"

#define PRECISION_MIN 4u
#define PRECISION_MAX 18u

#define WORD_STATE_MASK 7u
#define WORD_FLAG (1ull << 3)
#define WORD_ADDRESS_MASK 0x0000fffffffffff0ull
#define WORD_COUNT_SHIFT 48
#define WORD_COUNT_MAX 65535u
#define WORD_BASE_SHIFT 48
#define WORD_BASE_MASK 63u
#define WORD_PRECISION_SHIFT 54
#define WORD_PRECISION_MASK 15u
#define WORD_DOUBLINGS_SHIFT 58
#define WORD_FIRST_SHIFT 4
#define WORD_SECOND_SHIFT 34
#define WORD_TOKEN_MASK ((1u << TOKEN_BITS) - 1)

static inline enum cell_state word_state(uint64_t word)
{
    return (enum cell_state)(word & WORD_STATE_MASK);
}

static inline void *word_address(uint64_t word)
{
    return (void *)(uintptr_t)(word & WORD_ADDRESS_MASK);
}

/* The count of an ARRAY, PACKED or SPARSE. */
static inline uint32_t word_count(uint64_t word)
{
    return (uint32_t)(word >> WORD_COUNT_SHIFT);
}

static inline uint64_t word_of_list(enum cell_state state, const void *address, uint32_t count)
{
    uint64_t bits = (uint64_t)(uintptr_t)address;
    assert((bits & ~WORD_ADDRESS_MASK) == 0 && count <= WORD_COUNT_MAX);
    return (uint64_t)count << WORD_COUNT_SHIFT | bits | (uint64_t)state;
}

static inline uint32_t word_inline_count(uint64_t word)
{
    return word & WORD_FLAG ? 2 : 1;
}

static inline uint32_t word_first(uint64_t word)
{
    return (uint32_t)(word >> WORD_FIRST_SHIFT) & WORD_TOKEN_MASK;
}

static inline uint32_t word_second(uint64_t word)
{
    return (uint32_t)(word >> WORD_SECOND_SHIFT);
}

static inline uint64_t word_of_one(uint32_t token)
{
    return (uint64_t)token << WORD_FIRST_SHIFT | (uint64_t)CELL_INLINE;
}

/* first < second */
static inline uint64_t word_of_two(uint32_t first, uint32_t second)
{
    return (uint64_t)second << WORD_SECOND_SHIFT | (uint64_t)first << WORD_FIRST_SHIFT | WORD_FLAG |
           (uint64_t)CELL_INLINE;
}

/* The least rank that all registers of a DENSE cell have reached. */
static inline unsigned word_base(uint64_t word)
{
    return (unsigned)(word >> WORD_BASE_SHIFT) & WORD_BASE_MASK;
}

static inline unsigned word_precision(uint64_t word)
{
    return PRECISION_MIN + (unsigned)(word >> WORD_PRECISION_SHIFT & WORD_PRECISION_MASK);
}

#endif
