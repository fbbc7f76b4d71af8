/* What count, union, scan and delete have in common: a table, keys, and columns. */
#ifndef CARDINAL_CLI_QUESTION_H
#define CARDINAL_CLI_QUESTION_H

#include <stdint.h>

#include "client/cli/cli.h"
#include "client/cli/key_choice.h"
#include "client/cli/words.h"

struct argp_option;

enum question_key {
    KEY_QUESTION_COLUMNS = 0x3000,
    KEY_QUESTION_LIMIT,
    KEY_QUESTION_RSE,
};

#define QUESTION_RSE_OPTION                                                                        \
    {                                                                                              \
        "rse", KEY_QUESTION_RSE, 0, 0, "Print each estimate's relative standard error too", 0      \
    }

#define QUESTION_COLUMNS_OPTION                                                                    \
    {                                                                                              \
        "columns", KEY_QUESTION_COLUMNS, "C1,C2,..", 0, "Only these, in this order (default all)", \
            0                                                                                      \
    }

/* All zero is an empty one. */
struct question {
    const char *table;
    const char *columns_text;
    struct words columns; /* none: all */
    struct key_choice choice;
    cardinal_selector selector; /* what choice says */
    uint64_t limit;
    bool rse;
};

/* Reads the command's arguments, TABLE [KEY...] with at least `least` and at most
 * `most` of them, and connects. Whatever fails is complained about and not
 * EXIT_DONE. Give it back with question_release() either way. */
enum exit_status question_read(struct question *question, struct cli *cli,
                               const struct command *command, const struct argp_option *options,
                               size_t least, size_t most, int argc, char **argv);
void question_release(struct question *question);

#endif
