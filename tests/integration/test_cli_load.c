/* `cardinal load`: what is counted, and what every fault of the input leads to. */
#include <check.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/integration/cli_run.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

static const char program[] = PROGRAM_CARDINAL;
static struct daemon daemon_;
static const char *server;

static void start(void)
{
    daemon_start(&daemon_, DAEMON_TCP, NULL);
    server = daemon_address(&daemon_);
}

/* What a load from stdin comes to: its exit status, counts and message. */
struct loaded {
    int exit_status;
    unsigned rows;
    unsigned values;
    unsigned bad_rows;
    const char *err;
};

static unsigned count_of(const cJSON *summary, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(summary, name);
    ck_assert_msg(cJSON_IsNumber(item), "no number '%s'", name);
    return (unsigned)item->valuedouble;
}

/* Loads text into a table t, made if there is none, of fields k and v with key k. */
static void load(const char *text, size_t len, const struct loaded *want,
                 const char *const *options)
{
    const char *argv[32] = { program,    "--server", server,  "load", "t",      "-",
                             "--fields", "k,v",      "--key", "k",    "--json", "--create" };
    size_t count = 12;
    for (size_t i = 0; options[i] != NULL; i++)
        argv[count++] = options[i];
    struct run run;
    run_start(&run, argv, text, len);
    run_finish(&run, PROCESS_TIMEOUT_MS);
    ck_assert_msg(run.exit_status == want->exit_status, "exit status %d: %s", run.exit_status,
                  run.err);
    ck_assert_str_eq(run.err, want->err);
    cJSON *summary = cJSON_Parse(run.out);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(summary, "table")), "t");
    ck_assert_uint_eq(count_of(summary, "rows"), want->rows);
    ck_assert_uint_eq(count_of(summary, "values"), want->values);
    ck_assert_uint_eq(count_of(summary, "bad_rows"), want->bad_rows);
    ck_assert_uint_le(count_of(summary, "changes"), want->values);
    cJSON_Delete(summary);
    run_release(&run);
}

#define LOAD(text, want, ...) load(text, sizeof(text) - 1, want, ARGUMENTS(__VA_ARGS__))

/* A load that the second row stops: the first one stays, the third is not reached. */
static void assert_stops(const char *bad_row, size_t bad_len, const char *err,
                         const char *const *options)
{
    char text[4096] = "a\t1\n";
    size_t len = strlen(text);
    ck_assert_uint_lt(len + bad_len + 6, sizeof text);
    memcpy(text + len, bad_row, bad_len);
    len += bad_len;
    len += (size_t)snprintf(text + len, sizeof text - len, "\nc\t3\n");
    load(text, len, &(struct loaded){ 4, 1, 2, 1, err }, options);
    CLI_OK(server, "{\"key\":\"a\",\"k\":1,\"v\":1}\n", "scan", "t", "--json");
    CLI_OK(server, NULL, "table", "drop", "t");
}

#define STOPS(bad_row, err, ...)                                                                   \
    assert_stops(bad_row, sizeof(bad_row) - 1, err, ARGUMENTS(__VA_ARGS__))

START_TEST(load_counts_every_field_under_its_name)
{
    start();
    LOAD("a\t1\na\t2\nb\t2\n", (&(struct loaded){ 0, 3, 6, 0, "" }), "--format", "tsv");
    CLI_OK(server, "key  k  v\na    1  2\nb    1  1\n", "scan", "t");
}
END_TEST

START_TEST(load_reads_a_file_and_sums_up_in_words)
{
    char path[200];
    start();
    FILE *file = fopen(scratch_path(path, sizeof path, "rows.tsv"), "w");
    fputs("a\t1\nb\t2\n", file);
    fclose(file);
    const char *const argv[] = { program,    "--server", server,  "load", "t",        path,
                                 "--fields", "k,v",      "--key", "k",    "--create", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.err, "");
    ck_assert_int_eq(strncmp(run.out, "2 rows, 4 values, 0 bad rows, ", 30), 0);
    ck_assert_ptr_nonnull(strstr(run.out, " seconds\n"));
    run_release(&run);
}
END_TEST

