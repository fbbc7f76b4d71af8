/* client_proxy: a TCP relay between a client and a daemon, that cuts connections.
 *
 * Each connection is cut after some bytes in the one or the other direction, in
 * the middle of whatever is under way, until so many have been cut; those after
 * that are left alone. One connection at a time.
 *
 * Thread safety: counters are atomic; start and stop in one thread. */
#ifndef CARDINAL_TESTS_CLIENT_PROXY_H
#define CARDINAL_TESTS_CLIENT_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct client_proxy {
    const char *to;      /* the daemon's address, tcp:// */
    size_t requests_max; /* bytes towards the daemon before a cut; 0: not counted */
    size_t answers_max;  /* bytes from the daemon before a cut; 0: not counted */
    int cuts_max;
    char address[64]; /* what clients connect to */
    atomic_int cuts;
    atomic_bool stopping;
    int listener;
    pthread_t thread;
};

/* The first four members are set. */
void client_proxy_start(struct client_proxy *proxy);
void client_proxy_stop(struct client_proxy *proxy);

#endif
