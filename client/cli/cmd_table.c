/* table create, alter and drop. */
#include <stdio.h>
#include <string.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/json_out.h"
#include "client/cli/table_out.h"
#include "client/cli/words.h"

enum {
    KEY_COLUMNS = 0x100,
    KEY_PRECISION,
    KEY_HASH,
    KEY_SEED,
    KEY_IF_NOT_EXISTS,
    KEY_ROLLUP,
    KEY_ACK,
    KEY_ADD,
    KEY_DROP,
    KEY_RENAME,
};

struct create {
    cardinal_table_spec spec;
    const char *columns;
};

static bool take_hash(cardinal_table_spec *spec, const char *arg)
{
    if (table_hash_parse(arg, &spec->hash))
        return true;
    complain("--hash: '%s' is neither xxh3 nor murmur64a", arg);
    return false;
}

static bool take_rollup(cardinal_table_spec *spec, const char *arg)
{
    spec->no_rollup = strcmp(arg, "off") == 0;
    if (spec->no_rollup || strcmp(arg, "on") == 0)
        return true;
    complain("--rollup: '%s' is neither on nor off", arg);
    return false;
}

static bool take_create(int key, char *arg, void *input)
{
    struct create *create = input;
    uint64_t number;
    switch (key) {
    case KEY_COLUMNS:
        create->columns = arg;
        return true;
    case KEY_PRECISION:
        if (!option_uint("--precision", arg, 4, 18, &number))
            return false;
        create->spec.precision = (unsigned)number;
        return true;
    case KEY_HASH:
        return take_hash(&create->spec, arg);
    case KEY_SEED:
        return option_uint("--seed", arg, 0, UINT64_MAX, &create->spec.seed);
    case KEY_ROLLUP:
        return take_rollup(&create->spec, arg);
    case KEY_ACK:
        return option_ack(arg, &create->spec.ack);
    default:
        create->spec.if_not_exists = true;
        return true;
    }
}

static enum exit_status print_created(const struct cli *cli, const cardinal_table *table,
                                      bool created)
{
    if (cli->json) {
        struct json json = json_begin();
        json_text(&json, "table", table->name);
        json_uint(&json, "id", table->id);
        json_bool(&json, "created", created);
        return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
    }
    (void)printf(created ? "made table '%s'\n" : "table '%s' was there already\n", table->name);
    return EXIT_DONE;
}

static enum exit_status create_table(struct cli *cli, const cardinal_table_spec *spec)
{
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return result;
    bool created;
    cardinal_table *table;
    cardinal_status status = cardinal_table_create(cli->client, spec, &created, &table);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    result = print_created(cli, table, created);
    cardinal_table_free(table);
    return result;
}

int table_create_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "columns", KEY_COLUMNS, "C1,C2,..", 0, "Names of the columns, 1 to 256 (needed)", 0 },
        { "precision", KEY_PRECISION, "P", 0, "2^P registers a sketch, 4 to 18 (default 14)", 0 },
        { "hash", KEY_HASH, "NAME", 0,
          "How values are hashed: xxh3, or murmur64a as Redis and Doris do (default xxh3)", 0 },
        { "seed", KEY_SEED, "N", 0, "Seed of the hash (default 0)", 0 },
        { "rollup", KEY_ROLLUP, "on|off", 0,
          "Keep the union over all keys, so that it need not be computed (default on)", 0 },
        { "ack", KEY_ACK, "memory|durable", 0,
          "When writes are answered that do not say: once they are visible, or once they are on "
          "disk (default as the server says)",
          0 },
        { "if-not-exists", KEY_IF_NOT_EXISTS, 0, 0, "Leave a table that is there as it is", 0 },
        { 0 },
    };
    struct create create = { .spec = CARDINAL_TABLE_SPEC_INIT };
    const struct arguments_spec spec = { options, take_create, &create, 1, 1 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    if (create.columns == NULL) {
        complain("table create: --columns is needed");
        return EXIT_USAGE;
    }
    struct words columns;
    enum exit_status result = option_words("--columns", create.columns, &columns);
    if (result != EXIT_DONE)
        return (int)result;
    create.spec.name = words.at[0];
    create.spec.columns = columns.at;
    create.spec.column_count = columns.count;
    result = create_table(cli, &create.spec);
    words_release(&columns);
    return (int)result;
}

struct names {
    const char *at[CARDINAL_COLUMNS_MAX];
    size_t count;
};

struct alter {
    struct names add;
    struct names drop;
    const char *rename_to;
};

static bool take_name(struct names *names, const char *option, const char *arg)
{
    if (names->count == CARDINAL_COLUMNS_MAX) {
        complain("%s: more than %d columns", option, CARDINAL_COLUMNS_MAX);
        return false;
    }
    names->at[names->count++] = arg;
    return true;
}

static bool take_alter(int key, char *arg, void *input)
{
    struct alter *alter = input;
    switch (key) {
    case KEY_ADD:
        return take_name(&alter->add, "--add", arg);
    case KEY_DROP:
        return take_name(&alter->drop, "--drop", arg);
    default:
        alter->rename_to = arg;
        return true;
    }
}

/* Says that something was done to a table. */
static enum exit_status print_done(const struct cli *cli, const char *table, const char *what)
{
    if (!cli->json) {
        (void)printf("%s '%s'\n", what, table);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_text(&json, "table", table);
    json_bool(&json, what, true);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int table_alter_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "add", KEY_ADD, "COLUMN", 0, "Add a column, empty for every key (repeatable)", 0 },
        { "drop", KEY_DROP, "COLUMN", 0, "Remove a column with what it holds (repeatable)", 0 },
        { "rename", KEY_RENAME, "NEW", 0, "Give the table another name", 0 },
        { 0 },
    };
    struct alter alter = { 0 };
    const struct arguments_spec spec = { options, take_alter, &alter, 1, 1 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    if (alter.add.count == 0 && alter.drop.count == 0 && alter.rename_to == NULL) {
        complain("table alter: nothing to do: one of --add, --drop and --rename is needed");
        return EXIT_USAGE;
    }
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_status status =
        cardinal_table_alter(cli->client, words.at[0], alter.add.at, alter.add.count, alter.drop.at,
                             alter.drop.count, alter.rename_to);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_done(cli, words.at[0], "altered");
}

int table_drop_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { .least = 1, .most = 1 };
    struct positional words;
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_status status = cardinal_table_drop(cli->client, words.at[0], false, NULL);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_done(cli, words.at[0], "dropped");
}
