#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/grid.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static char *text;
static size_t text_len;
static FILE *out;

static struct grid *begin(size_t columns)
{
    out = open_memstream(&text, &text_len);
    struct grid *grid = grid_new(out, columns);
    ck_assert_ptr_nonnull(grid);
    return grid;
}

static void assert_grid(struct grid *grid, const char *want)
{
    ck_assert(grid_end(grid));
    fclose(out);
    ck_assert_str_eq(text, want);
    free(text);
}

START_TEST(grid_aligns_keys_left_and_numbers_right)
{
    struct grid *grid = begin(3);
    grid_text(grid, "key");
    grid_text(grid, "k1");
    grid_text(grid, "visitors");
    grid_bytes(grid, "a longer key", 12);
    grid_estimate(grid, 1234.5);
    grid_uint(grid, 7);
    grid_bytes(grid, "", 0);
    grid_estimate(grid, 0);
    grid_uint(grid, 12345678901234567890u);
    assert_grid(grid, "key             k1              visitors\n"
                      "a longer key  1235                     7\n"
                      "                 0  12345678901234567890\n");
}
END_TEST

START_TEST(grid_escapes_bytes_and_counts_characters)
{
    struct grid *grid = begin(2);
    grid_bytes(grid, "a\tb", 3);
    grid_uint(grid, 1);
    grid_bytes(grid, "z\xc3\xbcg", 4);
    grid_uint(grid, 2);
    grid_bytes(grid, "\xff", 1);
    grid_uint(grid, 3);
    assert_grid(grid, "a\\tb  1\nz\xc3\xbcg   2\n\\xff  3\n");
}
END_TEST

START_TEST(grid_of_one_column_has_no_padding)
{
    struct grid *grid = begin(1);
    grid_text(grid, "a");
    grid_text(grid, "long");
    assert_grid(grid, "a\nlong\n");
}
END_TEST

START_TEST(grid_writes_long_answers_in_pieces)
{
    struct grid *grid = begin(2);
    for (unsigned i = 0; i < 1000; i++) {
        grid_text(grid, i < 999 ? "k" : "wider");
        grid_uint(grid, i);
    }
    fflush(out);
    ck_assert_uint_ge(text_len, 2800);
    ck_assert(grid_end(grid));
    fclose(out);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 1000);
    ck_assert_mem_eq(text, "k    0\n", 7);
    ck_assert_ptr_nonnull(strstr(text, "\nwider  999\n"));
    free(text);
}
END_TEST

START_TEST(grid_survives_failing_allocations)
{
    static char line[4096];
    bool failed = true;
    for (long n = 0; failed; n++) {
        FILE *file = fmemopen(line, sizeof line, "w");
        failing_alloc_arm(n);
        struct grid *grid = grid_new(file, 2);
        for (unsigned i = 0; grid != NULL && i < 100; i++)
            grid_text(grid, "text");
        bool done = grid_end(grid);
        failed = failing_alloc_disarm();
        fclose(file);
        ck_assert_int_eq(done, !failed);
        ck_assert(n > 1 || failed);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        grid_aligns_keys_left_and_numbers_right, grid_escapes_bytes_and_counts_characters,
        grid_of_one_column_has_no_padding,       grid_writes_long_answers_in_pieces,
        grid_survives_failing_allocations,
    };
    return RUN_SUITE("grid", tests);
}
