/* The command line where there is no server, or no need of one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/cli_run.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

static const char program[] = PROGRAM_CARDINAL;

/* A discard port that nothing listens on, should anything be sent after all. */
#define NOWHERE "tcp://127.0.0.1:9"

/* Wrong usage: one line, that begins with the program's name, and 2. */
static void assert_usage(const char *text, const char *const *arguments)
{
    const char *argv[32] = { program };
    struct run run;
    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[i + 1] = arguments[i];
    run_program(&run, argv);
    ck_assert_msg(run.exit_status == 2, "exit status %d: '%s'", run.exit_status, run.err);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, text) != NULL, "'%s' does not say '%s'", run.err, text);
    ck_assert_int_eq(strncmp(run.err, "cardinal", 8), 0);
    ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + run.err_len - 1);
    run_release(&run);
}

#define USAGE(text, ...) assert_usage(text, ARGUMENTS(__VA_ARGS__))

START_TEST(cli_tells_unknown_commands_and_options)
{
    assert_usage("no command", (const char *const[]){ NULL });
    USAGE("no such command: 'frob'", "frob");
    USAGE("create, alter, drop, list and show", "table");
    USAGE("no such command: 'table frob'", "table", "frob");
    USAGE("unrecognized option '--frob'", "--frob", "ping");
    USAGE("unrecognized option '--frob'", "ping", "--frob");
    USAGE("option '--server' requires an argument", "--server");
}
END_TEST

START_TEST(cli_tells_wrong_global_options)
{
    USAGE("--server: 'localhost:7410' is neither", "--server", "localhost:7410", "ping");
    USAGE("--timeout: 'soon' is not a number of seconds", "--timeout", "soon", "ping");
    USAGE("--timeout: '0' is not", "--timeout", "0", "ping");
    USAGE("--timeout: '-1' is not", "--timeout=-1", "ping");
    USAGE("--timeout: 'nan' is not", "--timeout", "nan", "ping");
}
END_TEST

START_TEST(cli_tells_wrong_numbers_of_arguments)
{
    USAGE("ping: too many arguments", "ping", "x");
    USAGE("stats: too many arguments", "stats", "x");
    USAGE("table create: too few arguments", "table", "create", "--columns", "a");
    USAGE("table drop: too few arguments", "table", "drop");
    USAGE("table list: too many arguments", "table", "list", "a", "b");
    USAGE("table show: too few arguments", "table", "show");
    USAGE("add: too few arguments", "add", "t", "k", "c");
    USAGE("count: too few arguments", "count", "t");
    USAGE("scan: too many arguments", "scan", "t", "k");
    USAGE("load: too few arguments", "load", "t", "--fields", "a", "--key", "a");
}
END_TEST

START_TEST(cli_tells_wrong_acknowledgements)
{
    USAGE("--ack: 'disk' is neither memory nor durable", "table", "create", "t", "--columns", "c",
          "--ack", "disk");
    USAGE("--ack: 'disk' is neither", "add", "t", "k", "c", "v", "--ack", "disk");
    USAGE("--ack: '' is neither", "load", "t", "f", "--fields", "a", "--key", "a", "--ack", "");
}
END_TEST

START_TEST(cli_tells_wrong_options_of_tables)
{
    USAGE("--columns is needed", "table", "create", "t");
    USAGE("--columns: an empty name in 'a,,b'", "table", "create", "t", "--columns", "a,,b");
    USAGE("--precision: '3' is not a whole number from 4 to 18", "table", "create", "t",
          "--precision", "3");
    USAGE("--hash: 'md5' is neither", "table", "create", "t", "--hash", "md5");
    USAGE("--seed: '-1' is not a whole number", "table", "create", "t", "--seed=-1");
    USAGE("nothing to do", "table", "alter", "t");
}
END_TEST

START_TEST(cli_wants_keys_chosen_in_one_way)
{
    USAGE("exclude one another", "union", "t", "--all", "k");
    USAGE("exclude one another", "union", "t", "--prefix", "a", "--from", "b");
    USAGE("exclude one another", "scan", "t", "--prefix", "a", "--to", "b");
    USAGE("delete: which keys?", "delete", "t");
    USAGE("say --all", "delete", "t", "--prefix", "");
    USAGE("say --all", "delete", "t", "--from", "", "--to", "");
    USAGE("a backslash begins none of", "count", "t", "a\\q");
    USAGE("a backslash begins none of", "scan", "t", "--prefix", "\\x1");
    USAGE("--limit: '0' is not", "scan", "t", "--limit", "0");
}
END_TEST

