/* Answers of the server, held against exact counts.
 *
 * The exact counts come from running the generators again, up to what was sent, after
 * the clock has stopped. */
#ifndef CARDINAL_BENCH_CHECK_H
#define CARDINAL_BENCH_CHECK_H

#include <cardinal.h>
#include <stdbool.h>
#include <stdint.h>

struct link;
struct settings;

struct check {
    const char *what; /* is compared */
    uint64_t exact;
    double estimate;
    double bound; /* what it may be off: five standard errors */
    bool right;
};

/* Asks and compares. On failure, which is told on stderr, *check is left alone. */
cardinal_status check_run(struct check *check, cardinal_client *client, const char *table,
                          const struct settings *settings, const struct link *links);

#endif
