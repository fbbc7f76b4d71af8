/* How long the machine's memory takes to answer: a walk along a random cycle, in which
 * each step waits for the one before. Machines that are shared change by half from one
 * minute to the next, so benches print it beside what they measure. */
#ifndef CARDINAL_BENCH_MEMORY_H
#define CARDINAL_BENCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Nanoseconds a step in so many bytes, at least 128. False: no memory. */
bool memory_latency(size_t bytes, double *ns_out);

/* Measures places that fit into the core's own cache, into the shared one, and into
 * none, and prints a line. False: no memory. */
bool memory_print(bool json);

#endif