START_TEST(cli_tells_wrong_options_of_load)
{
    USAGE("--fields is needed", "load", "t", "-", "--key", "a");
    USAGE("--key is needed", "load", "t", "-", "--fields", "a");
    USAGE("--key: no field 'b'", "load", "t", "-", "--fields", "a", "--key", "b");
    USAGE("--columns: 'x' is not of the form", "load", "t", "-", "--fields", "a", "--key", "a",
          "--columns", "x");
    USAGE("--columns: 'date' is no type", "load", "t", "-", "--fields", "a", "--key", "a",
          "--columns", "x=a:date");
    USAGE("--format: 'xml' is neither", "load", "t", "-", "--format", "xml");
    USAGE("--skip-bad: 'all' is not", "load", "t", "-", "--skip-bad", "all");
    USAGE("--max-line: '0' is not", "load", "t", "-", "--max-line", "0");
}
END_TEST

static void assert_help(const char *const *argv, const char *text)
{
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.err, "");
    ck_assert_msg(strstr(run.out, text) != NULL, "'%s' does not say '%s'", run.out, text);
    run_release(&run);
}

START_TEST(cli_explains_itself_and_every_command)
{
    static const char *const commands[] = { "ping", "stats", "load",   "add",
                                            "scan", "count", "delete", "union" };
    static const char *const verbs[] = { "create", "alter", "drop", "list", "show" };
    assert_help(ARGUMENTS(program, "--help"), "tcp://127.0.0.1:7410");
    assert_help(ARGUMENTS(program, "--help"), "table create");
    assert_help(ARGUMENTS(program, "--version"), "cardinal 0.1.0\n");
    assert_help(ARGUMENTS(program, "load", "--help"), "1048576");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "Usage: cardinal %s ", commands[i]);
        assert_help(ARGUMENTS(program, commands[i], "--help"), usage);
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "Usage: cardinal table %s ", verbs[i]);
        assert_help(ARGUMENTS(program, "table", verbs[i], "--help"), usage);
    }
}
END_TEST

START_TEST(cli_without_a_server_exits_with_3)
{
    char socket_file[160] = "unix://";
    scratch_path(socket_file + 7, sizeof socket_file - 7, "nobody");
    CLI_FAILS(NOWHERE, 3, "cardinal: ", "ping");
    CLI_FAILS(NOWHERE, 3, "cardinal: ", "table", "list");
    CLI_FAILS(NOWHERE, 3, "cardinal: ", "load", "t", "-", "--fields", "a", "--key", "a");
    CLI_FAILS(socket_file, 3, "nobody", "--json", "stats");
}
END_TEST

START_TEST(cli_takes_the_server_from_the_environment)
{
    const char *const argv[] = { program, "ping", NULL };
    struct run run;
    setenv("CARDINAL_SERVER", "unix:///nonexistent/socket", 1);
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 3);
    ck_assert_ptr_nonnull(strstr(run.err, "/nonexistent/socket"));
    run_release(&run);
}
END_TEST

START_TEST(cli_tells_an_input_that_cannot_be_opened)
{
    CLI_FAILS(NOWHERE, 4, "cannot open '/nonexistent/file': No such file", "load", "t",
              "/nonexistent/file", "--fields", "a", "--key", "a");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cli_tells_unknown_commands_and_options,   cli_tells_wrong_global_options,
        cli_tells_wrong_numbers_of_arguments,     cli_tells_wrong_acknowledgements,
        cli_tells_wrong_options_of_tables,        cli_wants_keys_chosen_in_one_way,
        cli_tells_wrong_options_of_load,          cli_explains_itself_and_every_command,
        cli_without_a_server_exits_with_3,        cli_takes_the_server_from_the_environment,
        cli_tells_an_input_that_cannot_be_opened,
    };
    return RUN_INTEGRATION("cli_usage", tests);
}
