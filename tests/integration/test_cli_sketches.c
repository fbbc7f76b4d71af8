/* Sketches compared, merged, taken out and put in from the command line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/cli_run.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

static struct daemon daemon_;
static struct wire wire;
static const char *server;
static char path[160];

/* Tables "t" and "u" alike, "m" of murmur64a, "high" of precision 16; in t keys
 * "few" of 10 values, "many" of 30,000, "more" of 30,000 of which half are many's. */
static void begin(void)
{
    daemon_start(&daemon_, DAEMON_UNIX, NULL);
    server = daemon_address(&daemon_);
    CLI_OK(server, NULL, "table", "create", "t", "--columns", "x,y");
    CLI_OK(server, NULL, "table", "create", "u", "--columns", "x,y");
    CLI_OK(server, NULL, "table", "create", "m", "--columns", "x", "--hash", "murmur64a");
    CLI_OK(server, NULL, "table", "create", "seeded", "--columns", "x", "--seed", "7");
    CLI_OK(server, NULL, "table", "create", "high", "--columns", "x", "--precision", "16");
    CLI_OK(server, NULL, "table", "create", "low", "--columns", "x", "--precision", "12");
    call_connect(&wire, server);
    call_add(&wire, "t", "few", "x", 0, 10);
    call_add(&wire, "t", "many", "x", 0, 30000);
    call_add(&wire, "t", "more", "x", 15000, 30000);
    call_add(&wire, "m", "few", "x", 0, 10);
    scratch_path(path, sizeof path, "sketch");
}

static void end(void)
{
    wire_close(&wire);
    daemon_stop(&daemon_);
}

static void export_to_file(const char *table, const char *key, const char *format)
{
    CLI_OK(server, "", "export", table, key, "x", "--format", format, "--out", path);
}

static void ck_count(const char *table, const char *key, double wanted)
{
    double counted = call_count(&wire, table, key, "x");
    ck_assert_double_eq(counted, wanted);
}

START_TEST(a_key_moves_to_another_table_to_the_last_digit)
{
    static const char *const keys[] = { "few", "many" };
    begin();
    for (size_t i = 0; i < 2; i++) {
        double count = call_count(&wire, "t", keys[i], "x");
        export_to_file("t", keys[i], "native");
        CLI_OK(server, "merged\n", "import", "u", "copy", "x", path);
        ck_count("u", "copy", count);
        CLI_OK(server, "merged: it changed nothing\n", "import", "u", "copy", "x", path);
        ck_count("u", "copy", count);
        CLI_OK(server, "{\"changed\":false}\n", "import", "u", "copy", "x", path, "--json");
        CLI_OK(server, "keys deleted: 1\n", "delete", "u", "copy");
    }
    end();
}
END_TEST

START_TEST(a_pipe_carries_a_sketch)
{
    begin();
    const char *const export[] = {
        PROGRAM_CARDINAL, "--server", server, "export", "t", "few", "x", NULL
    };
    struct run run;
    run_program(&run, export);
    ck_assert_int_eq(run.exit_status, 0);
    cli_expect(server, run.out, run.out_len, ARGUMENTS("import", "u", "k", "x", "-"),
               &(struct cli_want){ 0, "merged\n", "" });
    ck_count("u", "k", call_count(&wire, "t", "few", "x"));
    run_release(&run);
    end();
}
END_TEST

START_TEST(every_format_goes_out_and_comes_in)
{
    static const char *const formats[] = { "native", "redis", "redis-dense", "doris", "postgres" };
    begin();
    for (size_t i = 0; i < 5; i++) {
        export_to_file("m", "few", formats[i]);
        CLI_OK(server, "merged\n", "import", "m", formats[i], "x", path, "--format", formats[i]);
        double counted = call_count(&wire, "m", formats[i], "x");
        ck_assert_double_eq_tol(counted, 10, 0.1);
        /* the registers are the same, so the other way round too */
        uint64_t digest = call_digest(&wire, "m");
        CLI_OK(server, "keys merged: 1\n", "merge", "m", formats[i], "few");
        ck_assert_uint_eq(call_digest(&wire, "m"), digest);
    }
    end();
}
END_TEST

