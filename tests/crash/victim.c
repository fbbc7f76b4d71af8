#include "tests/crash/victim.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/harness/process.h"
#include "tests/integration/harness/programs.h"
#include "tests/integration/harness/scratch_dir.h"

#define READY_TIMEOUT_MS 60000
#define STOP_TIMEOUT_MS 60000

void victim_init(struct victim *victim, bool has_shim)
{
    memset(victim, 0, sizeof *victim);
    scratch_path(victim->folder, sizeof victim->folder, "data");
    if (has_shim)
        scratch_path(victim->disk_log, sizeof victim->disk_log, "disk");
    scratch_path(victim->log_path, sizeof victim->log_path, "victim.log");
    snprintf(victim->address, sizeof victim->address, "unix://%s/victim", scratch_dir());
}

static void set_or_unset(const char *name, const char *value)
{
    if (value != NULL)
        ck_assert_int_eq(setenv(name, value, 1), 0);
    else
        unsetenv(name);
}

/* The environment is the test's own but while the daemon is started. */
static void set_environment(const struct victim *victim, const char *failpoint)
{
    bool has_shim = victim != NULL && victim->disk_log[0] != '\0';
    set_or_unset("CARDINALD_FAILPOINT", failpoint);
    set_or_unset("LD_PRELOAD", has_shim ? DISK_SHIM : NULL);
    set_or_unset("CRASH_DISK_LOG", has_shim ? victim->disk_log : NULL);
    set_or_unset("CRASH_DISK_FOLDER", has_shim ? victim->folder : NULL);
}

static void spawn(struct victim *victim, const char *failpoint)
{
    const char *argv[VICTIM_OPTIONS_MAX + 8] = { PROGRAM_CARDINALD, "--listen", victim->address,
                                                 "--data-dir", victim->folder };
    size_t n = 5;
    int out[2];
    for (size_t i = 0; victim->options[i] != NULL; i++)
        argv[n++] = victim->options[i];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(victim->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    struct process_files files = { null, out[1], log };
    set_environment(victim, failpoint);
    victim->pid = process_spawn(argv, &files);
    set_environment(NULL, NULL);
    victim->out_fd = out[0];
    close(out[1]);
    close(null);
    close(log);
}

/* Reads the line that says it is ready; false: there is none. */
static bool read_ready(const struct victim *victim)
{
    int64_t deadline = now_ms() + READY_TIMEOUT_MS;
    for (char byte = 0; byte != '\n';) {
        struct pollfd poll_fd = { .fd = victim->out_fd, .events = POLLIN };
        int64_t left = deadline - now_ms();
        ck_assert_msg(left > 0, "the daemon is not ready after %d ms", READY_TIMEOUT_MS);
        if (poll(&poll_fd, 1, (int)left) > 0 && read(victim->out_fd, &byte, 1) != 1)
            return false;
    }
    return true;
}

/* It has ended, and is held to have been killed. */
static void bury(struct victim *victim, int status)
{
    bool has_given_up = WIFEXITED(status) && WEXITSTATUS(status) == 1;
    ck_assert_msg((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                      (has_given_up && victim->may_fail),
                  "the daemon ended with wait status %d, and was not killed", status);
    close(victim->out_fd);
    victim->pid = 0;
}

bool victim_start(struct victim *victim, const char *failpoint)
{
    spawn(victim, failpoint);
    if (read_ready(victim))
        return true;
    bury(victim, process_wait(victim->pid, STOP_TIMEOUT_MS));
    return false;
}

bool victim_is_dead(struct victim *victim, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    int status;
    while (waitpid(victim->pid, &status, WNOHANG) != victim->pid) {
        if (now_ms() >= deadline)
            return false;
        sleep_ms(1);
    }
    bury(victim, status);
    return true;
}

bool victim_kill(struct victim *victim)
{
    if (victim_is_dead(victim, 0))
        return true;
    kill(victim->pid, SIGKILL);
    bury(victim, process_wait(victim->pid, STOP_TIMEOUT_MS));
    return false;
}

void victim_stop(struct victim *victim)
{
    kill(victim->pid, SIGTERM);
    int status = process_wait(victim->pid, STOP_TIMEOUT_MS);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "the daemon was asked to stop and ended with wait status %d", status);
    close(victim->out_fd);
    victim->pid = 0;
}