START_TEST(load_needs_a_table_unless_told_to_make_it)
{
    start();
    CLI_FAILS(server, 1, "'t'", "load", "t", "-", "--fields", "a", "--key", "a");
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "x");
    CLI_FAILS(server, 1, "'a'", "load", "t", "-", "--fields", "a", "--key", "a");
}
END_TEST

START_TEST(load_tells_integers_doubles_and_strings_apart)
{
    start();
    LOAD("a\t5\na\t05\na\t+5\n", (&(struct loaded){ 0, 3, 9, 0, "" }), "--columns",
         "i=v:int,d=v:double,s=v:string");
    CLI_OK(server, "{\"key\":\"a\",\"i\":1,\"d\":1,\"s\":3}\n", "count", "t", "a", "--json");
    CLI_OK(server, "{\"values\":1,\"changes\":1}\n", "add", "t", "a", "i", "5", "--json");
}
END_TEST

START_TEST(load_twice_is_load_once)
{
    start();
    LOAD("a\t1\nb\t2\n", (&(struct loaded){ 0, 2, 4, 0, "" }), "--create");
    LOAD("b\t2\na\t1\n", (&(struct loaded){ 0, 2, 4, 0, "" }), "--create");
    CLI_OK(server, "key  k  v\na    1  1\nb    1  1\n", "scan", "t");
}
END_TEST

START_TEST(load_takes_crlf_and_a_last_row_without_line_end)
{
    start();
    LOAD("a\t1\r\na\t1\nb\t1", (&(struct loaded){ 0, 3, 6, 0, "" }), "--create");
    CLI_OK(server, "{\"key\":\"a\",\"k\":1,\"v\":1}\n{\"key\":\"b\",\"k\":1,\"v\":1}\n", "scan",
           "t", "--json");
}
END_TEST

START_TEST(load_counts_empty_strings_but_not_nulls)
{
    start();
    LOAD("a\t\na\t\\N\nb\t\\N\n\t\n", (&(struct loaded){ 0, 4, 6, 0, "" }), "--create");
    CLI_OK(server, "key  k  v\n     1  1\na    1  1\nb    1  0\n", "scan", "t");
    CLI_OK(server, NULL, "table", "drop", "t");
    LOAD("a\t\\N\na\tnull\n", (&(struct loaded){ 0, 2, 3, 0, "" }), "--null", "null");
    CLI_OK(server, NULL, "table", "drop", "t");
    LOAD("a\t\n", (&(struct loaded){ 0, 1, 1, 0, "" }), "--null", "");
}
END_TEST

START_TEST(load_makes_no_key_of_a_row_without_values)
{
    start();
    LOAD("a\t\\N\nb\t1\n", (&(struct loaded){ 0, 2, 1, 0, "" }), "--columns", "v=v");
    CLI_OK(server, "key  v\nb    1\n", "scan", "t");
}
END_TEST

START_TEST(load_takes_tsv_bytes_as_they_are)
{
    start();
    LOAD("a\\tb\t\"x\"\n\xff\t1\n", (&(struct loaded){ 0, 2, 4, 0, "" }), "--create");
    CLI_OK(server,
           "{\"key\":\"a\\\\tb\",\"k\":1,\"v\":1}\n{\"key_base64\":\"/w==\",\"k\":1,\"v\":1}\n",
           "scan", "t", "--json");
}
END_TEST

START_TEST(load_reads_csv)
{
    start();
    LOAD("a,\"1,\"\"2\"\"\"\r\n\"a\",\"x\r\ny\"\n b ,\\N\nlast,1",
         (&(struct loaded){ 0, 4, 7, 0, "" }), "--format", "csv");
    CLI_OK(server,
           "{\"key\":\" b \",\"k\":1,\"v\":0}\n"
           "{\"key\":\"a\",\"k\":1,\"v\":2}\n"
           "{\"key\":\"last\",\"k\":1,\"v\":1}\n",
           "scan", "t", "--json");
}
END_TEST

