#include "client/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DRAW_EVERY_SECONDS 0.2
#define BAR_CELLS 24u

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress, uint64_t size_bytes)
{
    double begin = now();
    *progress = (struct progress){
        .shown = isatty(STDERR_FILENO) == 1,
        .size_bytes = size_bytes,
        .begin = begin,
        .next = begin + DRAW_EVERY_SECONDS,
    };
}

double progress_seconds(const struct progress *progress)
{
    return now() - progress->begin;
}

void progress_format(char out[PROGRESS_LINE_MAX], uint64_t bytes, uint64_t size_bytes,
                     uint64_t rows, double seconds)
{
    double megabytes = (double)bytes / 1e6;
    double rate = seconds > 0 ? (double)rows / seconds : 0;
    if (size_bytes == 0 || bytes == 0) {
        (void)snprintf(out, PROGRESS_LINE_MAX, "%.1f MB  %.0f rows/s", megabytes, rate);
        return;
    }
    double part = bytes < size_bytes ? (double)bytes / (double)size_bytes : 1;
    char bar[BAR_CELLS + 1];
    for (unsigned i = 0; i < BAR_CELLS; i++)
        bar[i] = i < (unsigned)(part * BAR_CELLS) ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    (void)snprintf(out, PROGRESS_LINE_MAX,
                   "[%s] %3.0f %%  %.1f of %.1f MB  %.0f rows/s  ETA %.0f s", bar, part * 100,
                   megabytes, (double)size_bytes / 1e6, rate, seconds / part - seconds);
}

void progress_update(struct progress *progress, uint64_t bytes, uint64_t rows)
{
    if (!progress->shown)
        return;
    double time = now();
    if (time < progress->next)
        return;
    char line[PROGRESS_LINE_MAX];
    progress_format(line, bytes, progress->size_bytes, rows, time - progress->begin);
    (void)fprintf(stderr, "\r%s\033[K", line);
    (void)fflush(stderr);
    progress->drawn = true;
    progress->next = time + DRAW_EVERY_SECONDS;
}

void progress_wipe(struct progress *progress)
{
    if (!progress->drawn)
        return;
    (void)fputs("\r\033[K", stderr);
    progress->drawn = false;
}
