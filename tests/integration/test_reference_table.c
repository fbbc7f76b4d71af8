/* One table of the reference workload, small enough to be looked at often. */
#include <check.h>

#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/reference_table.h"

START_TEST(table_by_k1_gives_the_exact_answers_within_their_bounds)
{
    struct reference_set set;
    struct reference_misses misses = { 0 };
    struct daemon daemon;
    size_t column = reference_find_column("k1");
    reference_set_make(&set);
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    reference_create(daemon.unix_address, "by_k1");
    reference_load(daemon.unix_address, "by_k1", "k1", set.small);
    reference_load(daemon.unix_address, "by_k1", "k1", set.large);
    reference_check_scan(&set, daemon.unix_address, "by_k1", column, &misses);
    reference_check_union(&set, daemon.unix_address, "by_k1", column, &misses);
    reference_check_misses(&misses);
    daemon_stop(&daemon);
    reference_set_release(&set);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        table_by_k1_gives_the_exact_answers_within_their_bounds,
    };
    return RUN_INTEGRATION("reference_table", tests);
}
