/* What is printed at the end. */
#ifndef CARDINAL_BENCH_REPORT_H
#define CARDINAL_BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/target.h"

struct check;
struct result;
struct settings;

struct report {
    const struct settings *settings;
    const struct result *result;
    const struct result *reads; /* of mixed, else NULL */
    const struct check *check;
    double seconds;
    struct usage before; /* of the server */
    struct usage after;
    uint64_t client_cpu_ns;
};

void report_print(const struct report *report);

#endif
