/* `cardinal-bench` against a daemon: every workload, and its JSON. */
#include <check.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/integration/bench_run.h"
#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"

static struct daemon daemon_;

static void start(void)
{
    daemon_start(&daemon_, DAEMON_TCP, NULL);
}

static void bench(struct run *run, const char *const *arguments)
{
    bench_run(run, daemon_address(&daemon_), arguments);
}

static void assert_bench(double values, const char *const *arguments)
{
    assert_bench_of(daemon_address(&daemon_), values, arguments);
}

START_TEST(bench_sends_every_workload_and_checks_the_answer)
{
    start();
    assert_bench(50000, ARGUMENTS("--workload", "hot", "--values", "50000", "--json"));
    assert_bench(50000, ARGUMENTS("--workload", "many", "--values", "50000", "--keys", "1000",
                                  "--zipf", "1.1", "--seed", "5", "--json"));
    assert_bench(22000, ARGUMENTS("--workload", "wide", "--values", "22000", "--json"));
    assert_bench(20000, ARGUMENTS("--workload", "grouped", "--values", "20000", "--columns", "4",
                                  "--keys", "10", "--json"));
}
END_TEST

START_TEST(bench_asks_every_question_and_checks_the_answer)
{
    start();
    assert_bench(2000,
                 ARGUMENTS("--workload", "point", "--values", "2000", "--keys", "500", "--json"));
    assert_bench(2000, ARGUMENTS("--workload", "point", "--values", "2000", "--keys", "50",
                                 "--per-key", "300", "--json"));
    assert_bench(30, ARGUMENTS("--workload", "union", "--values", "30", "--keys", "200", "--batch",
                               "50", "--per-key", "10", "--json"));
    assert_bench(30, ARGUMENTS("--workload", "union", "--values", "30", "--keys", "200", "--whole",
                               "--json"));
    assert_bench(40, ARGUMENTS("--workload", "scan", "--values", "40", "--keys", "500", "--batch",
                               "90", "--connections", "2", "--json"));
    assert_bench(100000, ARGUMENTS("--workload", "mixed", "--values", "100000", "--keys", "1000",
                                   "--reads", "2000", "--connections", "2", "--json"));
}
END_TEST

START_TEST(bench_shares_work_between_connections_and_threads)
{
    start();
    assert_bench(50001, ARGUMENTS("--workload", "hot", "--values", "50001", "--connections", "5",
                                  "--threads", "2", "--batch", "300", "--raw", "--json"));
    assert_bench(2001, ARGUMENTS("--workload", "point", "--values", "2001", "--connections", "3",
                                 "--threads", "3", "--batch", "7", "--keys", "100", "--json"));
}
END_TEST

/* Nearly all that the kernel holds for a socket file is one batch's: both sides wait
 * for each other in turns, and must never do so both at one time. */
START_TEST(bench_sends_batches_of_the_largest_size_over_a_socket_file)
{
    static const char *const workloads[] = { "wide", "many", "hot" };
    daemon_start(&daemon_, DAEMON_UNIX, NULL);
    for (unsigned i = 0; i < 3; i++) {
        assert_bench(528000, ARGUMENTS("--workload", workloads[i], "--values", "528000", "--batch",
                                       "60000", "--json"));
        assert_bench(528000, ARGUMENTS("--workload", workloads[i], "--values", "528000", "--batch",
                                       "60000", "--connections", "4", "--threads", "2",
                                       "--in-flight", "8", "--raw", "--json"));
    }
    daemon_stop(&daemon_);
}
END_TEST

START_TEST(bench_keeps_to_a_rate)
{
    start();
    int64_t begin = now_ms();
    assert_bench(20000, ARGUMENTS("--workload", "hot", "--values", "20000", "--rate", "40000",
                                  "--batch", "500", "--json"));
    ck_assert_int_ge(now_ms() - begin, 400);
}
END_TEST

/* Stops the daemon for 200 ms while a bench runs for two seconds at a fixed rate: a
 * tenth of all batches falls due meanwhile, and waits. */
