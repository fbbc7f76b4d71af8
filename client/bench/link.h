/* One connection under load, with what is on its way over it.
 *
 * Belongs to one thread at a time. */
#ifndef CARDINAL_BENCH_LINK_H
#define CARDINAL_BENCH_LINK_H

#include <cardinal.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/bench/workload.h"

struct result;
struct settings;

#define IN_FLIGHT_MAX 256u
#define POINT_KEYS_MAX 1024u /* of a question */

struct link {
    const struct settings *settings;
    const char *table;
    cardinal_client *client;
    cardinal_batch *batch;                    /* of workloads that send values */
    cardinal_pending *pending[IN_FLIGHT_MAX]; /* of those that ask */
    struct generator generator;
    uint64_t due[IN_FLIGHT_MAX]; /* when each of what is on its way was to be sent; a ring */
    uint32_t oldest;             /* in both rings */
    uint32_t in_flight;
    uint64_t answered; /* batches */
    uint64_t next_due; /* at a fixed rate: when to send again */
    uint64_t made;     /* events of the generator that went out */
    bool done;         /* nothing left to be sent */
};

/* Connects, and opens the index-th connection's share of the workload. On failure the
 * reason is on stderr; close it either way. */
cardinal_status link_open(struct link *link, const struct settings *settings, const char *table,
                          uint32_t index);
void link_close(struct link *link);

bool link_has_room(const struct link *link);

/* Sends the next batch, or question, which was due at a time. */
void link_send(struct link *link, uint64_t due, struct result *result);

/* Takes in the batches that have been answered, without waiting; waits for the oldest
 * question, if there is one. */
void link_collect(struct link *link, struct result *result);

/* Waits until all is answered. */
void link_drain(struct link *link, struct result *result);

#endif
