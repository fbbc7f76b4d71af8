/* What a run has come to. */
#ifndef CARDINAL_BENCH_RESULT_H
#define CARDINAL_BENCH_RESULT_H

#include <stdint.h>

#include "client/bench/histogram.h"

#define RESULT_ERROR_MAX 200u

struct result {
    struct histogram latency; /* nanoseconds from when a batch was due to its answer */
    uint64_t values;          /* counted by the server, or keys answered */
    uint64_t errors;          /* batches or questions that failed, or were answered wrongly */
    char first_error[RESULT_ERROR_MAX];
};

void result_error(struct result *result, const char *text);
void result_merge(struct result *result, const struct result *other);

#endif
