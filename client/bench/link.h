/* One connection under load, with what is on its way over it.
 *
 * Belongs to one thread at a time. */
#ifndef CARDINAL_BENCH_LINK_H
#define CARDINAL_BENCH_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/settings.h"
#include "client/bench/workload.h"

struct result;
struct target;

#define IN_FLIGHT_MAX 256u

struct link {
    const struct target *target;
    const struct settings *settings;
    void *state; /* of the target's kind; NULL until it is open */
    struct generator generator;
    uint64_t due[IN_FLIGHT_MAX]; /* when each of what is on its way was to be sent; a ring */
    uint32_t oldest;             /* in the ring */
    uint32_t in_flight;
    uint64_t next_due; /* at a fixed rate: when to send again */
    uint64_t made;     /* events of the generator that went out */
    bool done;         /* nothing left to be sent */
};

/* Connects, and opens the index-th connection's share of the workload. Failure is told
 * on stderr; close it either way. */
enum exit_status link_open(struct link *link, const struct target *target,
                           const struct settings *settings, uint32_t index);
void link_close(struct link *link);

bool link_has_room(const struct link *link);

/* Whether to wait in link_collect() and not for the socket. */
bool link_hides(const struct link *link);

/* Sends the next batch, or question, which was due at a time. */
void link_send(struct link *link, uint64_t due, struct result *result);
void link_push(struct link *link, struct result *result);
void link_collect(struct link *link, struct result *result);
void link_drain(struct link *link, struct result *result);
int link_fd(const struct link *link);
short link_events(const struct link *link);

/* For targets: the next event of the generator into link->generator.event; false: there
 * is none. Keeps made and done. */
bool link_next(struct link *link);
/* For targets: one more is on its way; the oldest has been answered. */
void link_sent(struct link *link, uint64_t due);
void link_answered(struct link *link, struct result *result);

#endif
