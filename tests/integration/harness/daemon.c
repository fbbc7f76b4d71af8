#include "tests/integration/harness/daemon.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/scratch_dir.h"

#define READY_TIMEOUT_MS 30000
#define STOP_TIMEOUT_MS 30000
#define LINE_MAX_BYTES 512u

static int take_address(char *out, size_t size, const char *word, size_t len)
{
    if (len >= size)
        return -1;
    memcpy(out, word, len);
    out[len] = '\0';
    return 0;
}

int daemon_parse_ready(struct daemon *daemon, const char *line)
{
    static const char begin[] = "ready";
    if (strncmp(line, begin, sizeof begin - 1) != 0)
        return -1;
    const char *at = line + sizeof begin - 1;
    while (*at == ' ') {
        at++;
        size_t len = strcspn(at, " \n");
        int failed = -1;
        if (strncmp(at, "tcp://", 6) == 0)
            failed = take_address(daemon->tcp_address, sizeof daemon->tcp_address, at, len);
        else if (strncmp(at, "unix://", 7) == 0)
            failed = take_address(daemon->unix_address, sizeof daemon->unix_address, at, len);
        if (failed != 0)
            return -1;
        at += len;
    }
    return strcmp(at, "\n") == 0 ? 0 : -1;
}

/* Reads up to the end of the first line. */
static void read_line(const struct daemon *daemon, char *line, size_t size)
{
    int64_t deadline = now_ms() + READY_TIMEOUT_MS;
    size_t len = 0;
    while (len == 0 || line[len - 1] != '\n') {
        struct pollfd poll_fd = { .fd = daemon->out_fd, .events = POLLIN };
        int64_t left = deadline - now_ms();
        ck_assert_msg(left > 0, "the daemon is not ready after %d ms", READY_TIMEOUT_MS);
        if (poll(&poll_fd, 1, (int)left) <= 0)
            continue;
        ck_assert_uint_lt(len, size - 1);
        ssize_t n = read(daemon->out_fd, line + len, 1);
        ck_assert_msg(n == 1, "the daemon ended before it was ready");
        len++;
    }
    line[len] = '\0';
}

static void spawn(struct daemon *daemon)
{
    const char *argv[DAEMON_ARGUMENTS_MAX + 8] = { PROGRAM_CARDINALD };
    size_t n = 1;
    if (daemon->tcp_address[0] != '\0') {
        argv[n++] = "--listen";
        argv[n++] = daemon->tcp_address;
    }
    if (daemon->unix_address[0] != '\0') {
        argv[n++] = "--listen";
        argv[n++] = daemon->unix_address;
    }
    for (size_t i = 0; daemon->options[i] != NULL; i++)
        argv[n++] = daemon->options[i];
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(daemon->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    struct process_files files = { null, out[1], log };
    daemon->pid = process_spawn(argv, &files);
    daemon->out_fd = out[0];
    close(out[1]);
    close(null);
    close(log);
}

void daemon_restart(struct daemon *daemon)
{
    char line[LINE_MAX_BYTES];
    spawn(daemon);
    read_line(daemon, line, sizeof line);
    ck_assert_msg(daemon_parse_ready(daemon, line) == 0, "not a ready line: '%s'", line);
}

void daemon_start(struct daemon *daemon, unsigned listen, const char *const *options)
{
    static unsigned started;
    char name[32];
    memset(daemon, 0, sizeof *daemon);
    for (size_t i = 0; options != NULL && options[i] != NULL; i++) {
        ck_assert_uint_lt(i, DAEMON_ARGUMENTS_MAX - 1);
        daemon->options[i] = options[i];
    }
    snprintf(name, sizeof name, "cardinald-%u.log", started++);
    scratch_path(daemon->log_path, sizeof daemon->log_path, name);
    if (listen & DAEMON_TCP)
        snprintf(daemon->tcp_address, sizeof daemon->tcp_address, "tcp://127.0.0.1:0");
    if (listen & DAEMON_UNIX)
        snprintf(daemon->unix_address, sizeof daemon->unix_address, "unix://%s/socket",
                 scratch_dir());
    daemon_restart(daemon);
}

void daemon_stop(struct daemon *daemon)
{
    char rest;
    ck_assert_int_eq(kill(daemon->pid, SIGTERM), 0);
    int status = process_wait(daemon->pid, STOP_TIMEOUT_MS);
    ck_assert_msg(WIFEXITED(status), "the daemon died of signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_msg(read(daemon->out_fd, &rest, 1) == 0, "the daemon wrote more than one line");
    close(daemon->out_fd);
    daemon->pid = 0;
}

void daemon_kill(struct daemon *daemon)
{
    ck_assert_int_eq(kill(daemon->pid, SIGKILL), 0);
    process_wait(daemon->pid, STOP_TIMEOUT_MS);
    close(daemon->out_fd);
    daemon->pid = 0;
}

const char *daemon_address(const struct daemon *daemon)
{
    return daemon->tcp_address[0] != '\0' ? daemon->tcp_address : daemon->unix_address;
}

void daemon_assert_alive(const struct daemon *daemon)
{
    int status = 0;
    ck_assert_msg(waitpid(daemon->pid, &status, WNOHANG) == 0, "the daemon ended: status %d",
                  status);
}
