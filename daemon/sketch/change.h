/* change: an effective change of a cell, in 32 bits.
 *
 *   token form:  31 zero   29..0 the token, 24 bits of the hash and 6 of rho
 *   registers:   31 set    23..6 index   5..0 rank
 *
 * What changed nothing has no code, so that a cell's codes are few however many
 * values it is given, and replayed in order they make the same cell. */
#ifndef CARDINAL_SKETCH_CHANGE_H
#define CARDINAL_SKETCH_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/sketch/token.h"

#define CHANGE_REGISTER (1u << 31)
#define CHANGE_RANK_BITS 6u
#define CHANGE_INDEX_BITS 18u

static inline uint32_t change_of_register(uint32_t index, unsigned rank)
{
    return CHANGE_REGISTER | index << CHANGE_RANK_BITS | rank;
}

static inline bool change_is_register(uint32_t code)
{
    return (code & CHANGE_REGISTER) != 0;
}

/* The register that a code of either kind raises. */
static inline uint32_t change_index(uint32_t code, unsigned precision)
{
    if (!change_is_register(code))
        return token_index(code, precision);
    return (code & ~CHANGE_REGISTER) >> CHANGE_RANK_BITS;
}

/* The rank that a code of either kind raises it to, at least. */
static inline unsigned change_rank(uint32_t code, unsigned precision)
{
    if (!change_is_register(code))
        return token_rank(code, precision);
    return code & ((1u << CHANGE_RANK_BITS) - 1);
}

struct cell;

/* The codes that make a cell of one or two tokens; 0 for one of any other form. */
uint32_t change_codes_of_inline(const struct cell *cell, uint32_t codes[2]);

/* Whether a cell of this precision can have reported the code. */
bool change_is_valid(uint32_t code, unsigned precision);

#endif
