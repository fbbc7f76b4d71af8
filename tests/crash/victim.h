/* victim: the daemon that is killed, again and again, on one data folder.
 *
 * Thread safety: the main thread's. */
#ifndef CARDINAL_TESTS_CRASH_VICTIM_H
#define CARDINAL_TESTS_CRASH_VICTIM_H

#include <stdbool.h>
#include <sys/types.h>

#define VICTIM_OPTIONS_MAX 8u

struct victim {
    pid_t pid; /* 0: it does not run */
    int out_fd;
    char folder[160];   /* the data folder */
    char disk_log[160]; /* what disk_shim.c writes; "": it is not used */
    char address[160];
    char log_path[160];                      /* its stderr */
    bool may_fail;                           /* it may give up in its start: the disk fails */
    const char *options[VICTIM_OPTIONS_MAX]; /* more of them, ending in NULL */
};

/* Names its files, in the test's folder. */
void victim_init(struct victim *victim, bool has_shim);

/* Starts it, with CARDINALD_FAILPOINT set unless failpoint is NULL. Returns once it is
 * ready; false: it was killed (at the failpoint) before it was, or gave up where it
 * may. A daemon that ends in any other way fails the test. */
bool victim_start(struct victim *victim, const char *failpoint);

/* Has it died at its failpoint? Waits for at most timeout_ms. */
bool victim_is_dead(struct victim *victim, int timeout_ms);

/* kill -9, unless it is dead already, which true tells. */
bool victim_kill(struct victim *victim);

/* SIGTERM: it ends in peace. */
void victim_stop(struct victim *victim);

#endif
