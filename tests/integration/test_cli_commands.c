/* Every command against a daemon, in text and in JSON. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/cli_run.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"

static const char program[] = PROGRAM_CARDINAL;
static struct daemon daemon_;
static const char *server;

static void start(void)
{
    daemon_start(&daemon_, DAEMON_TCP | DAEMON_UNIX, NULL);
    server = daemon_address(&daemon_);
}

/* Keys a, b, and one that is no UTF-8, with 3 and 1 values in x, 1 in y. */
static void fill(void)
{
    start();
    CLI_OK(server, "made table 't'\n", "table", "create", "t", "--columns", "x,y");
    CLI_OK(server, NULL, "add", "t", "a", "x", "1", "2", "3");
    CLI_OK(server, NULL, "add", "t", "b", "x", "3");
    CLI_OK(server, NULL, "add", "t", "\\xff\\t", "y", "1");
}

/* Runs it and demands that it writes one line with such a beginning and end. */
static void assert_line(const char *begin, const char *end, const char *const *arguments)
{
    const char *argv[16] = { program, "--server", server };
    struct run run;
    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[i + 3] = arguments[i];
    run_program(&run, argv);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_msg(strncmp(run.out, begin, strlen(begin)) == 0, "'%s' does not begin with '%s'",
                  run.out, begin);
    ck_assert_uint_ge(run.out_len, strlen(end));
    ck_assert_str_eq(run.out + run.out_len - strlen(end), end);
    ck_assert_ptr_eq(strchr(run.out, '\n'), run.out + run.out_len - 1);
    run_release(&run);
}

START_TEST(cli_pings_over_tcp_and_socket)
{
    start();
    assert_line("cardinald 0.1.0 answered in ", " ms\n", ARGUMENTS("ping"));
    assert_line("{\"version\":\"0.1.0\",\"milliseconds\":", "}\n", ARGUMENTS("ping", "--json"));
    server = daemon_.unix_address;
    assert_line("cardinald 0.1.0 answered in ", " ms\n", ARGUMENTS("ping"));
}
END_TEST

START_TEST(cli_prints_stats)
{
    start();
    assert_line("{\"version\":\"0.1.0\",\"uptime_ms\":", "}\n", ARGUMENTS("--json", "stats"));
    const char *const argv[] = { program, "--server", server, "stats", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, "\nresident_bytes "));
    run_release(&run);
}
END_TEST

START_TEST(cli_makes_and_drops_tables)
{
    start();
    CLI_OK(server, "made table 't'\n", "table", "create", "t", "--columns", "x,y");
    CLI_FAILS(server, 1, "'t'", "table", "create", "t", "--columns", "x,y");
    CLI_OK(server, "table 't' was there already\n", "table", "create", "t", "--columns", "x,y",
           "--if-not-exists");
    assert_line("{\"table\":\"t\",\"id\":", ",\"created\":false}\n",
                ARGUMENTS("--json", "table", "create", "t", "--columns", "x", "--if-not-exists"));
    CLI_OK(server, "dropped 't'\n", "table", "drop", "t");
    CLI_FAILS(server, 1, "'t'", "table", "drop", "t");
    assert_line("{\"table\":\"t\",\"id\":", ",\"created\":true}\n",
                ARGUMENTS("--json", "table", "create", "t", "--columns", "x"));
    CLI_OK(server, "{\"table\":\"t\",\"dropped\":true}\n", "table", "drop", "t", "--json");
    CLI_FAILS(server, 1, "key", "table", "create", "t", "--columns", "key");
    CLI_OK(server, "made table 't'\n", "table", "create", "t", "--columns", "x", "--rollup", "off");
    CLI_FAILS(server, 2, "'maybe'", "table", "create", "u", "--columns", "x", "--rollup", "maybe");
}
END_TEST

START_TEST(cli_alters_tables)
{
    start();
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "x,y");
    CLI_OK(server, "altered 't'\n", "table", "alter", "t", "--add", "z", "--add", "w", "--drop",
           "x", "--rename", "u");
    assert_line("{\"name\":\"u\",", "}\n", ARGUMENTS("--json", "table", "show", "u"));
    CLI_OK(server, "{\"table\":\"u\",\"altered\":true}\n", "--json", "table", "alter", "u",
           "--drop", "y");
    CLI_OK(server, "key  z  w\n", "scan", "u");
    CLI_FAILS(server, 1, "'t'", "table", "alter", "t", "--add", "a");
}
END_TEST

