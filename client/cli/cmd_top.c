/* top: the keys with the most values. */
#include <argp.h>
#include <stdint.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/estimates_out.h"
#include "client/cli/key_choice.h"
#include "client/cli/question.h"

#define LIMIT_DEFAULT 10u
#define LIMIT_MAX 10000u

struct top {
    struct key_choice choice;
    uint64_t limit;
    bool rse;
};

static bool take(int key, char *arg, void *input)
{
    struct top *top = input;
    switch (key) {
    case 'n':
        return option_uint("--limit", arg, 1, LIMIT_MAX, &top->limit);
    case KEY_QUESTION_RSE:
        top->rse = true;
        return true;
    default:
        return key_choice_take(&top->choice, key, arg);
    }
}

static enum exit_status ask(struct cli *cli, const struct top *top, const char *table,
                            const char *column)
{
    cardinal_counts *counts;
    cardinal_selector selector = key_choice_selector(&top->choice);
    cardinal_status status =
        cardinal_top(cli->client, table, column, &selector, (unsigned)top->limit, &counts);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    struct estimates_out out;
    estimates_out_begin(&out, cli->json, top->rse, counts->columns, counts->column_count);
    for (size_t i = 0; i < counts->row_count; i++)
        estimates_out_row(&out, &counts->rows[i]);
    bool done = estimates_out_end(&out);
    cardinal_counts_free(counts);
    return done ? EXIT_DONE : cli_no_memory();
}

int top_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "limit", 'n', "N", 0, "Keys at most, 1 to 10000 (default 10)", 0 },
        KEY_CHOICE_RANGE_OPTIONS,
        KEY_CHOICE_ALL_OPTION,
        QUESTION_RSE_OPTION,
        { 0 },
    };
    struct top top = { .limit = LIMIT_DEFAULT };
    const struct arguments_spec spec = { options, take, &top, 2, SIZE_MAX };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    enum exit_status result = key_choice_words(&top.choice, &words, 2);
    if (result == EXIT_DONE && key_choice_ways(&top.choice) > 1) {
        complain("top: KEY, --prefix, --from and --to, and --all exclude one another");
        result = EXIT_USAGE;
    }
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = ask(cli, &top, words.at[0], words.at[1]);
    key_choice_release(&top.choice);
    return (int)result;
}
