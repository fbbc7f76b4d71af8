/* context: what all loops and jobs of a server share. Read-only while they run
 * but for what says of itself that it is thread-safe. */
#ifndef CARDINAL_SERVER_CONTEXT_H
#define CARDINAL_SERVER_CONTEXT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/server/budget.h"
#include "daemon/server/limits.h"
#include "daemon/server/stats.h"
#include "daemon/wire/decode.h"

struct catalog;
struct keeper;
struct loop;
struct store;

struct server_context {
    struct limits limits;
    struct decode_limits decode_limits;
    struct catalog *catalog;
    atomic_bool is_ready;  /* the catalog holds what the store does; see opening.h */
    struct store *store;   /* NULL: everything is in memory alone */
    struct keeper *keeper; /* of the store's snapshots, once is_ready; NULL without a store */
    enum ack default_ack;  /* of writes and tables that do not say; ACK_DEFAULT: memory */
    struct budget partial_bytes;
    struct budget unsent_bytes;
    struct budget job_bytes;
    uint64_t started_ns; /* of uv_hrtime() */
    struct loop *loops;
    unsigned loop_count;
    struct stats acceptor_stats;

    /* A loop that drains has nothing in work any more; any thread. */
    void (*loop_is_quiet)(void *arg);
    void *arg;
};

#endif
