#include <check.h>

#include "client/bench/memory.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

START_TEST(memory_takes_some_time_to_answer)
{
    double small = 0;
    double large = 0;
    ck_assert(memory_latency(16 << 10, &small));
    ck_assert(memory_latency(64 << 20, &large));
    ck_assert_double_gt(small, 0);
    ck_assert_double_gt(large, small);
}
END_TEST

START_TEST(memory_that_is_not_there_is_told)
{
    double ns = 7;
    failing_alloc_arm(0);
    bool done = memory_latency(1 << 20, &ns);
    bool failed = failing_alloc_disarm();
    ck_assert(failed);
    ck_assert(!done);
    ck_assert_double_eq(ns, 7);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        memory_takes_some_time_to_answer,
        memory_that_is_not_there_is_told,
    };
    return RUN_SUITE("memory", tests);
}
