#include "client/cli/key_choice.h"

#include <stdlib.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"

static bool take_bytes(cardinal_key *out, char *arg)
{
    size_t len;
    if (!argument_bytes(arg, &len))
        return false;
    *out = (cardinal_key){ arg, len };
    return true;
}

bool key_choice_take(struct key_choice *choice, int key, char *arg)
{
    switch (key) {
    case KEY_PREFIX:
        choice->has_prefix = true;
        return take_bytes(&choice->prefix, arg);
    case KEY_FROM:
        choice->has_range = true;
        return take_bytes(&choice->from, arg);
    case KEY_TO:
        choice->has_range = true;
        return take_bytes(&choice->to, arg);
    default:
        choice->all = true;
        return true;
    }
}

enum exit_status key_choice_words(struct key_choice *choice, const struct positional *words,
                                  size_t first)
{
    size_t count = words->count - first;
    if (count == 0)
        return EXIT_DONE;
    choice->keys = calloc(count, sizeof *choice->keys);
    if (choice->keys == NULL)
        return cli_no_memory();
    choice->key_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!take_bytes(&choice->keys[i], words->at[first + i]))
            return EXIT_USAGE;
    }
    return EXIT_DONE;
}

unsigned key_choice_ways(const struct key_choice *choice)
{
    return (choice->has_prefix ? 1u : 0u) + (choice->has_range ? 1u : 0u) +
           (choice->all ? 1u : 0u) + (choice->key_count > 0 ? 1u : 0u);
}

cardinal_selector key_choice_selector(const struct key_choice *choice)
{
    if (choice->key_count > 0)
        return cardinal_select_keys(choice->keys, choice->key_count);
    if (choice->has_prefix)
        return cardinal_select_prefix(choice->prefix.data, choice->prefix.len);
    if (choice->has_range)
        return cardinal_select_range(choice->from, choice->to);
    return cardinal_select_all();
}

bool key_choice_is_all_unsaid(const struct key_choice *choice)
{
    return (choice->has_prefix && choice->prefix.len == 0) ||
           (choice->has_range && choice->from.len == 0 && choice->to.len == 0);
}

void key_choice_release(struct key_choice *choice)
{
    free(choice->keys);
    *choice = (struct key_choice){ 0 };
}
