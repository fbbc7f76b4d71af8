#include "client/cli/question.h"

#include "client/cli/arguments.h"

static bool take(int key, char *arg, void *input)
{
    struct question *question = input;
    switch (key) {
    case KEY_QUESTION_COLUMNS:
        question->columns_text = arg;
        return true;
    case KEY_QUESTION_LIMIT:
        return option_uint("--limit", arg, 1, UINT64_MAX, &question->limit);
    case KEY_QUESTION_RSE:
        question->rse = true;
        return true;
    default:
        return key_choice_take(&question->choice, key, arg);
    }
}

static enum exit_status read_columns(struct question *question)
{
    if (question->columns_text == NULL)
        return EXIT_DONE;
    return option_words("--columns", question->columns_text, &question->columns);
}

enum exit_status question_read(struct question *question, struct cli *cli,
                               const struct command *command, const struct argp_option *options,
                               size_t least, size_t most, int argc, char **argv)
{
    const struct arguments_spec spec = { options, take, question, least, most };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    question->table = words.at[0];
    enum exit_status result = key_choice_words(&question->choice, &words, 1);
    if (result == EXIT_DONE)
        result = read_columns(question);
    if (result == EXIT_DONE && key_choice_ways(&question->choice) > 1) {
        complain("%s: KEY, --prefix, --from and --to, and --all exclude one another",
                 command->name);
        result = EXIT_USAGE;
    }
    question->selector = key_choice_selector(&question->choice);
    return result;
}

void question_release(struct question *question)
{
    key_choice_release(&question->choice);
    words_release(&question->columns);
}
