/* add and delete. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/json_out.h"
#include "client/cli/question.h"

static enum exit_status print_added(const struct cli *cli, const cardinal_batch_totals *totals)
{
    if (!cli->json) {
        (void)printf("values: %" PRIu64 ", of them changed the sketch: %" PRIu64 "\n",
                     totals->values, totals->changes);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_uint(&json, "values", totals->values);
    json_uint(&json, "changes", totals->changes);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

/* What `add` is to do; words are without escapes already. */
struct addition {
    const char *table;
    const char *column;
    cardinal_key key;
    struct key_choice values;
    cardinal_ack ack;
};

static enum exit_status add_values(struct cli *cli, const struct addition *add)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch *batch;
    options.ack = add->ack;
    cardinal_status status =
        cardinal_batch_open(cli->client, add->table, &add->column, 1, &options, &batch);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    for (size_t i = 0; status == CARDINAL_OK && i < add->values.key_count; i++)
        status = cardinal_batch_string(batch, add->key.data, add->key.len, 0,
                                       add->values.keys[i].data, add->values.keys[i].len);
    if (status == CARDINAL_OK)
        status = cardinal_batch_flush(batch);
    enum exit_status result;
    if (status == CARDINAL_OK) {
        cardinal_batch_totals totals;
        cardinal_batch_get_totals(batch, &totals);
        result = print_added(cli, &totals);
    } else {
        result = cli_failed(cli, status);
    }
    cardinal_batch_close(batch);
    return result;
}

static bool take_ack(int key, char *arg, void *input)
{
    struct addition *add = input;
    (void)key; /* there is only one */
    return option_ack(arg, &add->ack);
}

int add_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = { ACK_OPTION, { 0 } };
    struct addition add = { .ack = CARDINAL_ACK_DEFAULT };
    const struct arguments_spec spec = { options, take_ack, &add, 4, SIZE_MAX };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    size_t key_len;
    if (!argument_bytes(words.at[1], &key_len))
        return EXIT_USAGE;
    add.table = words.at[0];
    add.key = (cardinal_key){ words.at[1], key_len };
    add.column = words.at[2];
    enum exit_status result = key_choice_words(&add.values, &words, 3);
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = add_values(cli, &add);
    key_choice_release(&add.values);
    return (int)result;
}

static enum exit_status delete_keys(struct cli *cli, const struct question *question)
{
    uint64_t deleted;
    cardinal_status status =
        cardinal_delete(cli->client, question->table, &question->selector, &deleted);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    if (!cli->json) {
        (void)printf("keys deleted: %" PRIu64 "\n", deleted);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_uint(&json, "deleted", deleted);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

/* A script's empty variable must not remove every key. */
static enum exit_status check_choice(const struct key_choice *choice)
{
    if (key_choice_ways(choice) == 0) {
        complain("delete: which keys? KEY..., --prefix, --from and --to, or --all is needed");
        return EXIT_USAGE;
    }
    if (key_choice_is_all_unsaid(choice)) {
        complain("delete: that is every key: say --all if it is meant");
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

int delete_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = { KEY_CHOICE_RANGE_OPTIONS,
                                                  KEY_CHOICE_ALL_OPTION,
                                                  { 0 } };
    struct question question = { 0 };
    enum exit_status result =
        question_read(&question, cli, command, options, 1, SIZE_MAX, argc, argv);
    if (result == EXIT_DONE)
        result = check_choice(&question.choice);
    if (result == EXIT_DONE)
        result = cli_connect(cli);
    if (result == EXIT_DONE)
        result = delete_keys(cli, &question);
    question_release(&question);
    return (int)result;
}
