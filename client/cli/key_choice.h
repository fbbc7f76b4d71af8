/* Which keys a command means: words, or --prefix, --from and --to, or --all. */
#ifndef CARDINAL_CLI_KEY_CHOICE_H
#define CARDINAL_CLI_KEY_CHOICE_H

#include <cardinal.h>
#include <stdbool.h>
#include <stddef.h>

#include "client/cli/cli.h"

struct positional;

enum key_choice_key {
    KEY_PREFIX = 0x2000,
    KEY_FROM,
    KEY_TO,
    KEY_ALL,
};

/* Rows of a table of options. */
#define KEY_CHOICE_RANGE_OPTIONS                                                                   \
    { "prefix", KEY_PREFIX, "P", 0, "Keys that begin with P", 0 },                                 \
        { "from", KEY_FROM, "A", 0, "Keys from A on, bytewise", 0 },                               \
    {                                                                                              \
        "to", KEY_TO, "B", 0, "Keys before B", 0                                                   \
    }
#define KEY_CHOICE_ALL_OPTION                                                                      \
    {                                                                                              \
        "all", KEY_ALL, 0, 0, "Every key", 0                                                       \
    }

/* All zero means that nothing was said. The bytes are the program's arguments. */
struct key_choice {
    cardinal_key prefix;
    cardinal_key from;
    cardinal_key to;
    bool has_prefix;
    bool has_range;
    bool all;
    cardinal_key *keys; /* of the words */
    size_t key_count;
};

/* Takes one of the options above. False: it was complained about. */
bool key_choice_take(struct key_choice *choice, int key, char *arg);

/* Takes the words from the first-th on as keys; complains where it does not end with
 * EXIT_DONE. */
enum exit_status key_choice_words(struct key_choice *choice, const struct positional *words,
                                  size_t first);

/* How many ways of choosing were used. */
unsigned key_choice_ways(const struct key_choice *choice);

/* The selector; every key if nothing was said. Lives as long as choice. */
cardinal_selector key_choice_selector(const struct key_choice *choice);

/* Does it mean every key without saying --all, as an empty prefix does? */
bool key_choice_is_all_unsaid(const struct key_choice *choice);

void key_choice_release(struct key_choice *choice);

#endif
