/* The example of the README, as it stands. */
#include <check.h>
#include <stdlib.h>

#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"

START_TEST(example_counts_users_of_pages)
{
    const char *const argv[] = { CARDINAL_TESTS_BIN "/example_count", NULL };
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    setenv("CARDINAL_SERVER", daemon_address(&daemon), 1);
    for (int i = 0; i < 2; i++) { /* counting the same twice changes nothing */
        struct run run;
        run_program(&run, argv);
        ck_assert_str_eq(run.err, "");
        ck_assert_str_eq(run.out, "/index 100\n/about 10\n");
        ck_assert_int_eq(run.exit_status, 0);
        run_release(&run);
    }
    daemon_stop(&daemon);
}
END_TEST

START_TEST(example_says_that_there_is_no_server)
{
    const char *const argv[] = { CARDINAL_TESTS_BIN "/example_count", NULL };
    struct run run;
    setenv("CARDINAL_SERVER", "unix:///nonexistent/socket", 1);
    run_program(&run, argv);
    ck_assert_str_eq(run.err, "count: no server there\n");
    ck_assert_int_eq(run.exit_status, 1);
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        example_counts_users_of_pages,
        example_says_that_there_is_no_server,
    };
    return RUN_INTEGRATION("client_example", tests);
}
