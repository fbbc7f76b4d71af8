#include <stdlib.h>

#include "daemon/sketch/tokens.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/sketch/reference.h"

/* The list of a cell's tokens is what going through them one by one gives. */
static void ck_list(const struct cell *cell, const struct sketch_shape *shape)
{
    uint32_t pair[2];
    uint32_t n = tokens_count(cell->word);
    uint32_t *buffer = malloc(n * sizeof *buffer); /* of the exact size */
    const uint32_t *list = tokens_list(cell->word, pair, buffer);
    struct token_iter iter;
    uint32_t token;
    token_iter_init(&iter, cell->word, shape);
    for (uint32_t i = 0; token_iter_next(&iter, &token); i++) {
        if (i >= n || list[i] != token)
            ck_abort_msg("token %u of %u is %x, not %x", i, n, list[i], token);
    }
    free(buffer);
}

START_TEST(tokens_are_listed_as_they_are_gone_through)
{
    uint64_t seed = test_seed();
    static const unsigned precisions[] = { 8, 14, 16, 18 };
    for (size_t p = 0; p < 4; p++) {
        struct sketch_shape shape;
        struct cell cell = { 0 };
        ck_assert_int_eq(sketch_shape_init(&shape, precisions[p]), ST_OK);
        for (uint64_t n = 0; n < 60000; n++) {
            add_hash(&cell, &shape, stream_hash(seed, n));
            if (!tokens_held(cell.word))
                break;
            if (n < 600 || n % 97 == 0)
                ck_list(&cell, &shape);
        }
        cell_release(&cell);
    }
}
END_TEST

START_TEST(full_buckets_are_listed)
{
    struct sketch_shape shape;
    struct cell cell = { 0 };
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    /* registers 0 to 63 are bucket 0, 64 to 127 bucket 1 */
    for (uint64_t bucket = 0; bucket < 3; bucket++) {
        for (uint64_t i = 0; i < 255; i++)
            add_hash(&cell, &shape, (i + 1) << 14 | (bucket * 200 + i % 50));
    }
    ck_assert_int_eq(cell_state(&cell), CELL_PACKED);
    ck_assert_uint_eq(tokens_count(cell.word), 765);
    ck_list(&cell, &shape);
    cell_release(&cell);
}
END_TEST

START_TEST(high_ranks_are_listed_whole)
{
    struct sketch_shape shape;
    struct cell cell = { 0 };
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    for (uint64_t i = 0; i < 300; i++)
        add_hash(&cell, &shape,
                 i % 3 == 0 ? (i + 1) << 26 << i % 30 | i * 50 : (i + 1) << 14 | i * 50);
    ck_assert_int_eq(cell_state(&cell), CELL_PACKED);
    ck_list(&cell, &shape);
    cell_release(&cell);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tokens_are_listed_as_they_are_gone_through,
        full_buckets_are_listed,
        high_ranks_are_listed_whole,
    };
    return RUN_SUITE("tokens", tests);
}
