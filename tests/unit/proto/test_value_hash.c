#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "proto/value_hash.h"
#include "tests/unit/run_suite.h"

static struct value_hasher hasher_of(uint64_t seed)
{
    struct value_hasher hasher;
    ck_assert_int_eq(value_hasher_init(&hasher, HASH_KIND_XXH3, seed), ST_OK);
    return hasher;
}

START_TEST(types_are_told_apart)
{
    struct value_hasher hasher = hasher_of(0);
    uint64_t text = value_hash_bytes(&hasher, "5", 1);
    uint64_t integer = value_hash_int(&hasher, 5);
    uint64_t real = value_hash_double(&hasher, 5.0);
    ck_assert_uint_ne(text, integer);
    ck_assert_uint_ne(text, real);
    ck_assert_uint_ne(integer, real);
    const uint8_t five[8] = { 5 };
    ck_assert_uint_ne(value_hash_bytes(&hasher, five, sizeof five), integer);
}
END_TEST

START_TEST(zeros_are_one_value)
{
    struct value_hasher hasher = hasher_of(1);
    ck_assert_uint_eq(value_hash_double(&hasher, -0.0), value_hash_double(&hasher, 0.0));
}
END_TEST

START_TEST(nans_are_one_value)
{
    struct value_hasher hasher = hasher_of(1);
    uint64_t bits = UINT64_C(0xfff8000000001234);
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    ck_assert_uint_eq(value_hash_double(&hasher, odd), value_hash_double(&hasher, (double)NAN));
    ck_assert_uint_ne(value_hash_double(&hasher, odd), value_hash_double(&hasher, INFINITY));
}
END_TEST

START_TEST(seeds_change_every_type)
{
    struct value_hasher a = hasher_of(1);
    struct value_hasher b = hasher_of(2);
    ck_assert_uint_ne(value_hash_bytes(&a, "x", 1), value_hash_bytes(&b, "x", 1));
    ck_assert_uint_ne(value_hash_int(&a, 7), value_hash_int(&b, 7));
    ck_assert_uint_ne(value_hash_double(&a, 7), value_hash_double(&b, 7));
}
END_TEST

START_TEST(kinds_have_names)
{
    enum hash_kind kind = (enum hash_kind)99;
    struct value_hasher hasher;
    ck_assert_str_eq(hash_kind_name(HASH_KIND_XXH3), "xxh3");
    ck_assert_ptr_null(hash_kind_name(-1));
    ck_assert_ptr_null(hash_kind_name(99));
    ck_assert_int_eq(value_hasher_init(&hasher, kind, 0), ST_INVALID_ARGUMENT);
    ck_assert_int_eq(hash_kind_parse("xxh3", &kind), ST_OK);
    ck_assert_int_eq(kind, HASH_KIND_XXH3);
    ck_assert_int_eq(hash_kind_parse("murmur64a", &kind), ST_OK);
    ck_assert_int_eq(kind, HASH_KIND_MURMUR64A);
    ck_assert_uint_eq(hash_kind_default_seed(HASH_KIND_XXH3), 0);
    ck_assert_uint_eq(hash_kind_default_seed(HASH_KIND_MURMUR64A), MURMUR64A_SEED);
    ck_assert_int_eq(hash_kind_parse("md5", &kind), ST_INVALID_ARGUMENT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        types_are_told_apart,    zeros_are_one_value, nans_are_one_value,
        seeds_change_every_type, kinds_have_names,
    };
    return RUN_SUITE("value_hash", tests);
}
