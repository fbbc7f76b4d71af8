/* turn_clock: how long a connection's turn has lasted, and what its work took
 * of the processor.
 *
 * A turn is bounded by the time that passes, which is what others wait for.
 * Its work is told apart from times when the thread did not run at all, by the
 * thread's own clock. To ask that one is a system call, too dear for short turns: it is
 * asked as a turn begins that is expected to be long, else once one has lasted
 * TURN_PRECISE_NS, and counts from then on.
 *
 * Thread safety: none; a clock belongs to one thread. */
#ifndef CARDINAL_SERVER_TURN_CLOCK_H
#define CARDINAL_SERVER_TURN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A turn takes at most 200 us: no step begins that would not, at the pace of
 * those before it, end within the first 120. */
#define TURN_NS 120000u
#define TURN_PRECISE_NS 40000u

struct turn_clock {
    uint64_t begun_ns; /* of uv_hrtime(), as all but cpu_ns */
    uint64_t until_ns;
    uint64_t now_ns;     /* as of the last look */
    uint64_t precise_ns; /* when the thread's clock was asked; 0: not yet */
    uint64_t cpu_ns;     /* what it said */
};

/* expects_long: the turn will hardly be a short one. */
void turn_clock_begin(struct turn_clock *clock, uint64_t now_ns, bool expects_long);

/* Looks what time it is, after each step of a turn; how long the step took. */
uint64_t turn_clock_look(struct turn_clock *clock);

/* Nanoseconds left as of the last look; 0 when the turn is over. */
static inline uint64_t turn_clock_left(const struct turn_clock *clock)
{
    return clock->now_ns < clock->until_ns ? clock->until_ns - clock->now_ns : 0;
}

/* Has the turn, as of the last look, been a long one? */
static inline bool turn_clock_is_long(const struct turn_clock *clock)
{
    return clock->now_ns - clock->begun_ns >= TURN_PRECISE_NS;
}

/* What the work of the turn took, which ends as of the last look. */
uint64_t turn_clock_work_ns(const struct turn_clock *clock);

#endif
