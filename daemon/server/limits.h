/* limits: what the daemon allows, at most. Plain data, read-only once the
 * server runs. Each has an option of its name, and a counter `refused.<name>`
 * of how often it was hit. */
#ifndef CARDINAL_SERVER_LIMITS_H
#define CARDINAL_SERVER_LIMITS_H

#include <stdint.h>

struct limits {
    uint64_t max_memory;        /* bytes resident; 0: three quarters of what there is */
    uint64_t max_frame;         /* bytes of a frame's payload, either way */
    uint64_t max_batch_values;  /* values, and rows, of one Ingest */
    uint64_t max_connections;   /* open at one time */
    uint64_t max_in_flight;     /* requests of a connection in work; it is not read from beyond */
    uint64_t max_tables;        /* in the catalog */
    uint64_t max_partial_bytes; /* of unfinished frames, over all connections */
    uint64_t max_unsent_bytes;  /* of answers their peers have not taken, over all connections */
    uint64_t max_job_bytes;     /* set aside for long requests, over all connections */
};

#endif
