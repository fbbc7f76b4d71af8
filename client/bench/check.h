/* Answers of the server, held against exact counts.
 *
 * The exact counts come from running the generators again, up to what was sent, after
 * the clock has stopped. Answers to questions have been looked at as they came; after
 * them it is seen that no key is missing. */
#ifndef CARDINAL_BENCH_CHECK_H
#define CARDINAL_BENCH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/settings.h"

struct link;
struct target;

struct check {
    const char *what; /* is compared */
    uint64_t exact;
    double estimate;
    bool right; /* as far as it must be; see result_bound() */
};

/* Asks and compares. On failure, which is told on stderr, *check is left alone. */
enum exit_status check_run(struct check *check, struct target *target, const struct link *links);

#endif