START_TEST(cli_lists_tables)
{
    start();
    CLI_OK(server, "name  columns  precision  keys  cells  bytes\n", "table", "list");
    CLI_OK(server, "", "table", "list", "--json");
    CLI_OK(server, NULL, "table", "create", "ab", "--columns", "x,y");
    CLI_OK(server, NULL, "table", "create", "b", "--columns", "x", "--precision", "10");
    CLI_OK(server,
           "name  columns  precision  keys  cells  bytes\n"
           "ab          2         14     0      0      0\n"
           "b           1         10     0      0      0\n",
           "table", "list");
    assert_line("{\"name\":\"ab\",\"id\":",
                ",\"columns\":[\"x\",\"y\"],\"precision\":14,\"hash\":"
                "\"xxh3\",\"seed\":0,\"keys\":0,\"cells\":0,\"bytes\":"
                "0}\n",
                ARGUMENTS("table", "list", "a", "--json"));
}
END_TEST

START_TEST(cli_shows_a_table_with_exact_numbers)
{
    fill();
    CLI_OK(server, NULL, "table", "create", "s", "--columns", "x", "--seed",
           "18446744073709551615");
    assert_line("{\"name\":\"s\",\"id\":",
                ",\"columns\":[\"x\"],\"precision\":14,\"hash\":\"xxh3\",\"seed\":"
                "18446744073709551615,\"keys\":0,\"cells\":0,\"bytes\":0}\n",
                ARGUMENTS("--json", "table", "show", "s"));
    struct wire wire;
    call_connect(&wire, server);
    char digest[64];
    snprintf(digest, sizeof digest, ",\"digest\":\"%016" PRIx64 "\"}\n", call_digest(&wire, "t"));
    wire_close(&wire);
    assert_line("{\"name\":\"t\",", digest, ARGUMENTS("table", "show", "t", "--digest", "--json"));
    const char *const argv[] = { program, "--server", server, "table", "show", "t", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_ptr_nonnull(strstr(run.out, "name       t\nid         "));
    ck_assert_ptr_nonnull(strstr(run.out, "\ncolumns    x,y\nprecision  14\nhash       xxh3\n"
                                          "seed       0\nkeys       3\ncells      3\nbytes      "));
    run_release(&run);
}
END_TEST

START_TEST(cli_adds_values)
{
    start();
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "x");
    CLI_OK(server, "values: 3, of them changed the sketch: 2\n", "add", "t", "k", "x", "a", "b",
           "a");
    CLI_OK(server, "{\"values\":2,\"changes\":1}\n", "add", "t", "k", "x", "a", "\\x00", "--json");
    CLI_OK(server, "values: 1, of them changed the sketch: 1\n", "add", "t", "--", "-k", "x", "-1");
    CLI_FAILS(server, 1, "'nope'", "add", "t", "k", "nope", "a");
    CLI_FAILS(server, 1, "'nope'", "add", "nope", "k", "x", "a");
}
END_TEST

START_TEST(cli_counts_keys_in_the_order_of_the_request)
{
    fill();
    CLI_OK(server,
           "key     x  y\n"
           "b       1  0\n"
           "nobody  0  0\n"
           "\\xff\\t  0  1\n"
           "a       3  0\n",
           "count", "t", "b", "nobody", "\\xff\\x09", "a");
    CLI_OK(server,
           "{\"key\":\"b\",\"x\":1,\"y\":0}\n"
           "{\"key_base64\":\"/wk=\",\"x\":0,\"y\":1}\n",
           "--json", "count", "t", "b", "\\xff\\t");
    CLI_OK(server, "{\"key\":\"a\",\"y\":0,\"x\":3}\n", "--json", "count", "t", "a", "--columns",
           "y,x");
    CLI_FAILS(server, 1, "'z'", "count", "t", "a", "--columns", "z");
}
END_TEST

START_TEST(cli_takes_the_empty_key_for_a_key)
{
    start();
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "x");
    CLI_OK(server, NULL, "add", "t", "", "x", "");
    CLI_OK(server, "{\"key\":\"\",\"x\":1}\n", "count", "t", "", "--json");
    CLI_OK(server, "key  x\n     1\n", "scan", "t");
    CLI_OK(server, "keys deleted: 1\n", "delete", "t", "");
}
END_TEST

