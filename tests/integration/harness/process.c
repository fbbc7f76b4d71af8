#include "tests/integration/harness/process.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&ts, NULL);
}

/* In the child: only calls that are safe after fork. */
static void become(const char *const *argv, const struct process_files *files, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* the test died before the line above */
    signal(SIGPIPE, SIG_DFL);
    if (dup2(files->in, 0) < 0 || dup2(files->out, 1) < 0 || dup2(files->err, 2) < 0)
        _exit(127);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(2, "cannot run '%s': %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t process_spawn(const char *const *argv, const struct process_files *files)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    ck_assert_msg(pid >= 0, "cannot fork: %s", strerror(errno));
    if (pid == 0)
        become(argv, files, parent);
    return pid;
}

int process_wait(pid_t pid, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    int status = 0;
    for (;;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        ck_assert_msg(ended >= 0 || errno == EINTR, "cannot wait: %s", strerror(errno));
        if (ended == pid)
            return status;
        if (now_ms() > deadline) {
            kill(pid, SIGABRT);
            ck_abort_msg("process %ld still runs after %d ms", (long)pid, timeout_ms);
        }
        sleep_ms(2);
    }
}

static int memory_file(const char *name, const void *bytes, size_t len)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    ck_assert_msg(fd >= 0, "cannot make a memory file: %s", strerror(errno));
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static char *take_in(int fd, size_t *len)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    *len = (size_t)st.st_size;
    char *bytes = malloc(*len + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t done = 0; done < *len;) {
        ssize_t n = pread(fd, bytes + done, *len - done, (off_t)done);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
    bytes[*len] = '\0';
    close(fd);
    return bytes;
}

void run_start(struct run *run, const char *const *argv, const void *input, size_t input_len)
{
    memset(run, 0, sizeof *run);
    run->out_fd = memory_file("stdout", NULL, 0);
    run->err_fd = memory_file("stderr", NULL, 0);
    struct process_files files = { memory_file("stdin", input, input_len), run->out_fd,
                                   run->err_fd };
    run->pid = process_spawn(argv, &files);
    close(files.in);
}

void run_finish(struct run *run, int timeout_ms)
{
    int status = process_wait(run->pid, timeout_ms);
    run->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run->out = take_in(run->out_fd, &run->out_len);
    run->err = take_in(run->err_fd, &run->err_len);
}

void run_program(struct run *run, const char *const *argv)
{
    run_start(run, argv, NULL, 0);
    run_finish(run, PROCESS_TIMEOUT_MS);
}

void run_release(struct run *run)
{
    free(run->out);
    free(run->err);
    run->out = NULL;
    run->err = NULL;
}

/* The start of /proc/PID/name, as a string. */
static void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open '%s': %s", path, strerror(errno));
    size_t len = fread(out, 1, size - 1, file);
    out[len] = '\0';
    fclose(file);
}

/* Field number n, from 0, of fields separated by single spaces. */
static uint64_t number_field(const char *text, unsigned n)
{
    char *end = NULL;
    for (; n > 0; n--) {
        text = strchr(text, ' ');
        ck_assert_ptr_nonnull(text);
        text++;
    }
    uint64_t value = strtoull(text, &end, 10);
    ck_assert_ptr_ne(end, text);
    return value;
}

uint64_t process_resident_bytes(pid_t pid)
{
    char text[256];
    read_proc(pid, "statm", text, sizeof text);
    return number_field(text, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t process_cpu_ms(pid_t pid)
{
    char text[1024];
    read_proc(pid, "stat", text, sizeof text);
    /* The second field is the program's name in parentheses, with spaces maybe;
     * fields 14 and 15 are user and system time. */
    const char *third = strrchr(text, ')');
    ck_assert_ptr_nonnull(third);
    uint64_t ticks = number_field(third + 2, 11) + number_field(third + 2, 12);
    return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
