#include "tests/integration/cli_run.h"

#include <check.h>
#include <string.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"

#define WORDS_MAX 64u

static void assert_streams(const struct run *run, const struct cli_want *want)
{
    ck_assert_msg(run->exit_status == want->exit_status, "exit status %d instead of %d: '%s' '%s'",
                  run->exit_status, want->exit_status, run->out, run->err);
    if (want->out != NULL)
        ck_assert_str_eq(run->out, want->out);
    if (want->err == NULL)
        return;
    if (want->err[0] == '\0')
        ck_assert_str_eq(run->err, "");
    ck_assert_msg(strstr(run->err, want->err) != NULL, "'%s' does not say '%s'", run->err,
                  want->err);
}

void cli_expect(const char *server, const void *input, size_t input_len,
                const char *const *arguments, const struct cli_want *want)
{
    const char *argv[WORDS_MAX] = { PROGRAM_CARDINAL, "--server", server };
    size_t count = 3;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        ck_assert_uint_lt(count, WORDS_MAX - 1);
        argv[count++] = arguments[i];
    }
    struct run run;
    run_start(&run, argv, input, input_len);
    run_finish(&run, PROCESS_TIMEOUT_MS);
    assert_streams(&run, want);
    run_release(&run);
}
