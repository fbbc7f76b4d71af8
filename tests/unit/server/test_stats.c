#include "daemon/server/stats.h"

#include <string.h>

#include "daemon/server/budget.h"
#include "tests/unit/run_suite.h"

START_TEST(stats_names_are_there_and_differ)
{
    char names[COUNTER_COUNT][STATS_NAME_MAX];

    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        stats_counter_name(i, names[i]);
        ck_assert_uint_gt(strlen(names[i]), 0);
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(names[i], names[j]);
    }
}
END_TEST

START_TEST(stats_name_requests_and_errors_by_kind)
{
    char name[STATS_NAME_MAX];

    stats_counter_name(COUNTER_REQUESTS + REQUEST_INGEST, name);
    ck_assert_str_eq(name, "requests.ingest");
    stats_counter_name(COUNTER_REQUESTS + REQUEST_UNKNOWN, name);
    ck_assert_str_eq(name, "requests.unknown");
    stats_counter_name(COUNTER_ERRORS + ST_NOT_FOUND, name);
    ck_assert_str_eq(name, "errors.not_found");
    stats_counter_name(COUNTER_ERRORS + STATUS_COUNT - 1, name);
    ck_assert_str_eq(name, "errors.internal");
}
END_TEST

START_TEST(stats_add_up)
{
    static struct stats stats;

    stats_add(&stats, COUNTER_VALUES, 5);
    stats_add(&stats, COUNTER_VALUES, 7);
    ck_assert_uint_eq(stats_read(&stats, COUNTER_VALUES), 12);
    ck_assert_uint_eq(stats_read(&stats, COUNTER_CHANGES), 0);
}
END_TEST

START_TEST(stats_know_the_process)
{
    struct process_usage usage;

    stats_process_usage(&usage);
    ck_assert_uint_gt(usage.resident_bytes, 100000);
    ck_assert_uint_gt(usage.cpu_user_ns + usage.cpu_system_ns, 0);
}
END_TEST

START_TEST(budget_takes_whole_or_nothing)
{
    struct budget budget;

    budget_init(&budget, 100);
    ck_assert(budget_take(&budget, 60));
    ck_assert(!budget_take(&budget, 41));
    ck_assert_uint_eq(budget_used(&budget), 60);
    ck_assert(budget_take(&budget, 40));
    ck_assert(!budget_take(&budget, 1));
    budget_give(&budget, 1);
    ck_assert(budget_take(&budget, 1));
    ck_assert(!budget_take(&budget, UINT64_MAX));
    ck_assert_uint_eq(budget_used(&budget), 100);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stats_names_are_there_and_differ, stats_name_requests_and_errors_by_kind, stats_add_up,
        stats_know_the_process,           budget_takes_whole_or_nothing,
    };

    return RUN_SUITE("stats", tests);
}
