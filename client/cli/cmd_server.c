/* ping, stats and checkpoint. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/grid.h"
#include "client/cli/json_out.h"

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static enum exit_status print_ping(const struct cli *cli, double ms)
{
    const char *version = cardinal_server_version(cli->client);
    if (!cli->json) {
        (void)printf("cardinald %s answered in %.3f ms\n", version, ms);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_text(&json, "version", version);
    json_fixed(&json, "milliseconds", ms, 3);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int ping_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { 0 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return (int)result;
    double begin = now_ms();
    cardinal_status status = cardinal_ping(cli->client);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_ping(cli, now_ms() - begin);
}

static enum exit_status print_stats_json(const cardinal_stats *stats)
{
    struct json json = json_begin();
    json_text(&json, "version", stats->version);
    for (size_t i = 0; i < stats->count; i++)
        json_uint(&json, stats->stats[i].name, stats->stats[i].value);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

static enum exit_status print_stats(const cardinal_stats *stats)
{
    struct grid *grid = grid_new(stdout, 2);
    if (grid == NULL)
        return cli_no_memory();
    grid_text(grid, "version");
    grid_text(grid, stats->version);
    for (size_t i = 0; i < stats->count; i++) {
        grid_text(grid, stats->stats[i].name);
        grid_uint(grid, stats->stats[i].value);
    }
    return grid_end(grid) ? EXIT_DONE : cli_no_memory();
}

int stats_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { 0 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_stats *stats;
    cardinal_status status = cardinal_stats_get(cli->client, &stats);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    result = cli->json ? print_stats_json(stats) : print_stats(stats);
    cardinal_stats_free(stats);
    return (int)result;
}

static enum exit_status print_checkpoint(const struct cli *cli,
                                         const cardinal_checkpoint_result *made)
{
    if (!cli->json) {
        (void)printf("snapshot %" PRIu64 ": %" PRIu64 " tables, %" PRIu64 " keys, %" PRIu64
                     " bytes\n",
                     made->snapshot, made->tables, made->keys, made->bytes);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_uint(&json, "snapshot", made->snapshot);
    json_uint(&json, "tables", made->tables);
    json_uint(&json, "keys", made->keys);
    json_uint(&json, "bytes", made->bytes);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int checkpoint_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { 0 };
    struct positional words;
    if (!arguments_parse(cli, command, &spec, argc, argv, &words))
        return EXIT_USAGE;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_checkpoint_result made;
    cardinal_status status = cardinal_checkpoint(cli->client, &made);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_checkpoint(cli, &made);
}
