/* upkeep: what tables need now and then, off the loops.
 *
 * Now and then a thread of the pool has every table build anew the unions that
 * deletes made stale (table_maintain()), and move out of memory that has become
 * sparse, which then goes back to the kernel (table_compact()). It takes at most a tenth of a
 * processor: the longer it worked, the longer it rests.
 *
 * States: between upkeep_start() and the end of upkeep_stop() either the timer
 * runs or the work does. Thread safety: called on the loop's thread. */
#ifndef CARDINAL_SERVER_UPKEEP_H
#define CARDINAL_SERVER_UPKEEP_H

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

struct catalog;

struct upkeep {
    uv_timer_t timer;
    uv_work_t work;
    struct catalog *catalog;
    atomic_bool stopped;
    uint64_t took_ns;
    uint64_t sparse_bytes; /* that the last compaction left */
};

/* Starts on a loop that runs; the catalog stays. */
void upkeep_start(struct upkeep *upkeep, uv_loop_t *loop, struct catalog *catalog);

/* Gives up what is in work. The loop runs on until that has ended. */
void upkeep_stop(struct upkeep *upkeep);

#endif
