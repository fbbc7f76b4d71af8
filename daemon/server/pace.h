/* pace: how long a unit of some work takes, learned from what it took before,
 * to cut work into steps that end in time.
 *
 * A pace slows down at once and recovers slowly: steps should rather be short.
 *
 * Thread safety: none. */
#ifndef CARDINAL_SERVER_PACE_H
#define CARDINAL_SERVER_PACE_H

#include <stdint.h>

/* Begins with a guess, above 0. */
struct pace {
    float ns; /* a unit */
};

/* So many units took so long. */
void pace_note(struct pace *pace, uint64_t units, uint64_t ns);

/* How long so many will take. */
static inline uint64_t pace_ns(const struct pace *pace, uint64_t units)
{
    return (uint64_t)((float)units * pace->ns);
}

/* How many fit into that time, but least .. most. */
uint32_t pace_fit(const struct pace *pace, uint64_t ns, uint32_t least, uint32_t most);

#endif
