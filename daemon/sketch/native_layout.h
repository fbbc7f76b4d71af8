/* native_layout: our own format, which keeps all that a cell knows: tokens as
 * tokens, and the running estimate of registers with its variance. Numbers are
 * little-endian.
 *
 *    0   u8[4]   "CRDS"
 *    4   u8      version, 1
 *    5   u8      precision p, 4 to 18
 *    6   u8      hash: 0 XXH3, 1 MurmurHash64A
 *    7   u8      form
 *    8   u32     fingerprint of the seed
 *   12           by form:
 *        0 EMPTY
 *        1 TOKENS      ascending: gap, and u8 rho where the middle bits are zero
 *        2 REGISTERS   those set, ascending: gap, u8 rank
 *        3 ALL         f64 estimate, f64 variance, u8 base,
 *                      2^p nibbles (rank - base; the even register is the low one),
 *                      u8 rank of each register whose nibble is 15
 *   end  u64     XXH3 of all bytes before
 *
 * A gap is what a number (the 24 hash bits of a token, an index) is beyond the
 * one before and 1, the first beyond 0, in as few bytes as it needs: 7 bits a
 * byte, the low ones first, the top bit set in all but the last. */
#ifndef CARDINAL_SKETCH_NATIVE_LAYOUT_H
#define CARDINAL_SKETCH_NATIVE_LAYOUT_H

#include "daemon/sketch/cell.h"

#define NATIVE_MAGIC "CRDS"
#define NATIVE_VERSION 1u
#define VERSION_AT 4u
#define PRECISION_AT 5u
#define HASH_AT 6u
#define FORM_AT 7u
#define FINGERPRINT_AT 8u
#define BODY_AT 12u
#define CHECKSUM_BYTES 8u
#define ALL_HEADER_BYTES 17u /* of the form ALL, before the nibbles */
#define GAP_BYTES_MAX 4u

enum native_form {
    FORM_EMPTY = 0,
    FORM_TOKENS = 1,
    FORM_REGISTERS = 2,
    FORM_ALL = 3,
};

/* Tells seeds apart; 32 bits of it do not tell the seed. */
uint32_t native_fingerprint(uint64_t seed);

uint64_t native_checksum(const uint8_t *bytes, size_t len);

/* Tokens that a cell holds at most: a packed one takes two bytes, one of an array
 * four. */
static inline uint32_t native_tokens_max(const struct sketch_shape *shape)
{
    return shape->token_bytes_max / 2 + shape->array_max;
}

#endif
