#include <stdlib.h>

#include "daemon/sketch/kernels.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define BYTES 256u /* of nibbles */

/* Kernels under test: the second set, where the CPU has it. */
static const struct kernels *fast(void)
{
    const struct kernels *avx2 = kernels_avx2();
    return avx2 != NULL ? avx2 : kernels_best();
}

static void fill(uint8_t *bytes, size_t n, uint64_t seed, unsigned round)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(stream_hash(seed + round, i) >> 11);
}

/* b's nibbles no more than a's, so that a single one decides. */
static void make_lower(uint8_t *b, const uint8_t *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned low = b[i] & 15u;
        unsigned high = b[i] & 0xf0u;
        low = low < (a[i] & 15u) ? low : (a[i] & 15u);
        high = high < (a[i] & 0xf0u) ? high : (a[i] & 0xf0u);
        b[i] = (uint8_t)(high | low);
    }
}

START_TEST(exceed_finds_a_single_nibble)
{
    static uint8_t a[BYTES], b[BYTES];
    uint64_t seed = test_seed();
    for (unsigned down = 0; down < 18; down++) {
        fill(a, BYTES, seed, 1);
        fill(b, BYTES, seed, 2);
        for (size_t i = 0; i < BYTES; i++)
            a[i] &= 0x77;
        make_lower(b, a, BYTES);
        ck_assert(!fast()->nibbles_exceed(a, b, BYTES, down));
        ck_assert(!kernels_portable.nibbles_exceed(a, b, BYTES, down));
        for (size_t at = 0; at < 2 * BYTES; at += 37) {
            unsigned shift = at % 2 * 4;
            uint8_t kept_a = a[at / 2];
            uint8_t kept_b = b[at / 2];
            for (unsigned pair = 0; pair < 256; pair++) {
                a[at / 2] =
                    (uint8_t)((pair & 15u) << shift | (0x5au >> shift & 15u) << (4 - shift));
                b[at / 2] = (uint8_t)(pair >> 4 << shift);
                bool expected = pair >> 4 > (pair & 15u) + down;
                bool is = fast()->nibbles_exceed(a, b, BYTES, down);
                bool plain = kernels_portable.nibbles_exceed(a, b, BYTES, down);
                if (is != expected || plain != expected)
                    ck_abort_msg("down %u, nibbles %02x at %zu", down, pair, at);
            }
            a[at / 2] = kept_a;
            b[at / 2] = kept_b;
        }
    }
}
END_TEST

START_TEST(max_is_the_same_in_both)
{
    static uint8_t a[BYTES], a_too[BYTES], b[BYTES];
    uint64_t seed = test_seed();
    for (unsigned a_down = 0; a_down < 18; a_down++) {
        for (unsigned b_down = 0; b_down < 18; b_down++) {
            fill(a, BYTES, seed, a_down);
            fill(b, BYTES, seed, 100 + b_down);
            memcpy(a_too, a, BYTES);
            kernels_portable.nibbles_max(a, b, BYTES, a_down, b_down);
            fast()->nibbles_max(a_too, b, BYTES, a_down, b_down);
            ck_assert_mem_eq(a, a_too, BYTES);
        }
    }
}
END_TEST

START_TEST(raise_is_max_without_lowering_the_first)
{
    static uint8_t max[BYTES], one[BYTES], two[BYTES], b[BYTES];
    uint64_t seed = test_seed();
    for (unsigned down = 0; down < 18; down++) {
        fill(max, BYTES, seed, down);
        fill(b, BYTES, seed, 100 + down);
        memcpy(one, max, BYTES);
        memcpy(two, max, BYTES);
        kernels_portable.nibbles_max(max, b, BYTES, 0, down);
        kernels_portable.nibbles_raise(one, b, BYTES, down, down % 2 ? b : NULL);
        fast()->nibbles_raise(two, b, BYTES, down, down % 2 ? b : NULL);
        ck_assert_mem_eq(one, max, BYTES);
        ck_assert_mem_eq(two, max, BYTES);
    }
}
END_TEST

