/* How the daemon starts: addresses, settings, and what it says when it cannot. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scratch_dir.h"

#define PATH_BYTES 160

/* Runs cardinald with words, which must make it end by itself. */
static void run_daemon(struct run *run, const char *const *words)
{
    const char *argv[16] = { PROGRAM_CARDINALD };

    for (size_t i = 0; words[i] != NULL; i++)
        argv[i + 1] = words[i];
    run_program(run, argv);
}

#define RUN_DAEMON(run, ...) run_daemon(run, (const char *const[]){ __VA_ARGS__, NULL })

static void check_fails(const char *const *words, int exit_status, const char *text)
{
    struct run run;

    run_daemon(&run, words);
    ck_assert_int_eq(run.exit_status, exit_status);
    ck_assert_msg(strstr(run.err, text) != NULL, "'%s' is not in '%s'", text, run.err);
    ck_assert_str_eq(run.out, "");
    run_release(&run);
}

#define CHECK_FAILS(exit_status, text, ...)                                                        \
    check_fails((const char *const[]){ __VA_ARGS__, NULL }, exit_status, text)

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    fclose(file);
}

/* A socket file at path that somebody listens on. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(ready_line_has_the_addresses_in_the_order_given)
{
    const char *const options[] = { "--listen", "tcp://[::1]:0", NULL };
    struct daemon daemon;
    struct wire wire;

    daemon_start(&daemon, DAEMON_TCP | DAEMON_UNIX, options);
    ck_assert_int_eq(strncmp(daemon.tcp_address, "tcp://[::1]:", 12), 0); /* it came last */
    call_connect(&wire, daemon.unix_address);
    call_ping(&wire);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(socket_file_is_the_owners_alone_and_goes_with_the_daemon)
{
    struct daemon daemon;
    struct stat info;

    daemon_start(&daemon, DAEMON_UNIX, NULL);
    const char *path = daemon.unix_address + strlen("unix://");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
    daemon_stop(&daemon);
    ck_assert_int_ne(stat(path, &info), 0);
}
END_TEST

