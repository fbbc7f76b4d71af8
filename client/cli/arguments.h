/* Options and arguments of commands, read with argp. Whatever is wrong with them is
 * told in one line on stderr. --help and --version end the program. */
#ifndef CARDINAL_CLI_ARGUMENTS_H
#define CARDINAL_CLI_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli/cli.h"

struct words;

/* Arguments that are no options. */
struct positional {
    char **at;
    size_t count;
};

/* Takes an option of a command; false: it was wrong, and was complained about. */
typedef bool take_option(int key, char *arg, void *input);

struct arguments_spec {
    const struct argp_option *options; /* NULL: none of its own */
    take_option *take;
    void *input;  /* passed to take */
    size_t least; /* arguments that must be there */
    size_t most;
};

/* Reads the arguments of a command, argv[0] not among them. False: they are wrong. */
bool arguments_parse(struct cli *cli, const struct command *command,
                     const struct arguments_spec *spec, int argc, char **argv,
                     struct positional *out);

/* The same, then connects, as most commands begin. Not EXIT_DONE: why was told. */
enum exit_status command_begin(struct cli *cli, const struct command *command,
                               const struct arguments_spec *spec, int argc, char **argv,
                               struct positional *out);

/* Reads the options before the command; *command_at is where that is. commands ends
 * with a row without name and is listed by --help. False: they are wrong, or there is
 * no command. */
bool arguments_parse_global(struct cli *cli, const struct command *commands, int argc, char **argv,
                            int *command_at);

/* An option's number from least to most. False, complaining: it is none. */
bool option_uint(const char *option, const char *arg, uint64_t least, uint64_t most, uint64_t *out);

/* The row of --ack in a table of options, for commands that write. */
#define ACK_KEY 0x6000
#define ACK_OPTION                                                                                 \
    {                                                                                              \
        "ack", ACK_KEY, "memory|durable", 0,                                                       \
            "Wait until what is written is visible, or until it is on disk (default as the table " \
            "says, or else the server)",                                                           \
            0                                                                                      \
    }

/* --ack: memory or durable. False, complaining. */
bool option_ack(const char *arg, cardinal_ack *out);

/* An option's list of names. On failure, which it complains about, *out is left alone;
 * else give it back with words_release(). */
enum exit_status option_words(const char *option, const char *arg, struct words *out);

/* Turns a word with escapes into bytes, in place. False, complaining. */
bool argument_bytes(char *text, size_t *len);

#endif
