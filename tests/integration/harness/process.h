/* process: programs run by a test.
 *
 * A program dies with the test that started it, whatever way the test ends. Its
 * stdout and stderr go to files, so that it never waits for the test to read.
 * A failure of the machinery itself fails the test.
 *
 * Thread safety: start programs from the test's main thread only (a program is
 * killed when the thread that started it ends). */
#ifndef CARDINAL_TESTS_PROCESS_H
#define CARDINAL_TESTS_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_TIMEOUT_MS 120000 /* for whatever should take no time at all */

/* What a program is given: descriptors that become its own 0, 1 and 2. They
 * stay the caller's. */
struct process_files {
    int in;
    int out;
    int err;
};

/* Starts argv[0] (a path, or a name to be looked for in $PATH), argv ending in
 * NULL. Descriptors other than the three are not passed on. */
pid_t process_spawn(const char *const *argv, const struct process_files *files);

/* Waits for a program to end; its wait status. Fails the test after timeout_ms. */
int process_wait(pid_t pid, int timeout_ms);

/* One run of a program. */
struct run {
    pid_t pid;
    int out_fd;
    int err_fd;
    int exit_status; /* 128 + the signal, if one ended it */
    char *out;       /* out_len bytes and a NUL */
    size_t out_len;
    char *err;
    size_t err_len;
};

/* Starts a program with input_len bytes (input may be NULL if 0) as its stdin. */
void run_start(struct run *run, const char *const *argv, const void *input, size_t input_len);
/* Waits for its end and takes in what it wrote. */
void run_finish(struct run *run, int timeout_ms);
/* Both, with no stdin and the usual timeout. Give it back with run_release(). */
void run_program(struct run *run, const char *const *argv);
void run_release(struct run *run);

/* From /proc, of a program that runs. */
uint64_t process_resident_bytes(pid_t pid);
uint64_t process_cpu_ms(pid_t pid);

/* Monotonic milliseconds. */
int64_t now_ms(void);
void sleep_ms(int ms);

#endif
