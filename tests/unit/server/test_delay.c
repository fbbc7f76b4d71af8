#include "daemon/server/delay.h"

#include "tests/unit/run_suite.h"

START_TEST(delay_counts_up_to_each_bound)
{
    static struct delay delay;
    struct delay_sum sum = { .all = 0 };

    delay_note(&delay, 0);
    delay_note(&delay, delay_bounds_us[0] * 1000u);
    delay_note(&delay, delay_bounds_us[0] * 1000u + 1);
    delay_note(&delay, delay_bounds_us[DELAY_BOUNDS - 1] * 1000u + 1);
    delay_add_to(&delay, &sum);
    ck_assert_uint_eq(sum.at_most[0], 2);
    ck_assert_uint_eq(sum.at_most[1], 3);
    ck_assert_uint_eq(sum.at_most[DELAY_BOUNDS - 1], 3);
    ck_assert_uint_eq(sum.all, 4);
}
END_TEST

START_TEST(delay_sums_keep_the_longest)
{
    static struct delay delays[2];
    struct delay_sum sum = { .all = 0 };

    delay_note(&delays[0], 700000);
    delay_note(&delays[1], 300000);
    delay_note(&delays[1], 100);
    delay_add_to(&delays[0], &sum);
    delay_add_to(&delays[1], &sum);
    ck_assert_uint_eq(sum.max_ns, 700000);
    ck_assert_uint_eq(sum.all, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        delay_counts_up_to_each_bound,
        delay_sums_keep_the_longest,
    };

    return RUN_SUITE("delay", tests);
}
