/* stats: the daemon's figures, counted where things happen and added up when
 * somebody asks.
 *
 * Each thread that counts has a block of its own on its own cache lines, and
 * is the only one to add to it, so counting is a plain addition. The blocks of
 * loops are reached through struct loop; names and units are listed in
 * docs/protocol.md.
 *
 * Thread safety: stats_add() by the block's thread alone, stats_read() by any. */
#ifndef CARDINAL_SERVER_STATS_H
#define CARDINAL_SERVER_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/request.h"
#include "proto/status.h"

/* Counters besides those of requests and errors: enumerator, name. */
#define COUNTER_MAP(X)                                                                             \
    X(VALUES, "values")                                                                            \
    X(CHANGES, "changes")                                                                          \
    X(BYTES_IN, "bytes_in")                                                                        \
    X(BYTES_OUT, "bytes_out")                                                                      \
    X(ACCEPTED, "connections.accepted")                                                            \
    X(ACCEPT_PAUSES, "connections.accept_pauses")                                                  \
    X(WRITE_PAUSES, "connections.write_pauses")                                                    \
    X(JOURNAL_PAUSES, "journal.pauses")                                                            \
    X(REFUSED_FRAME, "refused.max_frame")                                                          \
    X(REFUSED_BATCH_VALUES, "refused.max_batch_values")                                            \
    X(REFUSED_CONNECTIONS, "refused.max_connections")                                              \
    X(REFUSED_IN_FLIGHT, "refused.max_in_flight")                                                  \
    X(REFUSED_PARTIAL_BYTES, "refused.max_partial_bytes")                                          \
    X(REFUSED_UNSENT_BYTES, "refused.max_unsent_bytes")                                            \
    X(REFUSED_JOB_BYTES, "refused.max_job_bytes")

enum counter {
#define COUNTER_ENUM(upper, name) COUNTER_##upper,
    COUNTER_MAP(COUNTER_ENUM)
#undef COUNTER_ENUM
        COUNTER_REQUESTS, /* by kind, REQUEST_UNKNOWN the last */
    COUNTER_ERRORS = COUNTER_REQUESTS + REQUEST_KIND_COUNT + 1, /* by status; OK stays 0 */
    COUNTER_COUNT = COUNTER_ERRORS + STATUS_COUNT,
};

struct stats {
    _Alignas(64) _Atomic uint64_t counters[COUNTER_COUNT];
};

static inline void stats_add(struct stats *stats, unsigned counter, uint64_t n)
{
    _Atomic uint64_t *c = &stats->counters[counter];

    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline uint64_t stats_read(const struct stats *stats, unsigned counter)
{
    return atomic_load_explicit(&stats->counters[counter], memory_order_relaxed);
}

#define STATS_NAME_MAX 64u /* bytes, the NUL included */

/* Writes the counter's name to out, "requests.ping" say. */
void stats_counter_name(unsigned counter, char out[STATS_NAME_MAX]);

/* What the kernel says of the process. */
struct process_usage {
    uint64_t resident_bytes;
    uint64_t cpu_user_ns;
    uint64_t cpu_system_ns;
};
void stats_process_usage(struct process_usage *out);

#endif
