/* daemon: a real cardinald for one test.
 *
 * It listens on ports and sockets of its own, writes its stderr into a file of
 * the test's folder (shown when the test fails) and dies with the test. Every
 * wait is bounded; what goes wrong fails the test. */
#ifndef CARDINAL_TESTS_DAEMON_H
#define CARDINAL_TESTS_DAEMON_H

#include <stddef.h>
#include <sys/types.h>

enum daemon_listen {
    DAEMON_TCP = 1,  /* 127.0.0.1, any free port */
    DAEMON_UNIX = 2, /* "socket" in the test's folder */
};

#define DAEMON_ARGUMENTS_MAX 32u

struct daemon {
    pid_t pid;
    int out_fd;             /* the daemon's stdout */
    char tcp_address[64];   /* "tcp://127.0.0.1:PORT", or "" */
    char unix_address[160]; /* "unix:///..", or "" */
    char log_path[160];     /* its stderr, appended to over restarts */
    const char *options[DAEMON_ARGUMENTS_MAX];
};

/* Starts a daemon that listens as said (bits of enum daemon_listen), with more
 * options, which end in NULL and must live as long as *daemon; options may be
 * NULL. Returns once it has said that it is ready. */
void daemon_start(struct daemon *daemon, unsigned listen, const char *const *options);

/* Starts it again, after it was stopped or killed, on the same addresses. */
void daemon_restart(struct daemon *daemon);

/* Asks it to stop (SIGTERM) and demands that it exits with 0, having written
 * nothing but the one line to stdout. */
void daemon_stop(struct daemon *daemon);

/* kill -9. */
void daemon_kill(struct daemon *daemon);

/* Its first address: TCP, or else the socket. */
const char *daemon_address(const struct daemon *daemon);

/* Demands that it is still running. */
void daemon_assert_alive(const struct daemon *daemon);

/* The line that says the daemon is ready, "ready ADDRESS..\n", taken apart into
 * *daemon. Returns 0, or -1 if the line is another. */
int daemon_parse_ready(struct daemon *daemon, const char *line);

#endif
