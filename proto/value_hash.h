/* Value hashing: how a value becomes the 64 bits that sketches count.
 *
 * Defined once, for every client and the daemon (docs/protocol.md, "Hashing"):
 * strings and bytes are hashed as they are, under the table's seed; an integer
 * as its 8 two's-complement bytes, little-endian, and a double as its 8 IEEE
 * 754 bytes, little-endian, each under a seed of its type, so that 5, 5.0 and
 * "5" are three values. -0.0 counts as 0.0, every NaN as the quiet one.
 *
 * Thread safety: a hasher is plain data, read-only once made. */
#ifndef CARDINAL_PROTO_VALUE_HASH_H
#define CARDINAL_PROTO_VALUE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

/* The hash functions, numbered as `enum Hash` in cardinal.proto. */
enum hash_kind {
    HASH_KIND_XXH3 = 0,
    HASH_KIND_MURMUR64A = 1, /* what Redis, Valkey and Doris hash strings with */
};

#define HASH_KIND_DEFAULT HASH_KIND_XXH3

/* The seed under which Redis, Valkey and Doris use MurmurHash64A. */
#define MURMUR64A_SEED UINT64_C(0xadc83b19)

/* Everything it takes to hash the values of one table. */
struct value_hasher {
    enum hash_kind kind;
    uint64_t seed;        /* of strings and bytes: the table's */
    uint64_t int_seed;    /* derived: the hash of "cardinal.int" under seed */
    uint64_t double_seed; /* derived: the hash of "cardinal.double" under seed */
};

/* Makes the hasher of a table; ST_INVALID_ARGUMENT for a kind not listed. */
enum status value_hasher_init(struct value_hasher *hasher, enum hash_kind kind, uint64_t seed);

/* The seed of a table that names none: MURMUR64A_SEED for murmur64a, so that its
 * sketches union with those of Redis and Doris, else 0. */
uint64_t hash_kind_default_seed(enum hash_kind kind);

/* The kind's name ("xxh3"), or NULL for a number that is none. */
const char *hash_kind_name(int kind);

/* The kind called name into *out; ST_INVALID_ARGUMENT if there is none. */
enum status hash_kind_parse(const char *name, enum hash_kind *out);

uint64_t value_hash_bytes(const struct value_hasher *hasher, const void *bytes, size_t len);
uint64_t value_hash_int(const struct value_hasher *hasher, int64_t value);
uint64_t value_hash_double(const struct value_hasher *hasher, double value);

#endif
