/* cardinal: the command line of cardinald. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"

const char *argp_program_version = "cardinal " CARDINAL_VERSION;

static const struct command commands[] = {
    { "ping", ping_main, "", "Ask the server whether it is there" },
    { "stats", stats_main, "", "Print the server's figures" },
    { "checkpoint", checkpoint_main, "", "Have the server write a snapshot of everything to disk" },
    { "backup", backup_main, "DIR", "Have the server copy everything into a new directory" },
    { "table create", table_create_main, "NAME --columns C1,C2,..", "Make a table" },
    { "table alter", table_alter_main, "NAME", "Add columns to a table, drop some, rename it" },
    { "table drop", table_drop_main, "NAME", "Remove a table with all it holds" },
    { "table list", table_list_main, "[PREFIX]", "List tables" },
    { "table show", table_show_main, "NAME", "Describe a table" },
    { "load", load_main, "TABLE FILE|- --fields F1,F2,.. --key FIELD",
      "Count what the rows of a file hold" },
    { "add", add_main, "TABLE KEY COLUMN VALUE...", "Count some values" },
    { "count", count_main, "TABLE KEY...", "Estimate distinct values per key" },
    { "union", union_main, "TABLE [KEY...]", "Estimate distinct values over many keys together" },
    { "scan", scan_main, "TABLE", "Estimate distinct values per key, in key order" },
    { "top", top_main, "TABLE COLUMN [KEY...]", "List the keys with the most distinct values" },
    { "delete", delete_main, "TABLE [KEY...]", "Remove keys" },
    { "compare", compare_main, "TABLE COLUMN --a KEY.. --b KEY..",
      "Estimate how much two groups of keys overlap" },
    { "merge", merge_main, "TABLE INTO [KEY...]", "Merge what keys hold into one key" },
    { "export", export_main, "TABLE KEY COLUMN", "Write a sketch out as bytes" },
    { "import", import_main, "TABLE KEY COLUMN FILE|-", "Merge a sketch in from bytes" },
    { NULL, NULL, NULL, NULL },
};

/* The command that the words begin with; *words says how many it takes. */
static const struct command *find_command(int argc, char **argv, int *words)
{
    for (const struct command *c = commands; c->name != NULL; c++) {
        const char *space = strchr(c->name, ' ');
        size_t first = space == NULL ? strlen(c->name) : (size_t)(space - c->name);
        if (strlen(argv[0]) != first || strncmp(argv[0], c->name, first) != 0)
            continue;
        if (space != NULL && (argc < 2 || strcmp(argv[1], space + 1) != 0))
            continue;
        *words = space == NULL ? 1 : 2;
        return c;
    }
    return NULL;
}

static int unknown_command(int argc, char **argv)
{
    if (strcmp(argv[0], "table") != 0)
        complain("no such command: '%s': `cardinal --help' lists them", argv[0]);
    else if (argc < 2)
        complain("table: what with it? create, alter, drop, list and show are known");
    else
        complain("no such command: 'table %s': create, alter, drop, list and show are known",
                 argv[1]);
    return EXIT_USAGE;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
    int words;
    const struct command *command = find_command(argc, argv, &words);
    if (command == NULL)
        return unknown_command(argc, argv);
    char name[64]; /* argp begins its messages with it */
    (void)snprintf(name, sizeof name, "cardinal %s", command->name);
    argv[words - 1] = name;
    int status = command->main(cli, command, argc - words + 1, argv + words - 1);
    cardinal_close(cli->client);
    return status;
}

int main(int argc, char **argv)
{
    static char name[] = "cardinal";
    argp_err_exit_status = EXIT_USAGE;
    struct cli cli = { 0 };
    int command_at;
    if (argc > 0)
        argv[0] = name;
    if (!arguments_parse_global(&cli, commands, argc, argv, &command_at))
        return EXIT_USAGE;
    int status = run_command(&cli, argc - command_at, argv + command_at);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write the output");
        return status == EXIT_DONE ? EXIT_TROUBLE : status;
    }
    return status;
}
