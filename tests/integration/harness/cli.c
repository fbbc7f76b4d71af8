#include "tests/integration/harness/cli.h"

#include <check.h>

#include "tests/integration/harness/programs.h"

#define CLI_TIMEOUT_MS 300000

void cli_start(struct run *run, const char *address, const char *const *words)
{
    const char *argv[CLI_ARGUMENTS_MAX + 4] = { PROGRAM_CARDINAL, "--server", address };
    size_t n = 3;
    for (; *words != NULL; words++) {
        ck_assert_uint_lt(n, CLI_ARGUMENTS_MAX);
        argv[n++] = *words;
    }
    run_start(run, argv, NULL, 0);
}

void cli_finish(struct run *run)
{
    run_finish(run, CLI_TIMEOUT_MS);
    ck_assert_msg(run->exit_status == 0, "cardinal exited with %d: %s", run->exit_status, run->err);
}

void cli_run(struct run *run, const char *address, const char *const *words)
{
    cli_start(run, address, words);
    cli_finish(run);
}
