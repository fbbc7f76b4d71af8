#include "client/bench/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/bench/clock.h"
#include "client/bench/random.h"

#define LINE_BYTES 64u
#define STEPS 200000u

struct line {
    struct line *next;
    char rest[LINE_BYTES - sizeof(struct line *)];
};

/* One cycle through all lines (Sattolo's shuffle): no shorter one can be in it. */
static void link_lines(struct line *lines, size_t count)
{
    struct random random = { 1 };
    for (size_t i = 0; i < count; i++)
        lines[i].next = &lines[i];
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = (size_t)random_below(&random, i);
        struct line *next = lines[i].next;
        lines[i].next = lines[other].next;
        lines[other].next = next;
    }
}

static const struct line *walk(const struct line *line, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        line = line->next;
    return line;
}

bool memory_latency(size_t bytes, double *ns_out)
{
    size_t count = bytes / LINE_BYTES;
    struct line *lines = aligned_alloc(LINE_BYTES, count * LINE_BYTES);
    if (lines == NULL)
        return false;
    link_lines(lines, count);
    const struct line *volatile at = walk(lines, count < STEPS ? count : STEPS);
    /* The thread's own time: others may have the core in between. */
    uint64_t begin = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    at = walk(at, STEPS);
    *ns_out = (double)(clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / STEPS;
    (void)at;
    free(lines);
    return true;
}

bool memory_print(bool json)
{
    static const struct {
        const char *name;
        size_t bytes;
    } places[] = { { "768 KiB", 768u << 10 }, { "3 MiB", 3u << 20 }, { "64 MiB", 64u << 20 } };
    enum { PLACES = sizeof places / sizeof places[0] };
    double ns[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        if (!memory_latency(places[i].bytes, &ns[i]))
            return false;
    }
    (void)printf(json ? "{\"memory_latency_ns\":{" : "memory      ");
    for (size_t i = 0; i < PLACES; i++)
        (void)printf(json ? "%s\"%s\":%.1f" : "%s %s %.1f ns", i > 0 ? "," : "", places[i].name,
                     ns[i]);
    (void)printf(json ? "}}\n" : "\n");
    return true;
}
