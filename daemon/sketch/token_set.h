/* token_set: tokens in a hash table, for unions under way.
 *
 * Open addressing; a token's first slot are its high bits, so that the tokens of
 * a cell, which come in order, go through the table from one end to the other.
 * The memory is the caller's affair, since the sets of rollups are counted and
 * those of requests are not: zeroed, 4 bytes a slot, at least twice as many slots
 * as tokens. Zeroed memory is a set without slots. Thread safety: none. */
#ifndef CARDINAL_SKETCH_TOKEN_SET_H
#define CARDINAL_SKETCH_TOKEN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/token.h"

#define TOKEN_SET_BITS_MIN 4u
#define TOKEN_SET_PROBES_MAX 128u /* only chosen values lie so close: registers for them */

struct token_set {
    uint32_t *slots; /* 0: free, which no token is */
    uint32_t count;
    uint32_t bits; /* log2 of the slots; 0: none */
};

static inline size_t token_set_slots(const struct token_set *set)
{
    return set->bits == 0 ? 0 : (size_t)1 << set->bits;
}

/* How many tokens it takes: linear probing wants half of the slots free. */
static inline uint32_t token_set_room(const struct token_set *set)
{
    return (uint32_t)(token_set_slots(set) / 2);
}

/* Puts a token in; there is room. False: it would lie too far from its first slot. */
static inline bool token_set_put(struct token_set *set, uint32_t token)
{
    uint32_t mask = (1u << set->bits) - 1;
    uint32_t slot = token >> (TOKEN_BITS - set->bits);
    for (uint32_t probes = 0; probes < TOKEN_SET_PROBES_MAX; probes++, slot = (slot + 1) & mask) {
        uint32_t there = set->slots[slot];
        if (there != 0 && !token_same(there, token))
            continue;
        set->count += there == 0;
        if (token > there)
            set->slots[slot] = token;
        return true;
    }
    return false;
}

/* Is it in, under whichever rho? */
bool token_set_has(const struct token_set *set, uint32_t token);

/* Puts all of another set in; false as above, or if there is no room. */
bool token_set_put_all(struct token_set *set, const struct token_set *from);

#endif
