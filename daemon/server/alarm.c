#include "daemon/server/alarm.h"

#include "daemon/server/connection.h"

void alarms_init(struct alarms *alarms, uv_loop_t *loop)
{
    uv_timer_init(loop, &alarms->timer);
    alarms->timer.data = alarms;
    alarms->first = NULL;
}

void alarms_close(struct alarms *alarms)
{
    uv_close((uv_handle_t *)&alarms->timer, NULL);
}

static void on_tick(uv_timer_t *timer)
{
    struct alarms *alarms = timer->data;
    uint64_t now = uv_now(timer->loop);
    struct alarm *next;

    for (struct alarm *alarm = alarms->first; alarm != NULL; alarm = next) {
        next = alarm->next;
        if (alarm->at_ms > now)
            continue;
        alarm_clear(alarms, alarm);
        connection_wake(alarm->connection);
    }
}

void alarm_set(struct alarms *alarms, struct alarm *alarm, uint64_t at_ms)
{
    if (alarm->at_ms == 0) {
        alarm->prev = NULL;
        alarm->next = alarms->first;
        if (alarm->next != NULL)
            alarm->next->prev = alarm;
        alarms->first = alarm;
    }
    alarm->at_ms = at_ms;
    if (!uv_is_active((uv_handle_t *)&alarms->timer))
        uv_timer_start(&alarms->timer, on_tick, ALARM_TICK_MS, ALARM_TICK_MS);
}

void alarm_clear(struct alarms *alarms, struct alarm *alarm)
{
    if (alarm->at_ms == 0)
        return;
    alarm->at_ms = 0;
    if (alarm->prev != NULL)
        alarm->prev->next = alarm->next;
    else
        alarms->first = alarm->next;
    if (alarm->next != NULL)
        alarm->next->prev = alarm->prev;
    if (alarms->first == NULL)
        uv_timer_stop(&alarms->timer);
}
