/* Tokens on their way into PACKED, by every way that there is on this CPU. */
#include "daemon/sketch/packed.h"

#include "daemon/memory/heap.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

#define FIRST_TOKENS 17u

static struct sketch_shape shape_of(unsigned precision)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, precision), ST_OK);
    return shape;
}

/* A PACKED of some tokens far apart. */
static uint64_t packed_begin(const struct sketch_shape *shape)
{
    uint32_t tokens[FIRST_TOKENS];
    uint64_t word;
    for (uint32_t i = 0; i < FIRST_TOKENS; i++)
        tokens[i] = (i << 16 | 1) << TOKEN_RHO_BITS;
    ck_assert_int_eq(packed_build(&word, shape, tokens, FIRST_TOKENS), PACKED_CHANGED);
    return word;
}

static void ck_same_tokens(uint64_t a, uint64_t b, const struct sketch_shape *shape)
{
    struct token_iter of_a;
    struct token_iter of_b;
    uint32_t token;
    uint32_t other;
    ck_assert_uint_eq(tokens_count(a), tokens_count(b));
    token_iter_init(&of_a, a, shape);
    token_iter_init(&of_b, b, shape);
    while (token_iter_next(&of_a, &token)) {
        ck_assert(token_iter_next(&of_b, &other));
        ck_assert_uint_eq(token, other);
    }
}

START_TEST(every_cpu_packs_alike)
{
    uint64_t seed = test_seed();
    struct sketch_shape shape = shape_of(14);
    for (unsigned round = 0; round < 4; round++) {
        uint64_t any = packed_begin(&shape);
        uint64_t best = packed_begin(&shape);
        enum packed_result result = PACKED_UNCHANGED;
        for (uint64_t n = 0; result != PACKED_FULL; n++) {
            uint64_t hash = stream_hash(seed + round, n / 2 * (n % 3 + 1));
            uint32_t token = token_of_hash(round % 2 == 0 ? hash : hash & ~UINT64_C(0x3fc0), 14);
            result = packed_add_any(&any, &shape, token);
            ck_assert_int_eq(packed_add(&best, &shape, token), result);
            if (n % 64 == 0)
                ck_same_tokens(any, best, &shape);
        }
        ck_same_tokens(any, best, &shape);
        heap_free(word_address(any));
        heap_free(word_address(best));
    }
}
END_TEST

/* Tokens of a few buckets fill their group long before the block. */
START_TEST(a_full_group_takes_what_others_have_to_spare)
{
    struct sketch_shape shape = shape_of(14);
    for (uint32_t first = 0; first < 256; first += 85) {
        uint64_t word = packed_begin(&shape);
        uint32_t moves = 0;
        for (uint32_t n = 0; n < 1000; n++) {
            void *block = word_address(word);
            uint32_t bucket = first == 255 ? 255 - n % 5 : first + n % 5;
            uint32_t token = (bucket << 16 | (n + 2) * 61) << TOKEN_RHO_BITS;
            ck_assert_int_eq(packed_add(&word, &shape, token), PACKED_CHANGED);
            ck_assert_int_eq(packed_add(&word, &shape, token), PACKED_UNCHANGED);
            moves += n >= 600 && word_address(word) != block;
        }
        ck_assert_uint_eq(tokens_count(word), 1000 + FIRST_TOKENS);
        ck_assert_uint_le(moves, 400 / 32 + 1);
        heap_free(word_address(word));
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_cpu_packs_alike,
        a_full_group_takes_what_others_have_to_spare,
    };
    return RUN_SUITE("packed", tests);
}
