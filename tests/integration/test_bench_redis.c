/* `cardinal-bench` against a real Redis: every workload, and what it leaves alone. */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/bench_run.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

/* Debian's redis-tools holds the server under this name, and starts no service. */
#define REDIS_PROGRAM "/usr/bin/redis-check-rdb"
#define REDIS_START_MS 20000

static char path[100];    /* of its socket */
static char address[120]; /* for the bench */
static pid_t redis_pid;

/* The socket file is there before anybody listens on it. */
static bool is_listening(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    bool connected = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    close(fd);
    return connected;
}

/* Starts a Redis that keeps nothing, and waits until it can be reached. */
static void start(void)
{
    char program[200];
    char log[200];
    (void)scratch_path(path, sizeof path, "redis.sock");
    (void)snprintf(address, sizeof address, "redis+unix://%s", path);
    ck_assert_int_eq(symlink(REDIS_PROGRAM, scratch_path(program, sizeof program, "redis-server")),
                     0);
    FILE *output = fopen(scratch_path(log, sizeof log, "redis.log"), "w");
    ck_assert_ptr_nonnull(output);
    const char *argv[] = { program, "--port", "0", "--unixsocket", path, "--save",
                           "",      "--dir",  "/", "--daemonize",  "no", NULL };
    const struct process_files files = { STDIN_FILENO, fileno(output), fileno(output) };
    redis_pid = process_spawn(argv, &files);
    (void)fclose(output);
    int64_t begin = now_ms();
    while (!is_listening()) {
        ck_assert_int_lt(now_ms() - begin, REDIS_START_MS);
        sleep_ms(10);
    }
}

static void stop(void)
{
    ck_assert_int_eq(kill(redis_pid, SIGKILL), 0);
    (void)process_wait(redis_pid, PROCESS_TIMEOUT_MS);
}

START_TEST(redis_takes_every_workload_that_sends)
{
    start();
    assert_bench_of(address, 30000,
                    ARGUMENTS("--workload", "hot", "--values", "30000", "--connections", "3",
                              "--threads", "2", "--json"));
    assert_bench_of(
        address, 30000,
        ARGUMENTS("--workload", "many", "--values", "30000", "--keys", "1000", "--json"));
    assert_bench_of(address, 11000, ARGUMENTS("--workload", "wide", "--values", "11000", "--json"));
    assert_bench_of(address, 11000,
                    ARGUMENTS("--workload", "grouped", "--values", "11000", "--keys", "10",
                              "--value-bytes", "100", "--json"));
    assert_bench_of(address, 30000,
                    ARGUMENTS("--workload", "mixed", "--values", "30000", "--keys", "1000",
                              "--reads", "5000", "--rate", "100000", "--json"));
    stop();
}
END_TEST

START_TEST(redis_answers_every_workload_that_asks)
{
    start();
    assert_bench_of(address, 3000,
                    ARGUMENTS("--workload", "point", "--values", "3000", "--keys", "500", "--batch",
                              "7", "--per-key", "3", "--json"));
    assert_bench_of(address, 30,
                    ARGUMENTS("--workload", "union", "--values", "30", "--keys", "2000", "--batch",
                              "50", "--per-key", "20", "--json"));
    assert_bench_of(
        address, 10,
        ARGUMENTS("--workload", "union", "--values", "10", "--keys", "2000", "--whole", "--json"));
    assert_bench_of(address, 40,
                    ARGUMENTS("--workload", "scan", "--values", "40", "--keys", "500", "--batch",
                              "90", "--json"));
    stop();
}
END_TEST

static void assert_fails(const char *server, int status, const char *text)
{
    struct run run;
    bench_run(&run, server, ARGUMENTS("--workload", "hot", "--values", "1000000000"));
    ck_assert_int_eq(run.exit_status, status);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, text) != NULL, "'%s' does not say '%s'", run.err, text);
    ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + run.err_len - 1);
    run_release(&run);
}

/* Without any client library: the one command that is needed. */
static void set_a_key(void)
{
    char script[400];
    struct run run;
    (void)snprintf(script, sizeof script, "exec redis-cli -s '%s' set key value", path);
    run_program(&run, ARGUMENTS("/bin/sh", "-c", script));
    ck_assert_str_eq(run.out, "OK\n");
    run_release(&run);
}

START_TEST(redis_with_keys_of_others_is_left_alone)
{
    start();
    set_a_key();
    assert_fails(address, 1, "holds 1 keys");
    assert_fails(address, 1, "holds 1 keys");
    stop();
}
END_TEST

START_TEST(redis_that_cannot_be_reached_exits_with_3)
{
    assert_fails("redis+unix:///nowhere/redis.sock", 3, "cannot reach 'redis+unix:///nowhere");
    assert_fails("redis://:6379", 2, "is not redis://HOST");
}
END_TEST

START_TEST(redis_that_dies_is_told)
{
    struct run run;
    const char *argv[] = { CARDINAL_TESTS_BIN "/cardinal-bench",
                           "--target",
                           address,
                           "--workload",
                           "many",
                           "--values",
                           "1000000000",
                           NULL };
    start();
    run_start(&run, argv, NULL, 0);
    sleep_ms(500);
    stop();
    run_finish(&run, PROCESS_TIMEOUT_MS);
    ck_assert_int_eq(run.exit_status % 2, 1); /* 3 if it had not connected yet */
    ck_assert_ptr_nonnull(strstr(run.err, "cardinal-bench: "));
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        redis_takes_every_workload_that_sends,
        redis_answers_every_workload_that_asks,
        redis_with_keys_of_others_is_left_alone,
        redis_that_cannot_be_reached_exits_with_3,
        redis_that_dies_is_told,
    };
    return RUN_INTEGRATION("bench_redis", tests);
}