START_TEST(what_is_not_there_is_not_exported)
{
    begin();
    CLI_FAILS(server, 1, "no such key in table 't'", "export", "t", "none", "x", "--out", path);
    CLI_FAILS(server, 1, "'z'", "export", "t", "few", "z", "--out", path);
    CLI_FAILS(server, 1, "'none'", "export", "none", "few", "x", "--out", path);
    CLI_FAILS(server, 2, "--format: 'hyper' is none of native, redis", "export", "t", "few", "x",
              "--format", "hyper");
    CLI_FAILS(server, 5, "cannot write '/nonexistent/sketch'", "export", "t", "few", "x", "--out",
              "/nonexistent/sketch");
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_null(file);
    end();
}
END_TEST

static void write_file(const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

/* Demands that the file is refused with 1, saying text, and nothing changed. */
static void ck_refused(const char *table, const char *format, const char *text)
{
    uint64_t digest = call_digest(&wire, table);
    uint64_t keys = call_keys(&wire, table);
    CLI_FAILS(server, 1, text, "import", table, "few", "x", path, "--format", format);
    CLI_FAILS(server, 1, text, "import", table, "new", "x", path, "--format", format);
    ck_assert_uint_eq(call_digest(&wire, table), digest);
    ck_assert_uint_eq(call_keys(&wire, table), keys);
}

START_TEST(a_damaged_file_is_refused_by_key_and_place)
{
    begin();
    export_to_file("t", "few", "native");
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 20, SEEK_SET), 0);
    ck_assert_int_eq(fputc(0xff, file), 0xff);
    ck_assert_int_eq(fclose(file), 0);
    ck_refused("t", "native",
               "': not a sound native sketch: damaged, as the checksum tells, at byte ");
    CLI_FAILS(server, 1, "sketch of key 'few'", "import", "t", "few", "x", path);
    write_file("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff\x7f\xff", 20);
    ck_refused("m", "redis", "goes past the last, 16383, at byte 18");
    write_file("", 0);
    ck_refused("t", "native", "the header is cut off by the end at byte 0");
    end();
}
END_TEST

START_TEST(the_wrong_format_is_refused)
{
    static const char *const wrong[] = { "redis", "redis-dense", "doris", "postgres" };
    begin();
    export_to_file("m", "few", "native");
    for (size_t i = 0; i < 4; i++)
        ck_refused("m", wrong[i], "at byte ");
    export_to_file("m", "few", "redis");
    ck_refused("m", "native", "its magic is not CRDS at byte 0");
    end();
}
END_TEST

START_TEST(another_hash_is_refused_by_name)
{
    begin();
    export_to_file("t", "few", "native");
    ck_refused("m", "native", "the sketch is of xxh3, the table of murmur64a");
    ck_refused("seeded", "native", "of xxh3 under another seed than the table's");
    export_to_file("m", "few", "redis");
    ck_refused("t", "redis", "a redis sketch is of murmur64a, the table of xxh3");
    CLI_OK(server, "merged\n", "import", "t", "taken", "x", path, "--format", "redis",
           "--any-hash");
    ck_assert_double_eq_tol(call_count(&wire, "t", "taken", "x"), 10, 0.1);
    end();
}
END_TEST

START_TEST(lower_precision_is_refused_and_higher_is_folded)
{
    begin();
    export_to_file("t", "many", "native");
    ck_refused("high", "native", "the sketch has precision 14, less than the table's 16");
    CLI_OK(server, "merged\n", "import", "low", "k", "x", path);
    call_add(&wire, "low", "direct", "x", 0, 30000);
    CLI_OK(server, NULL, "export", "low", "k", "x", "--out", path, "--format", "native");
    uint64_t digest = call_digest(&wire, "low");
    CLI_OK(server, "keys merged: 1\n", "merge", "low", "k", "direct");
    ck_assert_uint_eq(call_digest(&wire, "low"), digest);
    CLI_FAILS(server, 1, "a redis sketch has precision 14, more than the table's 12", "export",
              "low", "k", "x", "--format", "redis", "--out", path);
    end();
}
END_TEST

