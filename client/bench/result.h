/* What a run has come to. */
#ifndef CARDINAL_BENCH_RESULT_H
#define CARDINAL_BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/histogram.h"

#define RESULT_ERROR_MAX 200u

/* Thread safety: one thread fills it; others may look at its numbers meanwhile. */
struct result {
    struct histogram latency; /* nanoseconds from when a batch was due to its answer */
    _Atomic uint64_t values;  /* counted by the server; keys, unions or pages answered */
    _Atomic uint64_t errors;  /* batches or questions that failed, or were answered wrongly */
    _Atomic uint64_t unsent;  /* batches that were due in time and could not be sent */
    char first_error[RESULT_ERROR_MAX];
};

void result_error(struct result *result, const char *text);

/* Counts an answer that should be near a number of distinct values: an error where it is off by
 * more than its standard error can explain. */
void result_compare(struct result *result, double estimate, double rse, uint64_t exact);

/* Adds what another has come to, which may still be filled. */
void result_add_numbers(struct result *result, const struct result *other);

/* The same of one that is done, with the words of its first error. */
void result_merge(struct result *result, const struct result *other);

bool result_is_near(double estimate, double rse, uint64_t exact);

/* How far an estimate may be off: six standard errors. Few values are counted nearly
 * exactly, and one is. */
double result_bound(uint64_t exact, double rse);

#endif
