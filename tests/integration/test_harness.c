/* The parts that the other tests lean on, as far as they need no daemon. */
#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

START_TEST(run_captures_both_streams_and_the_exit_status)
{
    static const char input[] = "from stdin";
    const char *const argv[] = { "sh", "-c", "cat; echo oops >&2; exit 7", NULL };
    struct run run;
    run_start(&run, argv, input, sizeof input - 1);
    run_finish(&run, PROCESS_TIMEOUT_MS);
    ck_assert_int_eq(run.exit_status, 7);
    ck_assert_str_eq(run.out, input);
    ck_assert_str_eq(run.err, "oops\n");
    run_release(&run);
}
END_TEST

START_TEST(run_tells_a_missing_program)
{
    const char *const argv[] = { "/nonexistent/program", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 127);
    ck_assert_ptr_nonnull(strstr(run.err, "/nonexistent/program"));
    run_release(&run);
}
END_TEST

START_TEST(run_tells_the_signal_that_ended_a_program)
{
    const char *const argv[] = { "sh", "-c", "kill -TERM $$", NULL };
    struct run run;
    run_program(&run, argv);
    ck_assert_int_eq(run.exit_status, 128 + SIGTERM);
    run_release(&run);
}
END_TEST

START_TEST(programs_die_with_the_process_that_started_them)
{
    int gone[2];
    char byte;
    ck_assert_int_eq(pipe(gone), 0);
    pid_t test = fork();
    if (test == 0) {
        const char *const argv[] = { "sleep", "600", NULL };
        struct process_files files = { 0, gone[1], 2 };
        process_spawn(argv, &files);
        _exit(0);
    }
    close(gone[1]);
    process_wait(test, PROCESS_TIMEOUT_MS);
    ck_assert_int_eq(read(gone[0], &byte, 1), 0); /* the last holder of the other end is gone */
    close(gone[0]);
}
END_TEST

START_TEST(each_test_has_an_empty_folder_of_its_own)
{
    char path[160];
    struct stat st;
    ck_assert_int_eq(stat(scratch_dir(), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_int_ne(access(scratch_path(path, sizeof path, "file"), F_OK), 0);
}
END_TEST

START_TEST(own_memory_and_cpu_time_are_read)
{
    volatile unsigned spin = 0;
    uint64_t before = process_cpu_ms(getpid());
    while (process_cpu_ms(getpid()) == before)
        spin++;
    ck_assert_uint_gt(process_resident_bytes(getpid()), 100000);
}
END_TEST

START_TEST(ready_line_gives_the_addresses)
{
    struct daemon daemon = { 0 };
    ck_assert_int_eq(daemon_parse_ready(&daemon, "ready tcp://127.0.0.1:41 unix:///tmp/s\n"), 0);
    ck_assert_str_eq(daemon.tcp_address, "tcp://127.0.0.1:41");
    ck_assert_str_eq(daemon.unix_address, "unix:///tmp/s");
    ck_assert_str_eq(daemon_address(&daemon), "tcp://127.0.0.1:41");
}
END_TEST

START_TEST(other_lines_are_not_ready_lines)
{
    struct daemon daemon = { 0 };
    ck_assert_int_ne(daemon_parse_ready(&daemon, "listening\n"), 0);
    ck_assert_int_ne(daemon_parse_ready(&daemon, "ready tcp://127.0.0.1:41"), 0);
    ck_assert_int_ne(daemon_parse_ready(&daemon, "ready http://127.0.0.1:41\n"), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        run_captures_both_streams_and_the_exit_status,
        run_tells_a_missing_program,
        run_tells_the_signal_that_ended_a_program,
        programs_die_with_the_process_that_started_them,
        each_test_has_an_empty_folder_of_its_own,
        own_memory_and_cpu_time_are_read,
        ready_line_gives_the_addresses,
        other_lines_are_not_ready_lines,
    };
    return RUN_INTEGRATION("harness", tests);
}
