/* rounds: kill, start, check, write, and again.
 *
 * A round starts the daemon on what the last one left, checks it, and lets clients
 * write until it is killed: by a signal at a random moment, or by itself at a failpoint,
 * which may come while it reads what is on disk. Some of the kills are power cuts, and
 * before some the disk has failed. A round in four is quiet: nothing is on its way when the daemon
 * is killed, and what comes back must be the same to the last bit of every estimate. Every so many
 * rounds the data folder is a new one.
 *
 * Thread safety: the main thread's. */
#ifndef CARDINAL_TESTS_CRASH_ROUNDS_H
#define CARDINAL_TESTS_CRASH_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/failpoint.h"

/* A fault that is planted, to see that it is found. */
enum plant {
    PLANT_NOTHING,
    PLANT_CUT_TAIL,  /* the end of the journal is cut off before each start */
    PLANT_LAZY_SYNC, /* syncs do nothing */
};

struct rounds_options {
    unsigned kills;
    uint64_t seed;
    enum plant plant;
};

struct rounds_result {
    unsigned kills;
    unsigned at_random;
    unsigned at_failpoints[FAILPOINT_COUNT];
    unsigned power_cuts; /* of all kills */
    unsigned faults;     /* of all kills: before them the disk had failed */
    unsigned quiet;      /* rounds that were compared to the last bit */
    unsigned long answers;
    unsigned long durable_answers;
    unsigned losses;
};

/* Goes on until there were so many kills and nothing is left to check, or losses. */
void rounds_run(const struct rounds_options *options, struct rounds_result *result);

#endif
