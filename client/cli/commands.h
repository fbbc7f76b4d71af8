/* The commands: what stands in the table of main.c. Each reads its arguments,
 * connects, asks, prints, and returns an enum exit_status. */
#ifndef CARDINAL_CLI_COMMANDS_H
#define CARDINAL_CLI_COMMANDS_H

struct cli;
struct command;

typedef int command_main(struct cli *cli, const struct command *command, int argc, char **argv);

command_main ping_main;
command_main stats_main;
command_main checkpoint_main;
command_main backup_main;
command_main table_create_main;
command_main table_alter_main;
command_main table_drop_main;
command_main table_list_main;
command_main table_show_main;
command_main load_main;
command_main add_main;
command_main count_main;
command_main union_main;
command_main scan_main;
command_main delete_main;
command_main compare_main;
command_main top_main;
command_main merge_main;
command_main export_main;
command_main import_main;

#endif
