#include "daemon/server/turn_clock.h"

#include <time.h>
#include <uv.h>

static uint64_t thread_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void turn_clock_begin(struct turn_clock *clock, uint64_t now_ns, bool expects_long)
{
    *clock = (struct turn_clock){
        .begun_ns = now_ns,
        .until_ns = now_ns + TURN_NS,
        .now_ns = now_ns,
        .precise_ns = expects_long ? now_ns : 0,
        .cpu_ns = expects_long ? thread_ns() : 0,
    };
}

uint64_t turn_clock_look(struct turn_clock *clock)
{
    uint64_t before_ns = clock->now_ns;

    clock->now_ns = uv_hrtime();
    if (clock->precise_ns == 0 && turn_clock_is_long(clock)) {
        clock->precise_ns = clock->now_ns;
        clock->cpu_ns = thread_ns();
    }
    return clock->now_ns - before_ns;
}

uint64_t turn_clock_work_ns(const struct turn_clock *clock)
{
    if (clock->precise_ns == 0)
        return clock->now_ns - clock->begun_ns;
    return clock->precise_ns - clock->begun_ns + thread_ns() - clock->cpu_ns;
}
