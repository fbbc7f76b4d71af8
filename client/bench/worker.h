/* A thread that keeps its share of the connections busy. */
#ifndef CARDINAL_BENCH_WORKER_H
#define CARDINAL_BENCH_WORKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "client/bench/result.h"

struct link;
struct settings;

struct worker {
    const struct settings *settings;
    struct link *links; /* the worker's while it runs */
    uint32_t link_count;
    uint64_t begin;          /* clock_ns() of all workers' start */
    const atomic_bool *stop; /* when it is set, stop sending; may be NULL */
    struct result result;
};

/* arg is the struct worker. Sends all there is to be sent, or as much as there is time for, and
 * waits for the answers. Fits pthread_create(). */
void *worker_run(void *arg);

#endif
