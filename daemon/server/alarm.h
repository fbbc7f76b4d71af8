/* alarm: connections to be given a turn at some time.
 *
 * A coarse clock for many: they ring up to ALARM_TICK_MS late, and the loop
 * looks at none of them while none is set.
 *
 * Thread safety: none; alarms belong to their loop. */
#ifndef CARDINAL_SERVER_ALARM_H
#define CARDINAL_SERVER_ALARM_H

#include <stdint.h>
#include <uv.h>

#define ALARM_TICK_MS 5u

struct connection;

struct alarm {
    uint64_t at_ms; /* loop time; 0: not set */
    struct connection *connection;
    struct alarm *next;
    struct alarm *prev;
};

/* All that are set on a loop. */
struct alarms {
    uv_timer_t timer;
    struct alarm *first;
};

void alarms_init(struct alarms *alarms, uv_loop_t *loop);
void alarms_close(struct alarms *alarms);

/* Has the connection woken once at_ms has come, whatever was set before. */
void alarm_set(struct alarms *alarms, struct alarm *alarm, uint64_t at_ms);
void alarm_clear(struct alarms *alarms, struct alarm *alarm);

#endif
