/* What is printed at the end. */
#ifndef CARDINAL_BENCH_REPORT_H
#define CARDINAL_BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct check;
struct result;
struct settings;

struct report {
    const struct settings *settings;
    const struct result *result;
    const struct check *check;
    double seconds;
    uint64_t server_cpu_ns;
    uint64_t client_cpu_ns;
};

void report_print(const struct report *report);

#endif
