/* ping, stats, checkpoint and backup. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
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
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
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

/* What the server wrote, a snapshot or a backup. */
static enum exit_status print_written(const struct cli *cli, const char *what, uint64_t snapshot,
                                      uint64_t tables, uint64_t keys, uint64_t bytes)
{
    if (!cli->json) {
        (void)printf("%s %" PRIu64 ": %" PRIu64 " tables, %" PRIu64 " keys, %" PRIu64 " bytes\n",
                     what, snapshot, tables, keys, bytes);
        return EXIT_DONE;
    }
    struct json json = json_begin();
    json_uint(&json, "snapshot", snapshot);
    json_uint(&json, "tables", tables);
    json_uint(&json, "keys", keys);
    json_uint(&json, "bytes", bytes);
    return json_end(&json, stdout) ? EXIT_DONE : cli_no_memory();
}

int checkpoint_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { 0 };
    struct positional words;
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
    if (result != EXIT_DONE)
        return (int)result;
    cardinal_checkpoint_result made;
    cardinal_status status = cardinal_checkpoint(cli->client, &made);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_written(cli, "snapshot", made.snapshot, made.tables, made.keys, made.bytes);
}

/* The path from the root on, of one that may be from here on; to be freed. */
static char *whole_path(const char *path)
{
    char *here = path[0] == '/' ? NULL : get_current_dir_name();
    char *whole = NULL;
    if (path[0] == '/')
        return strdup(path);
    if (here != NULL && asprintf(&whole, "%s/%s", here, path) < 0)
        whole = NULL;
    free(here);
    return whole;
}

int backup_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    const struct arguments_spec spec = { .least = 1, .most = 1 };
    struct positional words;
    enum exit_status result = command_begin(cli, command, &spec, argc, argv, &words);
    if (result != EXIT_DONE)
        return (int)result;
    char *directory = whole_path(words.at[0]);
    if (directory == NULL)
        return (int)cli_no_memory();
    cardinal_backup_result made;
    cardinal_status status = cardinal_backup(cli->client, directory, &made);
    free(directory);
    if (status != CARDINAL_OK)
        return (int)cli_failed(cli, status);
    return (int)print_written(cli, "backup of snapshot", made.snapshot, made.tables, made.keys,
                              made.bytes);
}
