#include "client/bench/link.h"

#include "client/bench/clock.h"
#include "client/bench/result.h"
#include "client/bench/target.h"

enum exit_status link_open(struct link *link, const struct target *target,
                           const struct settings *settings, uint32_t index)
{
    *link = (struct link){ .target = target, .settings = settings };
    generator_begin(&link->generator, &settings->workload, index, settings->connections);
    link->done = link->generator.left == 0;
    return target->kind->link_open(link);
}

void link_close(struct link *link)
{
    if (link->state != NULL)
        link->target->kind->link_close(link);
}

bool link_has_room(const struct link *link)
{
    return link->in_flight < link->settings->in_flight;
}

bool link_hides(const struct link *link)
{
    return link->target->kind->hides_answers && workload_asks(link->settings->workload.kind);
}

void link_send(struct link *link, uint64_t due, struct result *result)
{
    link->target->kind->link_send(link, due, result);
}

void link_push(struct link *link, struct result *result)
{
    link->target->kind->link_push(link, result);
}

void link_collect(struct link *link, struct result *result)
{
    link->target->kind->link_collect(link, result);
}

void link_drain(struct link *link, struct result *result)
{
    link->target->kind->link_drain(link, result);
}

int link_fd(const struct link *link)
{
    return link->target->kind->link_fd(link);
}

short link_events(const struct link *link)
{
    return link->target->kind->link_events(link);
}

bool link_next(struct link *link)
{
    bool made = generator_next(&link->generator);
    link->made += made ? 1 : 0;
    link->done = link->generator.left == 0;
    return made;
}

void link_sent(struct link *link, uint64_t due)
{
    link->due[(link->oldest + link->in_flight) % IN_FLIGHT_MAX] = due;
    link->in_flight++;
}

void link_answered(struct link *link, struct result *result)
{
    uint64_t due = link->due[link->oldest];
    uint64_t now = clock_ns();
    link->oldest = (link->oldest + 1) % IN_FLIGHT_MAX;
    link->in_flight--;
    histogram_add(&result->latency, now > due ? now - due : 0);
}
