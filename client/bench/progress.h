/* The line that lives on a terminal while the run goes on: what was done since the line
 * was last written. On stderr, so that the output can go elsewhere. */
#ifndef CARDINAL_BENCH_PROGRESS_H
#define CARDINAL_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/result.h"
#include "client/bench/target.h"

struct worker;

#define PROGRESS_PERIOD_NS 500000000L

struct progress {
    struct target *target;
    const struct worker *workers; /* whose results are looked at */
    uint32_t worker_count;
    uint64_t begin;
    uint64_t last;         /* clock_ns() when the line was written */
    struct usage usage;    /* at that time */
    struct result seen[2]; /* all results at that time, and those of now */
    unsigned now;          /* index in seen */
};

/* Is there a terminal to write to? */
bool progress_is_wanted(void);

/* Writes the line anew. What the server says of itself costs it one question. */
void progress_write(struct progress *progress);

/* Takes the line away. */
void progress_end(void);

#endif
