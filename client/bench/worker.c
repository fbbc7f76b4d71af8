#include "client/bench/worker.h"

#include <sys/poll.h>
#include <sys/prctl.h>

#include "client/bench/clock.h"
#include "client/bench/link.h"
#include "client/bench/settings.h"

#define WAIT_MAX_NS UINT64_C(100000000) /* then look again */

/* The link that has waited longest for an answer to a question, or NULL. */
static struct link *find_oldest(struct worker *worker)
{
    struct link *oldest = NULL;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        if (link->in_flight > 0 &&
            (oldest == NULL || link->due[link->oldest] < oldest->due[oldest->oldest]))
            oldest = link;
    }
    return oldest;
}

/* Takes the oldest answer of all; without a rate half of those of each link, so that the next
 * questions travel together. */
static void take_hidden(struct worker *worker, struct link *oldest)
{
    link_collect(oldest, &worker->result);
    for (uint32_t i = 0; worker->settings->rate == 0 && i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        while (link->in_flight > link->settings->in_flight / 2)
            link_collect(link, &worker->result);
    }
}

/* Sees that all is on its way; true if answers came in by that. */
static bool push_all(struct worker *worker)
{
    bool answered = false;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        uint32_t before = link->in_flight;
        link_push(link, &worker->result);
        answered = answered || link->in_flight < before;
    }
    return answered;
}

/* Waits until something was answered on one of the links, or until a time, or, where
 * answers hide, for the oldest. */
static void await(struct worker *worker, uint64_t until)
{
    if (push_all(worker))
        return;
    struct link *oldest = link_hides(&worker->links[0]) ? find_oldest(worker) : NULL;
    if (oldest != NULL) {
        take_hidden(worker, oldest);
        return;
    }
    struct pollfd fds[CONNECTIONS_MAX];
    uint64_t now = clock_ns();
    uint64_t ns = until > now ? until - now : 0;
    if (ns > WAIT_MAX_NS)
        ns = WAIT_MAX_NS;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        const struct link *link = &worker->links[i];
        fds[i] = (struct pollfd){ .fd = link_fd(link), .events = link_events(link) };
    }
    struct timespec timeout = { (time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND) };
    if (ppoll(fds, worker->link_count, &timeout, NULL) <= 0)
        return;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        if (fds[i].revents != 0)
            link_collect(&worker->links[i], &worker->result);
    }
}

static bool is_over(const struct worker *worker, uint64_t end)
{
    return clock_ns() >= end || (worker->stop != NULL && atomic_load(worker->stop));
}

/* The next link that can take a batch, from *at on in a circle, or NULL. *left says
 * whether any has something to send. */
static struct link *find_free(struct worker *worker, uint32_t *at, bool *left)
{
    *left = false;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        uint32_t index = (*at + i) % worker->link_count;
        struct link *link = &worker->links[index];
        if (link->done)
            continue;
        *left = true;
        if (link_has_room(link)) {
            *at = index + 1;
            return link;
        }
    }
    return NULL;
}

static void send_at_once(struct worker *worker, uint64_t end)
{
    uint32_t at = 0;
    bool left = true;
    while (left && !is_over(worker, end)) {
        struct link *link = find_free(worker, &at, &left);
        if (link != NULL)
            link_send(link, clock_ns(), &worker->result);
        else if (left)
            await(worker, end);
    }
}

/* Of the links that have room, the one whose next batch is due first, or NULL. *left
 * says whether any has something to send before the end. */
static struct link *find_due(struct worker *worker, uint64_t end, bool *left)
{
    struct link *due = NULL;
    *left = false;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        if (link->done || link->next_due >= end)
            continue;
        *left = true;
        if (link_has_room(link) && (due == NULL || link->next_due < due->next_due))
            due = link;
    }
    return due;
}

/* What was due and found no room until the end has waited at least until then. */
static void count_unsent(struct worker *worker, uint64_t end, uint64_t interval)
{
    for (uint32_t i = 0; i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        uint64_t step = settings_step(link->settings);
        uint64_t left = link->done ? 0 : (link->generator.left + step - 1) / step;
        for (; left > 0 && link->next_due < end; left--, link->next_due += interval) {
            histogram_add(&worker->result.latency, end - link->next_due);
            worker->result.unsent++;
        }
    }
}

/* Times count from when a batch was due, also where the server was too slow for it to
 * be sent then. */
static void send_at_rate(struct worker *worker, uint64_t end)
{
    const struct settings *settings = worker->settings;
    uint64_t interval = settings_interval_ns(settings);
    for (uint32_t i = 0; i < worker->link_count; i++)
        worker->links[i].next_due = worker->begin + interval * i / worker->link_count;
    bool left = true;
    while (left && !is_over(worker, end)) {
        struct link *link = find_due(worker, end, &left);
        if (link != NULL && link->next_due <= clock_ns()) {
            link_send(link, link->next_due, &worker->result);
            link->next_due += interval;
        } else if (left) {
            await(worker, link != NULL ? link->next_due : end);
        }
    }
    uint64_t now = clock_ns();
    count_unsent(worker, now < end ? now : end, interval);
}

void *worker_run(void *arg)
{
    struct worker *worker = arg;
    uint64_t end = worker->begin + worker->settings->seconds * NS_PER_SECOND;
    /* Sleep until a time and not some 50 us longer. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    if (worker->settings->rate == 0)
        send_at_once(worker, end);
    else
        send_at_rate(worker, end);
    for (uint32_t i = 0; i < worker->link_count; i++)
        link_drain(&worker->links[i], &worker->result);
    return NULL;
}
