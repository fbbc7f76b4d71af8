#include <stdlib.h>

#include "daemon/sketch/token_set.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

static struct token_set set_of(uint32_t bits)
{
    struct token_set set = { .bits = bits };
    set.slots = calloc(token_set_slots(&set), sizeof *set.slots);
    ck_assert_ptr_nonnull(set.slots);
    return set;
}

static uint32_t token_of(uint64_t seed, uint64_t n)
{
    return token_of_hash(stream_hash(seed, n), 14);
}

START_TEST(a_set_holds_what_was_put_in_and_nothing_else)
{
    enum { COUNT = 1000 };
    uint64_t seed = test_seed();
    struct token_set set = set_of(11);
    for (uint64_t round = 0; round < 2; round++) {
        for (uint64_t n = 0; n < COUNT; n++)
            ck_assert(token_set_put(&set, token_of(seed, n)));
    }
    uint32_t found = 0;
    for (uint64_t n = 0; n < COUNT; n++) {
        ck_assert(token_set_has(&set, token_of(seed, n)));
        found += token_set_has(&set, token_of(seed, COUNT + n));
    }
    ck_assert_uint_le(found, 2); /* of 1,000 others, those that share 24 bits with one of these */
    ck_assert_uint_le(set.count, COUNT);
    ck_assert_uint_ge(set.count, COUNT - 2);
    free(set.slots);
}
END_TEST

START_TEST(of_one_token_the_larger_rho_stays)
{
    struct token_set set = set_of(4);
    uint32_t token = 5u << TOKEN_RHO_BITS;
    ck_assert(token_set_put(&set, token | 3));
    ck_assert(token_set_put(&set, token | 7));
    ck_assert(token_set_put(&set, token | 2));
    ck_assert_uint_eq(set.count, 1);
    ck_assert_uint_eq(set.slots[0], token | 7);
    free(set.slots);
}
END_TEST

START_TEST(a_set_moves_whole_into_a_larger_one)
{
    uint64_t seed = test_seed();
    struct token_set small = set_of(6);
    struct token_set large = set_of(8);
    for (uint64_t n = 0; n < token_set_room(&small); n++)
        ck_assert(token_set_put(&small, token_of(seed, n)));
    ck_assert(token_set_put_all(&large, &small));
    ck_assert_uint_eq(large.count, small.count);
    for (uint64_t n = 0; n < token_set_room(&small); n++)
        ck_assert(token_set_has(&large, token_of(seed, n)));
    ck_assert(!token_set_put_all(&small, &large));
    free(small.slots);
    free(large.slots);
}
END_TEST

START_TEST(tokens_that_lie_too_close_are_turned_away)
{
    struct token_set set = set_of(10);
    uint32_t n = 0;
    while (n < token_set_room(&set) && token_set_put(&set, (n + 1) << TOKEN_RHO_BITS))
        n++;
    ck_assert_uint_eq(n, TOKEN_SET_PROBES_MAX);
    ck_assert_uint_eq(set.count, TOKEN_SET_PROBES_MAX);
    free(set.slots);
}
END_TEST

START_TEST(a_set_without_slots_is_empty)
{
    struct token_set none = { 0 };
    ck_assert_uint_eq(token_set_slots(&none), 0);
    ck_assert_uint_eq(token_set_room(&none), 0);
    ck_assert(!token_set_has(&none, 64));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_set_holds_what_was_put_in_and_nothing_else,
        of_one_token_the_larger_rho_stays,
        a_set_moves_whole_into_a_larger_one,
        tokens_that_lie_too_close_are_turned_away,
        a_set_without_slots_is_empty,
    };
    return RUN_SUITE("token_set", tests);
}