START_TEST(load_stops_at_the_first_bad_row_and_keeps_what_was_before)
{
    start();
    STOPS("b", "cardinal: stdin:2: too few fields: 1 instead of 2\n", "--create");
    STOPS("b\t2\t3", "cardinal: stdin:2: too many fields: 3 instead of 2\n", "--create");
    STOPS("b\t2\0", "cardinal: stdin:2: a NUL byte\n", "--create");
    STOPS("\\N\t2", "cardinal: stdin:2: the key is NULL\n", "--create");
    STOPS("b\t2.5", "cardinal: stdin:2: field 'v': '2.5' is not a number of type int\n",
          "--columns", "k=k,v=v:int");
    STOPS("b\t", "cardinal: stdin:2: field 'v': '' is not a number of type double\n", "--columns",
          "k=k,v=v:double");
    STOPS(
        "b\t9223372036854775808",
        "cardinal: stdin:2: field 'v': '9223372036854775808' is not a number in the range of type "
        "int\n",
        "--columns", "k=k,v=v:int");
    STOPS("bbbbb\tbbbbb", "cardinal: stdin:2: line too long: over 10 bytes\n", "--max-line", "10");
}
END_TEST

START_TEST(load_refuses_keys_over_1024_bytes)
{
    char text[1030];
    start();
    memset(text, 'k', sizeof text);
    text[1025] = '\t';
    text[1026] = '1';
    assert_stops(text, 1027, "cardinal: stdin:2: key too long: 1025 bytes, 1024 at most\n",
                 ARGUMENTS("--create"));
}
END_TEST

START_TEST(load_refuses_a_line_over_a_megabyte_unless_told_otherwise)
{
    size_t len = (1u << 20) + 4;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    start();
    memset(text, 'x', len);
    text[0] = 'k';
    text[1] = '\t';
    text[len - 1] = '\n';
    load(text, len,
         &(struct loaded){ 4, 0, 0, 1,
                           "cardinal: stdin:1: line too long: over 1048576 "
                           "bytes\n" },
         ARGUMENTS("--create"));
    load(text, len, &(struct loaded){ 0, 1, 2, 0, "" }, ARGUMENTS("--max-line", "2000000"));
    free(text);
}
END_TEST

START_TEST(load_refuses_broken_csv)
{
    start();
    LOAD("a,1\nb,\"2\nc,3\n",
         (&(struct loaded){ 4, 1, 2, 1, "cardinal: stdin:2: a quote that is not closed\n" }),
         "--format", "csv");
    LOAD("a,1\nb,2\"\nc,3\n",
         (&(struct loaded){ 4, 1, 2, 1, "cardinal: stdin:2: a quote where CSV allows none\n" }),
         "--format", "csv");
}
END_TEST

START_TEST(load_passes_over_as_many_bad_rows_as_allowed)
{
    static const char text[] = "a\t1\nb\nc\t3\n\\N\t4\ne\t5\n";
    static const char two[] = "cardinal: stdin:2: too few fields: 1 instead of 2\n"
                              "cardinal: stdin:4: the key is NULL\n";
    start();
    LOAD(text, (&(struct loaded){ 0, 3, 6, 2, two }), "--skip-bad", "2");
    CLI_OK(server, NULL, "table", "drop", "t");
    LOAD(text, (&(struct loaded){ 4, 2, 4, 2, two }), "--skip-bad", "1");
}
END_TEST

/* Runs a load whose stderr is a terminal, with rows that take half a second to come;
 * what it wrote there. */
