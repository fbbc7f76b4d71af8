/* table list and show. */
#include <stdio.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/grid.h"
#include "client/cli/table_out.h"

enum {
    KEY_DIGEST = 0x100,
};

struct listing {
    struct grid *grid; /* NULL: JSON */
    bool no_memory;
};

static bool list_table(const cardinal_table *table, void *arg)
{
    struct listing *listing = arg;
    if (listing->grid != NULL)
        table_out_row(listing->grid, table);
    else if (!table_out_json(table, false))
        listing->no_memory = true;
    return !listing->no_memory;
}

static enum exit_status list_tables(struct cli *cli, const char *prefix)
{
    struct listing listing = { 0 };
    if (!cli->json) {
        listing.grid = grid_new(stdout, TABLE_OUT_GRID_COLUMNS);
        if (listing.grid == NULL)
            return cli_no_memory();
        table_out_head(listing.grid);
    }
    cardinal_status status = cardinal_table_list(cli->client, prefix, list_table, &listing);
    if (listing.grid != NULL && !grid_end(listing.grid))
        listing.no_memory = true;
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    return listing.no_memory ? cli_no_memory() : EXIT_DONE;
}

int table_list_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { .most = 1 };
    struct positional words;
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
    if (result != EXIT_DONE)
        return (int)result;
    return (int)list_tables(cli, words.count > 0 ? words.at[0] : NULL);
}

static bool take_digest(int key, char *arg, void *input)
{
    bool *digest = input;
    (void)key;
    (void)arg;
    *digest = true;
    return true;
}

int table_show_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "digest", KEY_DIGEST, 0, 0,
          "Print the digest over keys and registers too (reads them all)", 0 },
        { 0 },
    };
    bool digest = false;
    const struct arguments_spec spec = { options, take_digest, &digest, 1, 1 };
    struct positional words;
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_table *table;
    cardinal_status status = cardinal_table_describe(cli->client, words.at[0], digest, &table);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    if (!cli->json)
        table_out_text(table, digest);
    else if (!table_out_json(table, digest))
        result = cli_no_memory();
    cardinal_table_free(table);
    return (int)result;
}