static void assert_stop_shows(const char *const *arguments)
{
    struct run run;
    const char *argv[32] = { PROGRAM_BENCH, "--server", daemon_address(&daemon_), "--json" };
    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[i + 4] = arguments[i];
    run_start(&run, argv, NULL, 0);
    sleep_ms(700);
    ck_assert_int_eq(kill(daemon_.pid, SIGSTOP), 0);
    sleep_ms(200);
    ck_assert_int_eq(kill(daemon_.pid, SIGCONT), 0);
    run_finish(&run, PROCESS_TIMEOUT_MS);
    ck_assert_msg(run.exit_status == 0, "exit status %d: %s%s", run.exit_status, run.err, run.out);
    cJSON *json = cJSON_Parse(run.out);
    const cJSON *latency = cJSON_GetObjectItemCaseSensitive(json, "latency_us");
    ck_assert_double_ge(json_number(latency, "p99"), 150000);
    cJSON_Delete(json);
    run_release(&run);
}

START_TEST(bench_counts_the_times_of_what_a_stopped_server_kept_waiting)
{
    start();
    assert_stop_shows(
        ARGUMENTS("--workload", "hot", "--values", "40000", "--batch", "100", "--rate", "20000"));
    assert_stop_shows(ARGUMENTS("--workload", "point", "--values", "4000", "--keys", "100",
                                "--rate", "2000", "--in-flight", "8"));
}
END_TEST

START_TEST(bench_tells_of_batches_that_could_not_be_sent)
{
    struct run run;
    start();
    bench(&run, ARGUMENTS("--workload", "scan", "--values", "2000000000", "--keys", "2000",
                          "--rate", "1000000", "--seconds", "1", "--json"));
    ck_assert_int_eq(run.exit_status, 0);
    cJSON *json = cJSON_Parse(run.out);
    const cJSON *latency = cJSON_GetObjectItemCaseSensitive(json, "latency_us");
    double asked = json_number(json, "values") + json_number(json, "unsent");
    ck_assert_double_ge(asked, 999999);
    ck_assert_double_ge(json_number(latency, "p50"), 200000);
    cJSON_Delete(json);
    run_release(&run);
}
END_TEST

START_TEST(bench_ends_in_time)
{
    struct run run;
    start();
    int64_t begin = now_ms();
    bench(&run, ARGUMENTS("--workload", "hot", "--values", "100000000000", "--rate", "10000",
                          "--seconds", "1"));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_int_lt(now_ms() - begin, 30000);
    ck_assert_ptr_nonnull(strstr(run.out, ": right\n"));
    run_release(&run);
}
END_TEST

START_TEST(bench_draws_the_times)
{
    struct run run;
    start();
    bench(&run, ARGUMENTS("--workload", "mixed", "--values", "20000", "--keys", "10"));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, " p99.99 "));
    ck_assert_ptr_nonnull(strstr(run.out, " us "));
    ck_assert_ptr_nonnull(strstr(run.out, " #"));
    ck_assert_ptr_nonnull(strstr(run.out, "\nreads "));
    ck_assert_str_eq(run.err, "");
    run_release(&run);
}
END_TEST

/* All that was written to a terminal whose other side is closed by now. */
static void read_terminal(int terminal, char *shown, size_t size)
{
    size_t len = 0;
    ssize_t n;
    while (len < size - 1 && (n = read(terminal, shown + len, size - 1 - len)) > 0)
        len += (size_t)n;
    shown[len] = '\0';
}