static void load_on_terminal(char *shown, size_t size)
{
    const char *const argv[] = { program,    "--server", server,  "load", "t",        "-",
                                 "--fields", "k",        "--key", "k",    "--create", NULL };
    int terminal;
    int program_side;
    int rows[2];
    ck_assert_int_eq(openpty(&terminal, &program_side, NULL, NULL, NULL), 0);
    ck_assert_int_eq(pipe2(rows, O_CLOEXEC), 0);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct process_files files = { rows[0], null, program_side };
    pid_t pid = process_spawn(argv, &files);
    char text[4096];
    memset(text, '\n', sizeof text);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(write(rows[1], text, sizeof text), sizeof text);
        sleep_ms(100);
    }
    close(rows[1]);
    ck_assert_int_eq(process_wait(pid, PROCESS_TIMEOUT_MS), 0);
    close(null);
    close(rows[0]);
    close(program_side);
    size_t len = 0;
    ssize_t n;
    while (len < size - 1 && (n = read(terminal, shown + len, size - 1 - len)) > 0)
        len += (size_t)n;
    shown[len] = '\0';
    close(terminal);
}

START_TEST(load_shows_its_progress_on_a_terminal_and_wipes_it)
{
    static const char wipe[] = "\r\033[K";
    char shown[4096];
    start();
    load_on_terminal(shown, sizeof shown);
    ck_assert_msg(strstr(shown, " MB  ") != NULL && strstr(shown, " rows/s") != NULL, "%s", shown);
    ck_assert_uint_ge(strlen(shown), sizeof wipe);
    ck_assert_str_eq(shown + strlen(shown) - strlen(wipe), wipe);
}
END_TEST

START_TEST(load_sends_what_it_read_while_its_input_pauses)
{
    int rows[2];
    struct wire wire;
    start();
    call_connect(&wire, server);
    call_create(&wire, "t", (const char *const[]){ "v" }, 1, 0);
    ck_assert_int_eq(pipe2(rows, O_CLOEXEC), 0);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct process_files files = { rows[0], null, STDERR_FILENO };
    pid_t pid = process_spawn((const char *const[]){ program, "--server", server, "load", "t", "-",
                                                     "--fields", "k,v", "--key", "k", "--columns",
                                                     "v=v", NULL },
                              &files);
    ck_assert_int_eq(write(rows[1], "a\t1\n", 4), 4);
    int64_t deadline = now_ms() + PROCESS_TIMEOUT_MS;
    while (call_keys(&wire, "t") == 0 && now_ms() < deadline)
        sleep_ms(10);
    ck_assert_uint_eq(call_keys(&wire, "t"), 1);
    close(rows[1]);
    ck_assert_int_eq(process_wait(pid, PROCESS_TIMEOUT_MS), 0);
    close(rows[0]);
    close(null);
    wire_close(&wire);
}
END_TEST

START_TEST(load_of_a_server_that_goes_away_exits_with_3)
{
    start();
    daemon_kill(&daemon_);
    CLI_FAILS(server, 3, "cardinal: ", "load", "t", "-", "--fields", "a", "--key", "a");
}
END_TEST

START_TEST(load_of_a_folder_is_bad_input)
{
    start();
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "a");
    cli_expect(server, NULL, 0, ARGUMENTS("load", "t", "/", "--fields", "a", "--key", "a"),
               &(struct cli_want){ 4, NULL, "cannot read '/': Is a directory" });
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        load_counts_every_field_under_its_name,
        load_reads_a_file_and_sums_up_in_words,
        load_needs_a_table_unless_told_to_make_it,
        load_tells_integers_doubles_and_strings_apart,
        load_twice_is_load_once,
        load_takes_crlf_and_a_last_row_without_line_end,
        load_counts_empty_strings_but_not_nulls,
        load_makes_no_key_of_a_row_without_values,
        load_takes_tsv_bytes_as_they_are,
        load_reads_csv,
        load_stops_at_the_first_bad_row_and_keeps_what_was_before,
        load_refuses_keys_over_1024_bytes,
        load_refuses_a_line_over_a_megabyte_unless_told_otherwise,
        load_refuses_broken_csv,
        load_passes_over_as_many_bad_rows_as_allowed,
        load_shows_its_progress_on_a_terminal_and_wipes_it,
        load_sends_what_it_read_while_its_input_pauses,
        load_of_a_server_that_goes_away_exits_with_3,
        load_of_a_folder_is_bad_input,
    };
    return RUN_INTEGRATION("cli_load", tests);
}
