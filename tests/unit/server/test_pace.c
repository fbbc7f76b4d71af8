#include "daemon/server/pace.h"

#include "tests/unit/run_suite.h"

START_TEST(pace_slows_down_at_once_and_recovers_slowly)
{
    struct pace pace = { .ns = 100 };

    pace_note(&pace, 10, 4000);
    ck_assert_uint_eq(pace_ns(&pace, 1), 250);
    pace_note(&pace, 10, 0);
    ck_assert_uint_gt(pace_ns(&pace, 1), 200);
    for (int i = 0; i < 100; i++)
        pace_note(&pace, 10, 500);
    ck_assert_uint_lt(pace_ns(&pace, 10), 510);
}
END_TEST

START_TEST(pace_is_not_led_astray_by_a_pause)
{
    struct pace pace = { .ns = 100 };

    pace_note(&pace, 1, 1000000000);
    ck_assert_uint_lt(pace_ns(&pace, 1), 1000);
}
END_TEST

START_TEST(pace_fits_as_many_as_the_time_allows)
{
    const struct pace pace = { .ns = 100 };

    ck_assert_uint_eq(pace_fit(&pace, 10000, 32, 1024), 100);
    ck_assert_uint_eq(pace_fit(&pace, 0, 32, 1024), 32);
    ck_assert_uint_eq(pace_fit(&pace, UINT64_MAX, 32, 1024), 1024);
}
END_TEST

START_TEST(pace_recovers_from_no_time_at_all)
{
    struct pace pace = { .ns = 1 };

    for (int i = 0; i < 10000; i++)
        pace_note(&pace, 1024, 0);
    ck_assert_uint_eq(pace_fit(&pace, 1000, 32, 1024), 1024);
    for (int i = 0; i < 100; i++)
        pace_note(&pace, 1, 100);
    ck_assert_uint_eq(pace_fit(&pace, 10000, 32, 1024), 100);
    pace_note(&pace, 0, 0);
    ck_assert_uint_eq(pace_fit(&pace, 10000, 32, 1024), 100);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pace_slows_down_at_once_and_recovers_slowly,
        pace_is_not_led_astray_by_a_pause,
        pace_fits_as_many_as_the_time_allows,
        pace_recovers_from_no_time_at_all,
    };

    return RUN_SUITE("pace", tests);
}