START_TEST(merge_unites_keys_under_one)
{
    begin();
    CLI_OK(server, "keys merged: 2\n", "merge", "t", "both", "many", "more", "none");
    double both = call_count(&wire, "t", "both", "x");
    ck_assert_double_eq_tol(both, 45000, 45000 * 0.04);
    CLI_OK(server, "{\"keys\":4}\n", "merge", "t", "both", "--to", "n", "--json");
    CLI_OK(server, "keys merged: 0\n", "merge", "t", "nothing", "--prefix", "zz");
    uint64_t keys = call_keys(&wire, "t");
    ck_assert_uint_eq(keys, 4);
    CLI_FAILS(server, 2, "one of KEY..., --prefix, --from and --to, or --all", "merge", "t", "k");
    CLI_FAILS(server, 1, "'none'", "merge", "none", "k", "--all");
    end();
}
END_TEST

START_TEST(compare_tells_how_much_groups_overlap)
{
    begin();
    call_add(&wire, "t", "a/1", "y", 0, 6);
    call_add(&wire, "t", "a/2", "y", 4, 6);
    call_add(&wire, "t", "b", "y", 8, 4);
    CLI_OK(server,
           "            distinct  standard error\n"
           "a                 10               0\n"
           "b                  4               0\n"
           "in either         12               0\n"
           "in both            2               0\n"
           "in a alone         8               0\n"
           "in b alone         2               0\n"
           "jaccard       0.1667          0.0001\n",
           "compare", "t", "y", "--a", "a/1", "a/2", "--b", "b");
    struct run run;
    const char *const argv[] = {
        PROGRAM_CARDINAL, "--server", server, "compare", "t", "y", "--a-prefix", "a/", "--b", "b",
        "none",           "--json",   NULL
    };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, "{\"keys_a\":2,\"keys_b\":1,\"a\":10,"));
    ck_assert_ptr_nonnull(strstr(run.out, "\"below_noise\":false,\"tokens\":true}\n"));
    run_release(&run);
    end();
}
END_TEST

START_TEST(compare_says_where_the_overlap_drowns_in_noise)
{
    begin();
    call_add(&wire, "t", "apart", "x", 1000000, 30000);
    cli_expect(server, NULL, 0, ARGUMENTS("compare", "t", "x", "--a", "many", "--b", "apart"),
               &(struct cli_want){ 0, NULL, "" });
    const char *const argv[] = { PROGRAM_CARDINAL, "--server", server,  "compare", "t", "x", "--a",
                                 "many",           "--b",      "apart", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_ptr_nonnull(strstr(run.out, "the overlap is below the noise: it may be none at all"));
    run_release(&run);
    CLI_FAILS(server, 2, "--a and --a-prefix exclude one another", "compare", "t", "x", "--a", "k",
              "--a-prefix", "p", "--b", "l");
    CLI_FAILS(server, 2, "which keys? --b KEY.. or --b-prefix P is needed", "compare", "t", "x",
              "--a", "k");
    CLI_FAILS(server, 1, "'z'", "compare", "t", "z", "--a", "k", "--b", "l");
    end();
}
END_TEST

START_TEST(rse_is_printed_beside_each_estimate)
{
    begin();
    call_add(&wire, "t", "few", "y", 0, 1);
    CLI_OK(server, "key          x         y\nfew  10 ±0.02%  1 ±0.00%\n", "count", "t", "few",
           "--rse");
    struct run run;
    const char *const argv[] = { PROGRAM_CARDINAL, "--server", server,   "count", "t",
                                 "many",           "--rse",    "--json", NULL };
    run_program(&run, argv);
    double rse = 0;
    const char *at = strstr(run.out, "\"rse\":{\"x\":");
    ck_assert_ptr_nonnull(at);
    rse = strtod(at + strlen("\"rse\":{\"x\":"), NULL);
    ck_assert_double_gt(rse, 0.003);
    ck_assert_double_lt(rse, 0.008);
    run_release(&run);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_key_moves_to_another_table_to_the_last_digit,
        a_pipe_carries_a_sketch,
        every_format_goes_out_and_comes_in,
        what_is_not_there_is_not_exported,
        a_damaged_file_is_refused_by_key_and_place,
        the_wrong_format_is_refused,
        another_hash_is_refused_by_name,
        lower_precision_is_refused_and_higher_is_folded,
        merge_unites_keys_under_one,
        compare_tells_how_much_groups_overlap,
        compare_says_where_the_overlap_drowns_in_noise,
        rse_is_printed_beside_each_estimate,
    };
    return RUN_INTEGRATION("cli_sketches", tests);
}
