#include "client/bench/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/bench/clock.h"
#include "client/bench/worker.h"

bool progress_is_wanted(void)
{
    return isatty(STDERR_FILENO) == 1;
}

static double micros(const struct histogram *latency, double percent)
{
    return (double)histogram_percentile(latency, percent) / 1e3;
}

/* Leaves in `latency` the times that were added since. */
static void write_line(const struct progress *progress, const struct histogram *latency,
                       uint64_t values, const struct usage *usage, uint64_t now)
{
    double ns = (double)(now - progress->last);
    double cpu = 100 * (double)(usage->cpu_ns - progress->usage.cpu_ns) / ns;
    (void)fprintf(stderr,
                  "\r%6.1f s  %11.0f/s  p50 %.0f us  p99 %.0f us  server cpu %.0f %%  "
                  "memory %.1f MiB  errors %" PRIu64 "\033[K",
                  (double)(now - progress->begin) / 1e9, (double)values * 1e9 / ns,
                  micros(latency, 50), micros(latency, 99), cpu,
                  (double)usage->resident_bytes / (1 << 20),
                  (uint64_t)progress->seen[progress->now].errors);
}

void progress_write(struct progress *progress)
{
    struct usage usage;
    if (progress->target->kind->usage(progress->target, &usage) != EXIT_DONE)
        return;
    const struct result *before = &progress->seen[progress->now];
    struct result *after = &progress->seen[progress->now ^ 1];
    uint64_t now = clock_ns();
    memset(after, 0, sizeof *after);
    for (uint32_t i = 0; i < progress->worker_count; i++)
        result_add_numbers(after, &progress->workers[i].result);
    struct histogram latency = { 0 };
    histogram_merge(&latency, &after->latency);
    histogram_subtract(&latency, &before->latency);
    progress->now ^= 1;
    write_line(progress, &latency, after->values - before->values, &usage, now);
    progress->usage = usage;
    progress->last = now;
}

void progress_end(void)
{
    (void)fputs("\r\033[K", stderr);
}