START_TEST(max_keeps_the_15_of_the_first)
{
    static const uint8_t a[8] = { 0x0f, 0xf0, 0x02, 0x70, 0x00, 0x05, 0x50, 0x34 };
    static const uint8_t b[8] = { 0x03, 0x30, 0x0f, 0xf0, 0xff, 0x09, 0x90, 0x99 };
    static const uint8_t max[8] = { 0x0f, 0xf0, 0x0d, 0xd0, 0xdd, 0x07, 0x70, 0x77 };
    static uint8_t one[128], two[128], other[128];
    memcpy(one, a, sizeof a);
    memcpy(two, a, sizeof a);
    memcpy(other, b, sizeof b);
    kernels_portable.nibbles_max(one, other, sizeof one, 1, 2);
    fast()->nibbles_max(two, other, sizeof two, 1, 2);
    ck_assert_mem_eq(one, max, sizeof max);
    ck_assert_mem_eq(two, max, sizeof max);
}
END_TEST

START_TEST(nibble_sums_are_the_same_in_both)
{
    static uint8_t nibbles[8192];
    uint64_t seed = test_seed();
    for (unsigned round = 0; round < 50; round++) {
        size_t bytes = 128u << round % 7;
        fill(nibbles, bytes, seed, round);
        if (round < 4)
            memset(nibbles, (int)round * 0xff / 3, bytes);
        struct nibble_sums plain = kernels_portable.nibbles_sum(nibbles, bytes);
        struct nibble_sums vector = fast()->nibbles_sum(nibbles, bytes);
        ck_assert_uint_eq(plain.weight, vector.weight);
        ck_assert_uint_eq(plain.zeros, vector.zeros);
        ck_assert_uint_eq(fast()->nibbles_weight(nibbles, bytes), plain.weight);
        ck_assert_uint_eq(kernels_portable.nibbles_weight(nibbles, bytes), plain.weight);
    }
}
END_TEST

START_TEST(ranks_are_raised_the_same_in_both)
{
    static uint8_t nibbles[BYTES], ranks[2 * BYTES], ranks_too[2 * BYTES];
    uint64_t seed = test_seed();
    for (unsigned base = 0; base < 50; base++) {
        fill(nibbles, BYTES, seed, base);
        for (size_t i = 0; i < 2 * BYTES; i++)
            ranks[i] = (uint8_t)(stream_hash(seed ^ base, i) % 64);
        memcpy(ranks_too, ranks, sizeof ranks);
        uint8_t least = kernels_portable.ranks_raise(ranks, nibbles, BYTES, base);
        uint8_t least_too = fast()->ranks_raise(ranks_too, nibbles, BYTES, base);
        ck_assert_mem_eq(ranks, ranks_too, sizeof ranks);
        ck_assert_uint_eq(least, kernels_portable.ranks_least(ranks, sizeof ranks));
        ck_assert_uint_eq(least_too, least);
    }
}
END_TEST

START_TEST(the_least_rank_is_found_anywhere)
{
    static uint8_t ranks[8192];
    for (size_t n = 64; n <= sizeof ranks; n *= 2) {
        for (size_t at = 0; at < n; at += 1 + n / 70) {
            for (unsigned least = 0; least < 60; least += 7) {
                memset(ranks, 60, sizeof ranks);
                ranks[at] = (uint8_t)least;
                if (kernels_portable.ranks_least(ranks, n) != least ||
                    fast()->ranks_least(ranks, n) != least)
                    ck_abort_msg("%u at %zu of %zu", least, at, n);
            }
        }
    }
}
END_TEST

START_TEST(rank_sums_are_the_same_in_both)
{
    static uint8_t ranks[4096];
    uint64_t seed = test_seed();
    for (unsigned q = 46; q <= 60; q++) {
        for (unsigned base = 0; base <= q + 1; base++) {
            size_t n = 64u << (base + q) % 7;
            for (size_t i = 0; i < n; i++) {
                unsigned rank = base + (unsigned)(stream_hash(seed ^ base, i) % (i % 8 ? 18 : 64));
                ranks[i] = (uint8_t)(rank > q + 1 ? q + 1 : rank);
            }
            struct rank_sums plain = kernels_portable.ranks_sum(ranks, n, base, q);
            struct rank_sums vector = fast()->ranks_sum(ranks, n, base, q);
            ck_assert_uint_eq(plain.kx, vector.kx);
            ck_assert_uint_eq(plain.zeros, vector.zeros);
            ck_assert_uint_eq(plain.at_cap, vector.at_cap);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        exceed_finds_a_single_nibble,
        max_is_the_same_in_both,
        raise_is_max_without_lowering_the_first,
        max_keeps_the_15_of_the_first,
        nibble_sums_are_the_same_in_both,
        ranks_are_raised_the_same_in_both,
        the_least_rank_is_found_anywhere,
        rank_sums_are_the_same_in_both,
    };
    printf("kernels: %s\n", fast()->name);
    return RUN_SUITE("kernels", tests);
}