START_TEST(bench_shows_its_progress_on_a_terminal_and_wipes_it)
{
    static const char wipe[] = "\r\033[K";
    char shown[4000];
    int terminal;
    int side;
    start();
    ck_assert_int_eq(openpty(&terminal, &side, NULL, NULL, NULL), 0);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct process_files files = { nothing, nothing, side };
    const char *argv[] = { PROGRAM_BENCH, "--target", daemon_address(&daemon_),
                           "--workload",  "hot",      "--values",
                           "24000",       "--rate",   "20000",
                           NULL };
    pid_t pid = process_spawn(argv, &files);
    close(side);
    close(nothing);
    ck_assert_int_eq(process_wait(pid, PROCESS_TIMEOUT_MS), 0);
    read_terminal(terminal, shown, sizeof shown);
    close(terminal);
    ck_assert_msg(strstr(shown, "/s  p50 ") != NULL, "'%s'", shown);
    ck_assert_ptr_nonnull(strstr(shown, "server cpu "));
    ck_assert_ptr_nonnull(strstr(shown, " MiB "));
    ck_assert_str_eq(shown + strlen(shown) - strlen(wipe), wipe);
}
END_TEST

START_TEST(bench_measures_memory_without_a_server)
{
    struct run run;
    const char *argv[] = { CARDINAL_TESTS_BIN "/cardinal-bench", "--memory", "--json", NULL };
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 0);
    cJSON *json = cJSON_Parse(run.out);
    ck_assert_ptr_nonnull(json);
    const cJSON *latency = cJSON_GetObjectItem(json, "memory_latency_ns");
    ck_assert_double_gt(json_number(latency, "768 KiB"), 0);
    ck_assert_double_gt(json_number(latency, "64 MiB"), json_number(latency, "768 KiB"));
    cJSON_Delete(json);
    run_release(&run);
}
END_TEST

START_TEST(bench_leaves_no_table_behind)
{
    struct run run;
    struct wire wire;
    start();
    bench(&run, ARGUMENTS("--workload", "hot", "--values", "1000"));
    ck_assert_int_eq(run.exit_status, 0);
    run_release(&run);
    call_connect(&wire, daemon_address(&daemon_));
    ck_assert_uint_eq(call_stat(&wire, "tables"), 0);
    wire_close(&wire);
}
END_TEST

static void assert_fails(int status, const char *text, const char *const *arguments)
{
    struct run run;
    bench(&run, arguments);
    ck_assert_int_eq(run.exit_status, status);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, text) != NULL, "'%s' does not say '%s'", run.err, text);
    ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + run.err_len - 1);
    run_release(&run);
}

START_TEST(bench_tells_wrong_usage_in_one_line)
{
    start();
    assert_fails(2, "--workload is needed", ARGUMENTS("--json"));
    assert_fails(2, "'cold' is none of", ARGUMENTS("--workload", "cold"));
    assert_fails(2, "--values: '0'", ARGUMENTS("--workload", "hot", "--values", "0"));
    assert_fails(2, "--zipf: '-1'", ARGUMENTS("--workload", "many", "--zipf=-1"));
    assert_fails(2, "--batch: a question", ARGUMENTS("--workload", "point", "--batch", "5000"));
    assert_fails(2, "--rate: more than",
                 ARGUMENTS("--workload", "hot", "--batch", "1", "--rate", "100000000"));
    assert_fails(2, "unrecognized option", ARGUMENTS("--frob"));
    assert_fails(2, "'x' is no option", ARGUMENTS("--workload", "hot", "x"));
}
END_TEST

START_TEST(bench_without_a_server_exits_with_3)
{
    start();
    daemon_kill(&daemon_);
    assert_fails(3, "cardinal-bench: ", ARGUMENTS("--workload", "hot"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bench_sends_every_workload_and_checks_the_answer,
        bench_asks_every_question_and_checks_the_answer,
        bench_shares_work_between_connections_and_threads,
        bench_sends_batches_of_the_largest_size_over_a_socket_file,
        bench_keeps_to_a_rate,
        bench_counts_the_times_of_what_a_stopped_server_kept_waiting,
        bench_tells_of_batches_that_could_not_be_sent,
        bench_ends_in_time,
        bench_draws_the_times,
        bench_shows_its_progress_on_a_terminal_and_wipes_it,
        bench_measures_memory_without_a_server,
        bench_leaves_no_table_behind,
        bench_tells_wrong_usage_in_one_line,
        bench_without_a_server_exits_with_3,
    };
    return RUN_INTEGRATION("bench", tests);
}
