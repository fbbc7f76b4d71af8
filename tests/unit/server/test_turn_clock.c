#include "daemon/server/turn_clock.h"

#include <unistd.h>
#include <uv.h>

#include "tests/unit/run_suite.h"

#define PAUSE_US 50000u

START_TEST(turn_clock_says_what_is_left)
{
    struct turn_clock clock;

    turn_clock_begin(&clock, 1000, false);
    ck_assert_uint_eq(turn_clock_left(&clock), TURN_NS);
    clock.now_ns += TURN_NS - 1;
    ck_assert_uint_eq(turn_clock_left(&clock), 1);
    clock.now_ns += 2;
    ck_assert_uint_eq(turn_clock_left(&clock), 0);
}
END_TEST

START_TEST(turn_clock_says_how_long_a_step_took)
{
    struct turn_clock clock;
    uint64_t begun_ns = uv_hrtime();

    turn_clock_begin(&clock, begun_ns, false);
    usleep(1000);
    ck_assert_uint_ge(turn_clock_look(&clock), 1000000);
    ck_assert_uint_ge(clock.now_ns, begun_ns + 1000000);
    ck_assert_uint_le(clock.now_ns, uv_hrtime());
}
END_TEST

START_TEST(turn_clock_does_not_count_what_the_thread_sleeps)
{
    struct turn_clock clock;

    turn_clock_begin(&clock, uv_hrtime(), false);
    while (clock.precise_ns == 0)
        turn_clock_look(&clock);
    usleep(PAUSE_US);
    turn_clock_look(&clock);
    uint64_t lasted_ns = clock.now_ns - clock.begun_ns;
    ck_assert_uint_ge(lasted_ns, PAUSE_US * 1000u);
    ck_assert_uint_ge(lasted_ns - turn_clock_work_ns(&clock), PAUSE_US * 500u);
}
END_TEST

START_TEST(turn_clock_counts_no_sleep_in_a_turn_expected_to_be_long)
{
    struct turn_clock clock;

    turn_clock_begin(&clock, uv_hrtime(), true);
    usleep(PAUSE_US);
    turn_clock_look(&clock);
    ck_assert(turn_clock_is_long(&clock));
    ck_assert_uint_lt(turn_clock_work_ns(&clock), PAUSE_US * 500u);
}
END_TEST

START_TEST(turn_clock_counts_short_turns_whole)
{
    struct turn_clock clock;

    turn_clock_begin(&clock, 1000, false);
    clock.now_ns = 1000 + TURN_PRECISE_NS - 1;
    ck_assert_uint_eq(turn_clock_work_ns(&clock), TURN_PRECISE_NS - 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        turn_clock_says_what_is_left,
        turn_clock_says_how_long_a_step_took,
        turn_clock_does_not_count_what_the_thread_sleeps,
        turn_clock_counts_no_sleep_in_a_turn_expected_to_be_long,
        turn_clock_counts_short_turns_whole,
    };

    return RUN_SUITE("turn_clock", tests);
}
