/* The vectors in tests/vectors/value_hash.tsv, which every implementation of the
 * hashing must agree with. */
#include <check.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/value_hash.h"
#include "tests/unit/run_suite.h"

#define VALUE_MAX 512u /* bytes of a string */
#define WORD_MAX 15    /* characters of a word in a line */

static unsigned vectors_seen[3]; /* strings, ints, doubles */

/* Bytes written in hex; "-" stands for none. */
static size_t parse_bytes(const char *hex, uint8_t out[VALUE_MAX])
{
    size_t n = 0;
    for (; *hex != '\0' && *hex != '-'; hex += 2) {
        unsigned byte;
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        ck_assert_uint_lt(n, VALUE_MAX);
        out[n++] = (uint8_t)byte;
    }
    return n;
}

static uint64_t hash_of(const struct value_hasher *hasher, const char *type, const char *value)
{
    if (strcmp(type, "string") == 0) {
        uint8_t bytes[VALUE_MAX];
        size_t len = parse_bytes(value, bytes);
        vectors_seen[0]++;
        return value_hash_bytes(hasher, bytes, len);
    }
    if (strcmp(type, "int") == 0) {
        vectors_seen[1]++;
        return value_hash_int(hasher, strtoll(value, NULL, 10));
    }
    ck_assert_str_eq(type, "double");
    uint64_t bits = strtoull(value, NULL, 16);
    double number;
    memcpy(&number, &bits, sizeof number);
    vectors_seen[2]++;
    return value_hash_double(hasher, number);
}

static void check_line(const char *line)
{
    char kind_name[WORD_MAX + 1];
    char type[WORD_MAX + 1];
    char value[2 * VALUE_MAX + 1];
    uint64_t seed, expected;
    enum hash_kind kind;
    struct value_hasher hasher;
    ck_assert_int_eq(sscanf(line, "%15s %" SCNx64 " %15s %1024s %" SCNx64, kind_name, &seed, type,
                            value, &expected),
                     5);
    ck_assert_int_eq(hash_kind_parse(kind_name, &kind), ST_OK);
    ck_assert_int_eq(value_hasher_init(&hasher, kind, seed), ST_OK);
    uint64_t hash = hash_of(&hasher, type, value);
    ck_assert_msg(hash == expected, "%016" PRIx64 " for %s", hash, line);
}

START_TEST(vectors_hash_as_written)
{
    char line[4 * VALUE_MAX];
    FILE *file = fopen(HASH_VECTORS, "r");
    ck_assert_msg(file != NULL, "cannot open %s", HASH_VECTORS);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#')
            check_line(line);
    }
    fclose(file);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_ge(vectors_seen[i], 8);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { vectors_hash_as_written };
    return RUN_SUITE("hash_vectors", tests);
}
