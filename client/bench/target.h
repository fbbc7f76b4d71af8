/* A server under test, of one of two kinds: cardinald, or one that speaks the protocol
 * of Redis. What the load tester does is the same for both; struct target_kind is
 * where they differ.
 *
 * Functions that return an enum exit_status have told on stderr what is wrong, unless
 * it is EXIT_DONE. A target belongs to the main thread, a link to one thread at a time. */
#ifndef CARDINAL_BENCH_TARGET_H
#define CARDINAL_BENCH_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/settings.h"

struct link;
struct result;

struct usage {
    uint64_t cpu_ns; /* user and system, of the server's process */
    uint64_t resident_bytes;
};

struct answer {
    double estimate;
    double rse;    /* relative standard error of it */
    uint64_t keys; /* that are there */
};

struct target {
    const struct target_kind *kind;
    const struct settings *settings;
    void *state; /* the kind's own; NULL until it is open */
};

struct target_kind {
    /* Connects, and makes a place that is empty for the run. Close it either way. */
    enum exit_status (*open)(struct target *target);
    /* Removes what the run has left there. */
    void (*close)(struct target *target);
    /* Gives each key the values that workloads ask for. */
    enum exit_status (*fill)(struct target *target);
    enum exit_status (*usage)(struct target *target, struct usage *out);
    /* Distinct values of the first key. */
    enum exit_status (*count_first)(struct target *target, struct answer *out);
    /* Distinct values of the first column over the first `keys` keys, which are all that
     * there should be. */
    enum exit_status (*count_all)(struct target *target, uint64_t keys, struct answer *out);

    /* One connection under load; see link.h. Close it either way. */
    enum exit_status (*link_open)(struct link *link);
    void (*link_close)(struct link *link);
    /* Sends the next batch or question, and says link_sent(). */
    void (*link_send)(struct link *link, uint64_t due, struct result *result);
    /* Takes in what has come, without waiting, or, where link_hides(), the oldest answer. */
    void (*link_collect)(struct link *link, struct result *result);
    /* Sees that what was said to be sent is on its way. May take in answers, too. */
    void (*link_push)(struct link *link, struct result *result);
    /* Waits until all is answered. */
    void (*link_drain)(struct link *link, struct result *result);
    int (*link_fd)(const struct link *link);
    short (*link_events)(const struct link *link); /* to wait for on it */
    /* Answers to questions may have been read without being told: no use in waiting
     * for the socket. */
    bool hides_answers;
};

extern const struct target_kind target_cardinal;
extern const struct target_kind target_redis;

/* Opens the server that the settings name. */
enum exit_status target_open(struct target *target, const struct settings *settings);
void target_close(struct target *target);

#endif
