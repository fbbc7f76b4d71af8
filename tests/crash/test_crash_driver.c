/* The driver of crashes finds the losses that are planted for it. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"

static void drive(struct run *run, const char *kills, const char *plant)
{
    const char *const argv[] = {
        CARDINAL_TESTS_BIN "/test_crash", "--kills", kills, "--seed", "11",
        plant == NULL ? NULL : "--plant", plant,     NULL,
    };
    run_program(run, argv);
}

static void assert_found(const char *plant)
{
    struct run run;
    drive(&run, "100", plant);
    bool is_found = strstr(run.out, "lost: ") != NULL || strstr(run.err, " is damaged ") != NULL;
    ck_assert_msg(is_found, "nothing was found:\n%s%s", run.out, run.err);
    ck_assert_int_eq(run.exit_status, 1);
    run_release(&run);
}

START_TEST(journal_without_its_end_is_found)
{
    assert_found("cut-tail");
}
END_TEST

START_TEST(syncs_that_do_nothing_are_found)
{
    assert_found("lazy-sync");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        journal_without_its_end_is_found,
        syncs_that_do_nothing_are_found,
    };
    return RUN_INTEGRATION("crash_driver", tests);
}
