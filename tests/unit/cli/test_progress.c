#include <check.h>

#include "client/cli/progress.h"
#include "tests/unit/run_suite.h"

static void assert_line(uint64_t bytes, uint64_t size, uint64_t rows, double seconds,
                        const char *want)
{
    char line[PROGRESS_LINE_MAX];
    progress_format(line, bytes, size, rows, seconds);
    ck_assert_str_eq(line, want);
}

START_TEST(progress_shows_how_far_it_is_and_how_long_it_will_take)
{
    assert_line(500000, 2000000, 1000, 2.0,
                "[######..................]  25 %  0.5 of 2.0 MB  500 rows/s  ETA 6 s");
}
END_TEST

START_TEST(progress_of_unknown_size_has_no_bar)
{
    assert_line(500000, 0, 1000, 2.0, "0.5 MB  500 rows/s");
}
END_TEST

START_TEST(progress_stays_within_the_bar_when_the_file_grows)
{
    assert_line(3000000, 2000000, 10, 1.0,
                "[########################] 100 %  3.0 of 2.0 MB  10 rows/s  ETA 0 s");
}
END_TEST

START_TEST(progress_begins_at_nothing)
{
    assert_line(0, 2000000, 0, 0, "0.0 MB  0 rows/s");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        progress_shows_how_far_it_is_and_how_long_it_will_take,
        progress_of_unknown_size_has_no_bar,
        progress_stays_within_the_bar_when_the_file_grows,
        progress_begins_at_nothing,
    };
    return RUN_SUITE("progress", tests);
}
