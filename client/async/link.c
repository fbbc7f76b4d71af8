/* A connection on the loop: its socket, its time, its turns. */
#include "client/async/async.h"
#include "client/lib/clock.h"
#include "client/lib/options.h"

#include <stdlib.h>

#define BLIND_MS 50 /* between turns when the socket cannot be watched */

static void poll_closed(uv_handle_t *handle)
{
    struct async_link *link = handle->data;
    free(handle);
    async_handle_closed(link->async);
}

/* The socket is about to be closed. */
static void unwatch(struct transport *transport)
{
    struct cardinal_client *client =
        (struct cardinal_client *)((char *)transport - offsetof(struct cardinal_client, transport));
    struct async_link *link = client->user;
    if (link->poll == NULL)
        return;
    uv_poll_stop(link->poll);
    uv_close((uv_handle_t *)link->poll, poll_closed);
    link->poll = NULL;
    link->events = 0;
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct async_link *link = poll->data;
    (void)status; /* the turn finds out what is wrong */
    (void)events;
    struct cardinal_async *async = link->async;
    async_link_turn(link);
    async_tell(async);
}

static void timer_fired(uv_timer_t *timer)
{
    struct async_link *link = timer->data;
    struct cardinal_async *async = link->async;
    link->due_ms = INT64_MAX;
    async_link_turn(link);
    async_tell(async);
}

cardinal_status async_link_init(struct async_link *link, struct cardinal_async *async,
                                const cardinal_options *options)
{
    cardinal_status status = client_new(options, &link->client, &async->fault);
    if (status != CARDINAL_OK)
        return status;
    link->async = async;
    link->client->user = link;
    link->client->transport.on_close = unwatch;
    link->due_ms = INT64_MAX;
    uv_timer_init(async->loop, &link->timer);
    link->timer.data = link;
    async->handles++;
    return CARDINAL_OK;
}

static void timer_closed(uv_handle_t *handle)
{
    struct async_link *link = handle->data;
    async_handle_closed(link->async);
}

void async_link_close(struct async_link *link)
{
    unwatch(&link->client->transport);
    uv_close((uv_handle_t *)&link->timer, timer_closed);
}

void async_link_touch(struct async_link *link)
{
    link->touched = true;
    if (!link->async->closing)
        uv_prepare_start(&link->async->prepare, link->async->prepare.prepare_cb);
}

/* False without memory. */
static bool watch_socket(struct async_link *link)
{
    struct transport *transport = &link->client->transport;
    if (transport->fd < 0)
        return true;
    if (link->poll == NULL) {
        uv_poll_t *poll = calloc(1, sizeof *poll);
        if (poll == NULL)
            return false;
        if (uv_poll_init(link->async->loop, poll, transport->fd) != 0) {
            free(poll);
            return false;
        }
        poll->data = link;
        link->poll = poll;
        link->async->handles++;
    }
    int events = UV_READABLE;
    if (transport->state == TRANSPORT_CONNECTING)
        events = UV_WRITABLE;
    else if (core_has_output(&link->client->core))
        events = UV_READABLE | UV_WRITABLE;
    if (events == link->events)
        return true;
    link->events = events;
    return uv_poll_start(link->poll, events, socket_ready) == 0;
}

static void set_timer(struct async_link *link, int64_t due_ms)
{
    if (due_ms == link->due_ms)
        return;
    link->due_ms = due_ms;
    if (due_ms == INT64_MAX) {
        uv_timer_stop(&link->timer);
        return;
    }
    int64_t left = due_ms - clock_ms();
    uv_update_time(link->async->loop);
    /* Never 0: libuv fires a timer that sets itself to now until it stops to do so. */
    uv_timer_start(&link->timer, timer_fired, left > 1 ? (uint64_t)left : 1, 0);
}

void async_link_turn(struct async_link *link)
{
    client_turn(link->client, 0);
    client_look(link->client);
    client_push(link->client); /* what the answers made room for */
    int64_t due = client_due_ms(link->client);
    if (!watch_socket(link)) {
        int64_t blind = clock_ms() + BLIND_MS;
        due = blind < due ? blind : due;
    }
    set_timer(link, due);
}

struct async_link *async_pick_link(struct cardinal_async *async)
{
    struct async_link *least = &async->links[0];
    for (unsigned i = 1; i < async->link_count; i++) {
        if (async->links[i].unanswered < least->unanswered)
            least = &async->links[i];
    }
    return least;
}
