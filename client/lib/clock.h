/* Monotonic time in milliseconds. */
#ifndef CARDINAL_CLIENT_CLOCK_H
#define CARDINAL_CLIENT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t clock_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

/* Late by up to a tick (some milliseconds), but cheap enough to be read for
 * every value. */
static inline int64_t clock_coarse_ms(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    return clock_read_ms(CLOCK_MONOTONIC_COARSE);
#else
    return clock_ms();
#endif
}

#endif