START_TEST(cli_unites_keys)
{
    fill();
    CLI_OK(server, "keys  x  y\n3     3  1\n", "union", "t", "--all");
    CLI_OK(server, "{\"keys\":3,\"x\":3,\"y\":1}\n", "union", "t", "--json", "--all");
    CLI_OK(server, "{\"keys\":3,\"x\":3,\"y\":1}\n", "union", "t", "--json");
    CLI_OK(server, "{\"keys\":1,\"x\":1}\n", "union", "t", "--json", "b", "b", "nobody",
           "--columns", "x");
    CLI_OK(server, "{\"keys\":1,\"x\":3,\"y\":0}\n", "union", "t", "--json", "--prefix", "a");
    CLI_OK(server, "{\"keys\":2,\"x\":1,\"y\":1}\n", "union", "t", "--json", "--from", "b");
    CLI_OK(server, "{\"keys\":1,\"x\":3,\"y\":0}\n", "union", "t", "--json", "--to", "b");
    CLI_OK(server, "{\"keys\":0,\"x\":0,\"y\":0}\n", "union", "t", "--json", "nobody");
    CLI_FAILS(server, 1, "'nope'", "union", "nope", "--all");
}
END_TEST

START_TEST(cli_lists_the_keys_with_the_most)
{
    fill();
    CLI_OK(server, "key  x\na    3\nb    1\n", "top", "t", "x");
    CLI_OK(server, "{\"key\":\"a\",\"x\":3}\n", "top", "t", "x", "-n", "1", "--json");
    CLI_OK(server, "{\"key\":\"b\",\"x\":1}\n", "top", "t", "x", "--json", "--prefix", "b");
    CLI_OK(server, "{\"key\":\"b\",\"x\":1}\n", "top", "t", "x", "--json", "nobody", "b");
    CLI_OK(server, "", "top", "t", "x", "--json", "--prefix", "zzz");
    CLI_FAILS(server, 1, "'nope'", "top", "nope", "x");
    CLI_FAILS(server, 1, "'nope'", "top", "t", "nope");
    CLI_FAILS(server, 2, "10001", "top", "t", "x", "-n", "10001");
    CLI_FAILS(server, 2, "exclude one another", "top", "t", "x", "a", "--all");
}
END_TEST

START_TEST(cli_scans_in_key_order)
{
    fill();
    CLI_OK(server, "key     x  y\na       3  0\nb       1  0\n\\xff\\t  0  1\n", "scan", "t");
    CLI_OK(server, "{\"key\":\"a\",\"x\":3,\"y\":0}\n{\"key\":\"b\",\"x\":1,\"y\":0}\n", "scan",
           "t", "--json", "--limit", "2");
    CLI_OK(server, "{\"key\":\"b\",\"x\":1}\n", "scan", "t", "--json", "--from", "b", "--to",
           "\\xff", "--columns", "x");
    CLI_OK(server, "", "scan", "t", "--json", "--prefix", "zzz");
    CLI_FAILS(server, 1, "'nope'", "scan", "nope");
}
END_TEST

START_TEST(cli_deletes_keys)
{
    fill();
    CLI_OK(server, "keys deleted: 1\n", "delete", "t", "b", "nobody", "b");
    CLI_OK(server, "{\"deleted\":1}\n", "--json", "delete", "t", "--prefix", "\\xff");
    CLI_OK(server, "keys deleted: 0\n", "delete", "t", "--from", "x", "--to", "y");
    CLI_OK(server, "keys deleted: 1\n", "delete", "t", "--all");
    CLI_FAILS(server, 1, "'nope'", "delete", "nope", "--all");
}
END_TEST

START_TEST(cli_tells_output_that_cannot_be_written)
{
    fill();
    char command[512];
    snprintf(command, sizeof command, "exec %s --server %s scan t >/dev/full", program, server);
    const char *const argv[] = { "sh", "-c", command, NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 5);
    ck_assert_str_eq(run.err, "cardinal: cannot write the output\n");
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cli_pings_over_tcp_and_socket,
        cli_prints_stats,
        cli_makes_and_drops_tables,
        cli_alters_tables,
        cli_lists_tables,
        cli_shows_a_table_with_exact_numbers,
        cli_adds_values,
        cli_counts_keys_in_the_order_of_the_request,
        cli_takes_the_empty_key_for_a_key,
        cli_unites_keys,
        cli_scans_in_key_order,
        cli_lists_the_keys_with_the_most,
        cli_deletes_keys,
        cli_tells_output_that_cannot_be_written,
    };
    return RUN_INTEGRATION("cli_commands", tests);
}
