#include "proto/value_hash.h"

#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/murmur64a.h"

static const char *const kind_names[] = {
    [HASH_KIND_XXH3] = "xxh3",
    [HASH_KIND_MURMUR64A] = "murmur64a",
};

#define KIND_COUNT (sizeof kind_names / sizeof kind_names[0])

/* Distinguishes the types: see the header. */
static const char int_label[] = "cardinal.int";
static const char double_label[] = "cardinal.double";

static const uint64_t quiet_nan_bits = UINT64_C(0x7ff8000000000000);

static uint64_t hash(enum hash_kind kind, const void *bytes, size_t len, uint64_t seed)
{
    if (kind == HASH_KIND_MURMUR64A)
        return murmur64a(bytes, len, seed);
    return XXH3_64bits_withSeed(bytes, len, seed);
}

/* Stored as one word: byte by byte it takes five times as long, since the hash
 * then waits for the bytes to come together. */
static uint64_t hash_word(enum hash_kind kind, uint64_t word, uint64_t seed)
{
    word = htole64(word);
    return hash(kind, &word, sizeof word, seed);
}

enum status value_hasher_init(struct value_hasher *hasher, enum hash_kind kind, uint64_t seed)
{
    if (hash_kind_name((int)kind) == NULL)
        return ST_INVALID_ARGUMENT;
    hasher->kind = kind;
    hasher->seed = seed;
    hasher->int_seed = hash(kind, int_label, sizeof int_label - 1, seed);
    hasher->double_seed = hash(kind, double_label, sizeof double_label - 1, seed);
    return ST_OK;
}

uint64_t hash_kind_default_seed(enum hash_kind kind)
{
    return kind == HASH_KIND_MURMUR64A ? MURMUR64A_SEED : 0;
}

const char *hash_kind_name(int kind)
{
    return kind >= 0 && (size_t)kind < KIND_COUNT ? kind_names[kind] : NULL;
}

enum status hash_kind_parse(const char *name, enum hash_kind *out)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            *out = (enum hash_kind)i;
            return ST_OK;
        }
    }
    return ST_INVALID_ARGUMENT;
}

uint64_t value_hash_bytes(const struct value_hasher *hasher, const void *bytes, size_t len)
{
    return hash(hasher->kind, bytes, len, hasher->seed);
}

uint64_t value_hash_int(const struct value_hasher *hasher, int64_t value)
{
    return hash_word(hasher->kind, (uint64_t)value, hasher->int_seed);
}

uint64_t value_hash_double(const struct value_hasher *hasher, double value)
{
    uint64_t bits;
    if (value == 0.0)
        value = 0.0; /* -0.0 too */
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        bits = quiet_nan_bits;
    return hash_word(hasher->kind, bits, hasher->double_seed);
}