START_TEST(stale_socket_file_is_replaced)
{
    struct daemon daemon;
    struct wire wire;

    daemon_start(&daemon, DAEMON_UNIX, NULL);
    daemon_kill(&daemon);
    ck_assert_int_eq(access(daemon.unix_address + strlen("unix://"), F_OK), 0);
    daemon_restart(&daemon);
    call_connect(&wire, daemon.unix_address);
    call_ping(&wire);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(socket_file_in_use_is_left_alone)
{
    char path[PATH_BYTES];
    char address[PATH_BYTES + 8];
    int fd = listen_at(scratch_path(path, sizeof path, "taken"));

    snprintf(address, sizeof address, "unix://%s", path);
    CHECK_FAILS(1, "address already in use", "--listen", address);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(fd);
}
END_TEST

START_TEST(file_that_is_no_socket_is_left_alone)
{
    char path[PATH_BYTES];
    char address[PATH_BYTES + 8];

    write_file(scratch_path(path, sizeof path, "precious"), "text");
    snprintf(address, sizeof address, "unix://%s", path);
    CHECK_FAILS(1, "is no socket", "--listen", address);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(taken_port_is_named)
{
    struct daemon daemon;
    char text[128];

    daemon_start(&daemon, DAEMON_TCP, NULL);
    snprintf(text, sizeof text, "cannot listen on '%s': Address already in use",
             daemon.tcp_address);
    CHECK_FAILS(1, text, "--listen", daemon.tcp_address);
    daemon_assert_alive(&daemon);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(first_address_is_given_back_when_the_second_is_taken)
{
    char taken[PATH_BYTES];
    char path[PATH_BYTES];
    char first[PATH_BYTES + 8];
    char second[PATH_BYTES + 8];
    int fd = listen_at(scratch_path(taken, sizeof taken, "taken"));

    snprintf(first, sizeof first, "unix://%s", scratch_path(path, sizeof path, "free"));
    snprintf(second, sizeof second, "unix://%s", taken);
    CHECK_FAILS(1, "in use", "--listen", first, "--listen", second);
    ck_assert_int_ne(access(path, F_OK), 0);
    close(fd);
}
END_TEST

START_TEST(public_address_needs_to_be_allowed)
{
    CHECK_FAILS(1, "allow_unauthenticated", "--listen", "tcp://0.0.0.0:0");
    CHECK_FAILS(1, "allow_unauthenticated", "--listen", "tcp://[::]:0", "--check-config");
}
END_TEST

START_TEST(public_address_is_taken_when_allowed)
{
    const char *const options[] = { "--listen", "tcp://0.0.0.0:0", "--allow-unauthenticated",
                                    NULL };
    struct daemon daemon;

    daemon_start(&daemon, DAEMON_UNIX, options);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(wrong_usage_exits_with_2)
{
    CHECK_FAILS(2, "unrecognized option", "--no-such-option");
    CHECK_FAILS(2, "", "word");
}
END_TEST

START_TEST(faulty_settings_are_told_with_their_place)
{
    char path[PATH_BYTES];
    char text[PATH_BYTES + 64];

    CHECK_FAILS(1, "bad max_frame 'big'", "--max-frame", "big");
    CHECK_FAILS(1, "cannot open '/nonexistent.conf'", "--config", "/nonexistent.conf");
    write_file(scratch_path(path, sizeof path, "bad.conf"), "threads = 1\nthreds = 2\n");
    snprintf(text, sizeof text, "%s:2: unknown option 'threds'", path);
    CHECK_FAILS(1, text, "--config", path, "--check-config");
}
END_TEST

START_TEST(check_config_says_nothing_of_sound_settings)
{
    char path[PATH_BYTES];
    struct run run;

    write_file(scratch_path(path, sizeof path, "good.conf"),
               "listen = tcp://127.0.0.1:1\nmax_frame = 1MiB\n");
    RUN_DAEMON(&run, "--check-config", "--config", path);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.out, "");
    ck_assert_str_eq(run.err, "");
    run_release(&run);
}
END_TEST

START_TEST(file_is_obeyed_and_flags_win)
{
    char path[PATH_BYTES];
    struct daemon daemon;
    struct wire wire;

    write_file(scratch_path(path, sizeof path, "both.conf"), "threads = 2\nmax_tables = 1\n"
                                                             "listen = tcp://127.0.0.1:1\n");
    const char *const options[] = { "--config", path, "--threads", "3", NULL };
    daemon_start(&daemon, DAEMON_TCP, options);
    call_connect(&wire, daemon_address(&daemon));
    ck_assert_uint_eq(call_stat(&wire, "loops"), 3);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(help_and_version_are_given_on_stdout)
{
    struct run run;

    RUN_DAEMON(&run, "--version");
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.out, "cardinald " CARDINAL_VERSION "\n");
    run_release(&run);
    RUN_DAEMON(&run, "--help");
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, "--max-partial-bytes"));
    ck_assert_ptr_nonnull(strstr(run.out, "256MiB"));
    run_release(&run);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ready_line_has_the_addresses_in_the_order_given,
        socket_file_is_the_owners_alone_and_goes_with_the_daemon,
        stale_socket_file_is_replaced,
        socket_file_in_use_is_left_alone,
        file_that_is_no_socket_is_left_alone,
        taken_port_is_named,
        first_address_is_given_back_when_the_second_is_taken,
        public_address_needs_to_be_allowed,
        public_address_is_taken_when_allowed,
        wrong_usage_exits_with_2,
        faulty_settings_are_told_with_their_place,
        check_config_says_nothing_of_sound_settings,
        file_is_obeyed_and_flags_win,
        help_and_version_are_given_on_stdout,
    };

    return RUN_INTEGRATION("server_start", tests);
}
