#include <check.h>
#include <stdint.h>
#include <string.h>

#include "proto/murmur64a.h"
#include "proto/value_hash.h"
#include "tests/unit/run_suite.h"

/* Register and rank that Redis 7.0.15 gives these strings (PFADD, then GET). */
static const struct {
    const char *text;
    unsigned index;
    unsigned rank;
} redis[] = {
    { "hello", 9216, 1 },    { "world", 2742, 3 },     { "", 5938, 2 },
    { "abcdefgh", 1383, 1 }, { "abcdefghi", 6903, 1 },
};

START_TEST(strings_land_in_the_registers_that_redis_uses)
{
    uint64_t hash = murmur64a(redis[_i].text, strlen(redis[_i].text), MURMUR64A_SEED);
    ck_assert_uint_eq(hash & 16383, redis[_i].index);
    ck_assert_int_eq(__builtin_ctzll(hash >> 14) + 1, (int)redis[_i].rank);
}
END_TEST

START_TEST(alignment_does_not_matter)
{
    static const char bytes[] = "0123456789abcdefghijklmnop";
    char moved[sizeof bytes + 8];
    uint64_t hash = murmur64a(bytes, sizeof bytes, 7);
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(moved + shift, bytes, sizeof bytes);
        ck_assert_uint_eq(murmur64a(moved + shift, sizeof bytes, 7), hash);
    }
}
END_TEST

START_TEST(hasher_uses_it_for_strings)
{
    struct value_hasher hasher;
    ck_assert_int_eq(value_hasher_init(&hasher, HASH_KIND_MURMUR64A, MURMUR64A_SEED), ST_OK);
    ck_assert_uint_eq(value_hash_bytes(&hasher, "hello", 5), murmur64a("hello", 5, MURMUR64A_SEED));
    ck_assert_uint_ne(value_hash_int(&hasher, 5), value_hash_double(&hasher, 5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("murmur64a");
    TCase *tcase = tcase_create("murmur64a");
    tcase_add_loop_test(tcase, strings_land_in_the_registers_that_redis_uses, 0,
                        (int)(sizeof redis / sizeof redis[0]));
    tcase_add_test(tcase, alignment_does_not_matter);
    tcase_add_test(tcase, hasher_uses_it_for_strings);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
