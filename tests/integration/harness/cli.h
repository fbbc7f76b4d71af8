/* cli: the command line program, run against a daemon. */
#ifndef CARDINAL_TESTS_CLI_H
#define CARDINAL_TESTS_CLI_H

#include "tests/integration/harness/process.h"

#define CLI_ARGUMENTS_MAX 32u

/* Starts `cardinal --server ADDRESS WORD..`, words ending in NULL. */
void cli_start(struct run *run, const char *address, const char *const *words);

/* Waits for it and demands that it exits with 0. */
void cli_finish(struct run *run);

/* Both. What it wrote is in *run: give it back with run_release(). */
void cli_run(struct run *run, const char *address, const char *const *words);

/* Runs it with words in the argument list: CLI(&run, address, "ping"). */
#define CLI(run, address, ...) cli_run(run, address, (const char *const[]){ __VA_ARGS__, NULL })

#endif
