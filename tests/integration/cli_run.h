/* The real `cardinal`, run against a daemon of the test's own. */
#ifndef CARDINAL_TESTS_CLI_RUN_H
#define CARDINAL_TESTS_CLI_RUN_H

#include <stddef.h>

/* What a run is held against. */
struct cli_want {
    int exit_status;
    const char *out; /* NULL: anything */
    const char *err; /* must be contained; "": nothing at all; NULL: anything */
};

/* Runs it with the server's address, bytes as its stdin, and arguments that end in
 * NULL; demands what is wanted. */
void cli_expect(const char *server, const void *input, size_t input_len,
                const char *const *arguments, const struct cli_want *want);

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Exits with 0, writes just this, and nothing to stderr. */
#define CLI_OK(server, text, ...)                                                                  \
    cli_expect(server, NULL, 0, ARGUMENTS(__VA_ARGS__), &(struct cli_want){ 0, text, "" })

/* Exits with a status, writes nothing to stdout, and something to stderr. */
#define CLI_FAILS(server, status, text, ...)                                                       \
    cli_expect(server, NULL, 0, ARGUMENTS(__VA_ARGS__), &(struct cli_want){ status, "", text })

#endif
