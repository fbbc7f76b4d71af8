/* token: what a token form keeps of a hash.
 *
 *   bits 29..6   the low 24 bits of the hash, in register order:
 *                index << (24 - p) | middle
 *   bits  5..0   rho = 1 + trailing zeros of the 40 bits above, 1..41, kept
 *                only when the middle bits are all zero, else 0
 *
 * The 24 bits are the same bits of the hash at every precision and the rank
 * follows from a token exactly, so tokens turn into registers, and into tokens
 * of a lower precision, without loss. Two tokens of the same 24 bits are one;
 * it keeps the larger rho. Tokens in numeric order are in register order. */
#ifndef CARDINAL_SKETCH_TOKEN_H
#define CARDINAL_SKETCH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TOKEN_HASH_BITS 24u
#define TOKEN_RHO_BITS 6u
#define TOKEN_RHO_MASK ((1u << TOKEN_RHO_BITS) - 1)
#define TOKEN_BITS (TOKEN_HASH_BITS + TOKEN_RHO_BITS)

/* One of n hashes, which lie little-endian at any alignment. */
static inline uint64_t hash_load(const uint8_t *hashes, size_t i)
{
    uint64_t hash;
    memcpy(&hash, hashes + i * sizeof hash, sizeof hash);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    hash = __builtin_bswap64(hash);
#endif
    return hash;
}

static inline uint32_t hash_index(uint64_t hash, unsigned precision)
{
    return (uint32_t)(hash & ((1ull << precision) - 1));
}

static inline unsigned hash_rank(uint64_t hash, unsigned precision)
{
    return 1 + (unsigned)__builtin_ctzll(hash >> precision | 1ull << (64 - precision));
}

static inline uint32_t token_middle(uint32_t token, unsigned precision)
{
    return token >> TOKEN_RHO_BITS & ((1u << (TOKEN_HASH_BITS - precision)) - 1);
}

static inline uint32_t token_of_hash(uint64_t hash, unsigned precision)
{
    unsigned middle_bits = TOKEN_HASH_BITS - precision;
    uint32_t middle = (uint32_t)(hash >> precision) & ((1u << middle_bits) - 1);
    uint32_t bits = hash_index(hash, precision) << middle_bits | middle;
    uint32_t rho = 0;
    if (middle == 0)
        rho = 1 + (uint32_t)__builtin_ctzll(hash >> TOKEN_HASH_BITS | 1ull << 40);
    return bits << TOKEN_RHO_BITS | rho;
}

static inline uint32_t token_index(uint32_t token, unsigned precision)
{
    return token >> (TOKEN_BITS - precision);
}

/* Without a branch: a rho is there when the middle has no 1, and only then. */
static inline unsigned token_rank(uint32_t token, unsigned precision)
{
    uint32_t middle = token_middle(token, precision) | 1u << (TOKEN_HASH_BITS - precision);
    uint32_t rho = token & TOKEN_RHO_MASK;
    return (unsigned)__builtin_ctz(middle) + rho + (rho == 0);
}

/* Whether two tokens are one, but for rho. */
static inline bool token_same(uint32_t a, uint32_t b)
{
    return (a ^ b) >> TOKEN_RHO_BITS == 0;
}

#endif
