#include "client/bench/worker.h"

#include <sys/poll.h>

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

/* Waits until something was answered on one of the links, or until a time. Answers to
 * questions are taken one by one, and those that the library has read already would
 * not make a socket readable: there the oldest is waited for. */
static void await(struct worker *worker, uint64_t until)
{
    if (worker->settings->workload.kind == WORKLOAD_POINT) {
        struct link *oldest = find_oldest(worker);
        if (oldest != NULL) {
            link_collect(oldest, &worker->result);
            return;
        }
    }
    struct pollfd fds[CONNECTIONS_MAX];
    uint64_t now = clock_ns();
    uint64_t ns = until > now ? until - now : 0;
    if (ns > WAIT_MAX_NS)
        ns = WAIT_MAX_NS;
    for (uint32_t i = 0; i < worker->link_count; i++)
        fds[i] = (struct pollfd){ .fd = cardinal_fd(worker->links[i].client), .events = POLLIN };
    struct timespec timeout = { (time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND) };
    if (ppoll(fds, worker->link_count, &timeout, NULL) <= 0)
        return;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        if (fds[i].revents != 0)
            link_collect(&worker->links[i], &worker->result);
    }
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
    while (left && clock_ns() < end) {
        struct link *link = find_free(worker, &at, &left);
        if (link != NULL)
            link_send(link, clock_ns(), &worker->result);
        else if (left)
            await(worker, end);
    }
}

static struct link *find_due(struct worker *worker)
{
    struct link *due = NULL;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        struct link *link = &worker->links[i];
        if (!link->done && (due == NULL || link->next_due < due->next_due))
            due = link;
    }
    return due;
}

/* Times count from when a batch was due, also where the server was too slow for it to
 * be sent then. */
static void send_at_rate(struct worker *worker, uint64_t end)
{
    const struct settings *settings = worker->settings;
    double seconds = (double)settings->batch * settings->connections / (double)settings->rate;
    uint64_t interval = (uint64_t)(seconds * (double)NS_PER_SECOND);
    for (uint32_t i = 0; i < worker->link_count; i++)
        worker->links[i].next_due = worker->begin + interval * i / worker->link_count;
    struct link *link;
    while ((link = find_due(worker)) != NULL && link->next_due < end) {
        while (clock_ns() < link->next_due)
            await(worker, link->next_due);
        while (!link_has_room(link) && clock_ns() < end)
            await(worker, end);
        if (!link_has_room(link))
            return;
        link_send(link, link->next_due, &worker->result);
        link->next_due += interval;
    }
}

void *worker_run(void *arg)
{
    struct worker *worker = arg;
    uint64_t end = worker->begin + worker->settings->seconds * NS_PER_SECOND;
    if (worker->settings->rate == 0)
        send_at_once(worker, end);
    else
        send_at_rate(worker, end);
    for (uint32_t i = 0; i < worker->link_count; i++)
        link_drain(&worker->links[i], &worker->result);
    return NULL;
}
