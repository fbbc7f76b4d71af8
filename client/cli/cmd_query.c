/* count, union and scan. */
#include <argp.h>
#include <stdint.h>

#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/estimates_out.h"
#include "client/cli/question.h"

static enum exit_status count_keys(struct cli *cli, const struct question *question)
{
    cardinal_counts *counts;
    cardinal_status status = cardinal_count(cli->client, question->table, question->choice.keys,
                                            question->choice.key_count, question->columns.at,
                                            question->columns.count, &counts);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    struct estimates_out out;
    estimates_out_begin(&out, cli->json, question->rse, counts->columns, counts->column_count);
    for (size_t i = 0; i < counts->row_count; i++)
        estimates_out_row(&out, &counts->rows[i]);
    bool done = estimates_out_end(&out);
    cardinal_counts_free(counts);
    return done ? EXIT_DONE : cli_no_memory();
}

int count_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = { QUESTION_COLUMNS_OPTION,
                                                  QUESTION_RSE_OPTION,
                                                  { 0 } };
    struct question question = { 0 };
    enum exit_status result =
        question_read(&question, cli, command, options, 2, SIZE_MAX, argc, argv);
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = count_keys(cli, &question);
    question_release(&question);
    return (int)result;
}

static enum exit_status ask_union(struct cli *cli, const struct question *question)
{
    cardinal_union_result *answer;
    cardinal_status status = cardinal_union(cli->client, question->table, &question->selector,
                                            question->columns.at, question->columns.count, &answer);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    bool done = estimates_out_union(cli->json, question->rse, answer);
    cardinal_union_free(answer);
    return done ? EXIT_DONE : cli_no_memory();
}

int union_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = { KEY_CHOICE_RANGE_OPTIONS,
                                                  KEY_CHOICE_ALL_OPTION,
                                                  QUESTION_COLUMNS_OPTION,
                                                  QUESTION_RSE_OPTION,
                                                  { 0 } };
    struct question question = { 0 };
    enum exit_status result =
        question_read(&question, cli, command, options, 1, SIZE_MAX, argc, argv);
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = ask_union(cli, &question);
    question_release(&question);
    return (int)result;
}

/* Prints rows until the end; *out begins with the first answer, which tells the
 * columns. */
static cardinal_status print_scan(const struct cli *cli, bool rse, cardinal_scan *scan,
                                  struct estimates_out *out)
{
    const cardinal_row *row;
    cardinal_status status = cardinal_scan_next(scan, &row);
    if (status != CARDINAL_OK)
        return status;
    size_t column_count;
    const char *const *columns = cardinal_scan_columns(scan, &column_count);
    estimates_out_begin(out, cli->json, rse, columns, column_count);
    while (status == CARDINAL_OK && row != NULL && !out->no_memory) {
        estimates_out_row(out, row);
        status = cardinal_scan_next(scan, &row);
    }
    return status;
}

static enum exit_status scan_keys(struct cli *cli, const struct question *question)
{
    cardinal_scan *scan;
    cardinal_status status =
        cardinal_scan_open(cli->client, question->table, &question->selector, question->columns.at,
                           question->columns.count, question->limit, &scan);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    struct estimates_out out = { 0 };
    status = print_scan(cli, question->rse, scan, &out);
    bool done = estimates_out_end(&out);
    enum exit_status result = EXIT_DONE;
    if (status != CARDINAL_OK)
        result = cli_failed(cli, status);
    else if (!done)
        result = cli_no_memory();
    cardinal_scan_close(scan);
    return result;
}

int scan_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        KEY_CHOICE_RANGE_OPTIONS,
        { "limit", KEY_QUESTION_LIMIT, "N", 0, "Keys at most (default every one)", 0 },
        QUESTION_COLUMNS_OPTION,
        QUESTION_RSE_OPTION,
        { 0 },
    };
    struct question question = { 0 };
    enum exit_status result = question_read(&question, cli, command, options, 1, 1, argc, argv);
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = scan_keys(cli, &question);
    question_release(&question);
    return (int)result;
}
