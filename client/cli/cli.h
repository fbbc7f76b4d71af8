/* What all commands share: how the program was called, its connection, and how it
 * ends. */
#ifndef CARDINAL_CLI_CLI_H
#define CARDINAL_CLI_CLI_H

#include <cardinal.h>
#include <stdbool.h>

enum exit_status {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* by the server */
    EXIT_USAGE = 2,       /* wrong usage */
    EXIT_UNREACHABLE = 3, /* no connection, or no answer */
    EXIT_INPUT = 4,       /* bad input data */
    EXIT_TROUBLE = 5,     /* no memory, or the output cannot be written */
};

struct cli {
    const char *server; /* NULL: as the library finds it */
    bool json;
    int timeout_ms; /* 0: the library's */
    cardinal_ack ack;
    cardinal_client *client;
};

struct command {
    const char *name; /* one word or two */
    int (*main)(struct cli *cli, const struct command *command, int argc, char **argv);
    const char *usage;   /* arguments, for --help */
    const char *summary; /* what it does, in one line */
};

/* Writes "cardinal: ..", one line, to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status for a failed call of the library. */
enum exit_status exit_status_of(cardinal_status status);

/* Connects as the options say; a failure is told on stderr. */
enum exit_status cli_connect(struct cli *cli);

/* Tells on stderr why the last call failed; its exit status. */
enum exit_status cli_failed(const struct cli *cli, cardinal_status status);

enum exit_status cli_no_memory(void);

#endif
