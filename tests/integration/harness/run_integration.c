#include "tests/integration/harness/run_integration.h"

#include <signal.h>
#include <stdlib.h>

#include "tests/integration/harness/scratch_dir.h"

int run_integration(const char *name, const TTest *const *tests, size_t count)
{
    signal(SIGPIPE, SIG_IGN); /* a daemon that hangs up shows as EPIPE */
    scratch_dir_make_base();
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, scratch_dir_make, scratch_dir_remove);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    /* In a process of its own each: a test that fails takes its children along. */
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0)
        scratch_dir_show_logs();
    scratch_dir_remove_base();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
