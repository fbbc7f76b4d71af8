#include "client/lib/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/lib/clock.h"

#define READ_BYTES (64u << 10)      /* taken from the socket at a time */
#define HELD_BYTES_MAX (192u << 10) /* of requests, before they are written */
#define HELD_MS_MAX 2               /* a batch that follows another within that is held */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 2000

static void wait_for(int fd, short events, int64_t until_ms)
{
    struct pollfd watched = { .fd = fd, .events = events };
    int64_t left = until_ms - clock_ms();
    if (left < 0)
        left = 0;
    if (left > INT32_MAX)
        left = INT32_MAX;
    poll(&watched, 1, (int)left);
}

/* Half of the pause is fixed and half is chance, lest the clients of a server
 * that comes back all come at once. */
static int64_t pause_ms(unsigned failures)
{
    uint32_t chance = 0;
    int64_t pause = PAUSE_FIRST_MS;
    if (failures == 0)
        return 0;
    for (unsigned i = 1; i < failures && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
        chance = 0;
    return pause / 2 + (int64_t)(chance % (uint32_t)(pause / 2 + 1));
}

/* Will connecting anew not help? */
static bool is_final(enum core_state state, cardinal_status status)
{
    if (state != CORE_GREETING)
        return false;
    return status == CARDINAL_ERR_PROTOCOL ||
           (status > 0 && status != CARDINAL_UNAVAILABLE && status != CARDINAL_NOT_READY &&
            status != CARDINAL_RESOURCE_EXHAUSTED);
}

/* The connection, or the attempt to make one, is over. */
static void drop(struct cardinal_client *client, const struct fault *why)
{
    bool final = is_final(client->core.state, why->status);
    client->connection = *why;
    transport_close(&client->transport);
    core_lost(&client->core, why);
    if (final)
        core_fail_all(&client->core, why);
    if (client->core.answers == client->answers_before)
        client->failures++;
    else
        client->failures = 0;
    client->answers_before = client->core.answers;
    client->retry_at_ms = clock_ms() + pause_ms(client->failures);
}

static void drop_unreached(struct cardinal_client *client, const struct fault *why)
{
    struct fault fault;
    fault_set(&fault, why->status, "cannot connect to %.128s: %.200s", client->address_text,
              why->text);
    drop(client, &fault);
}

void client_open(struct cardinal_client *client)
{
    struct fault fault;
    client->connect_deadline_ms = clock_ms() + client->connect_timeout_ms;
    if (transport_open(&client->transport, &client->address, &fault) != CARDINAL_OK)
        drop_unreached(client, &fault);
    else if (client->transport.state == TRANSPORT_CONNECTED)
        core_connected(&client->core);
}

static void finish_connecting(struct cardinal_client *client, int64_t until_ms)
{
    struct fault fault;
    int64_t limit = client->connect_deadline_ms < until_ms ? client->connect_deadline_ms : until_ms;
    struct pollfd watched = { .fd = client->transport.fd, .events = POLLOUT };
    int64_t left = limit - clock_ms();
    if (poll(&watched, 1, left > 0 ? (int)left : 0) <= 0) {
        if (clock_ms() < client->connect_deadline_ms)
            return;
        fault_set(&fault, CARDINAL_ERR_CONNECT, "not reached within %lld ms",
                  (long long)client->connect_timeout_ms);
        drop_unreached(client, &fault);
        return;
    }
    if (transport_advance(&client->transport, &fault) != CARDINAL_OK)
        drop_unreached(client, &fault);
    else if (client->transport.state == TRANSPORT_CONNECTED)
        core_connected(&client->core);
}

/* There is no connection: makes one if a call wants it and it is time. */
static void reconnect(struct cardinal_client *client, int64_t until_ms)
{
    if (client->core.first == NULL)
        return;
    if (clock_ms() < client->retry_at_ms) {
        wait_for(-1, 0, client->retry_at_ms < until_ms ? client->retry_at_ms : until_ms);
        return;
    }
    core_reconnecting(&client->core);
    client_open(client);
}

static void read_in(struct cardinal_client *client)
{
    uint8_t buffer[READ_BYTES];
    struct fault fault;
    size_t n;
    do {
        if (transport_read(&client->transport, buffer, sizeof buffer, &n, &fault) != CARDINAL_OK ||
            core_feed(&client->core, buffer, n, &fault) != CARDINAL_OK) {
            drop(client, &fault);
            return;
        }
    } while (n == sizeof buffer);
}

/* Writes what goes; false when the socket takes no more for now. */
static bool write_out(struct cardinal_client *client)
{
    struct iovec iov[CORE_IOV_MAX];
    struct fault fault;
    int count;
    while ((count = core_output(&client->core, clock_ms(), iov)) > 0) {
        size_t n;
        if (transport_write(&client->transport, iov, count, &n, &fault) != CARDINAL_OK) {
            read_in(client); /* the server's last words, if it left any */
            if (client->transport.state == TRANSPORT_CONNECTED)
                drop(client, &fault);
            return true;
        }
        if (n == 0)
            return false;
        core_written(&client->core, n);
    }
    return true;
}

/* The part of a turn that has a connection. */
static void exchange(struct cardinal_client *client, int64_t until_ms)
{
    bool greeting = client->core.state == CORE_GREETING;
    bool all_written = write_out(client);
    if (client->transport.state != TRANSPORT_CONNECTED)
        return;
    if (greeting && client->connect_deadline_ms < until_ms)
        until_ms = client->connect_deadline_ms;
    if (until_ms > clock_ms())
        wait_for(client->transport.fd, (short)(all_written ? POLLIN : POLLIN | POLLOUT), until_ms);
    read_in(client);
    if (client->core.state == CORE_GREETING && clock_ms() >= client->connect_deadline_ms) {
        struct fault fault;
        fault_set(&fault, CARDINAL_ERR_TIMEOUT, "no answer to hello within %lld ms",
                  (long long)client->connect_timeout_ms);
        drop_unreached(client, &fault);
    }
}

/* Ends late calls, but not those whose answers have come meanwhile. */
static void expire(struct cardinal_client *client)
{
    struct fault fault;
    if (client->transport.state == TRANSPORT_CONNECTED)
        read_in(client);
    if (core_expire(&client->core, clock_ms()))
        return;
    fault_set(&fault, CARDINAL_ERR_TIMEOUT, "a request could not be written in time");
    drop(client, &fault);
}

void client_turn(struct cardinal_client *client, int64_t until_ms)
{
    if (core_is_late(&client->core, clock_ms()))
        expire(client);
    switch (client->transport.state) {
    case TRANSPORT_CLOSED:
        reconnect(client, until_ms);
        break;
    case TRANSPORT_CONNECTING:
        finish_connecting(client, until_ms);
        break;
    case TRANSPORT_CONNECTED:
        exchange(client, until_ms);
        break;
    }
}

int64_t client_due_ms(const struct cardinal_client *client)
{
    int64_t due = INT64_MAX;
    if (client->core.first != NULL) {
        due = client->core.earliest_ms;
        if (client->transport.state == TRANSPORT_CLOSED && client->retry_at_ms < due)
            due = client->retry_at_ms;
    }
    if (client->transport.state == TRANSPORT_CONNECTING || client->core.state == CORE_GREETING)
        due = client->connect_deadline_ms < due ? client->connect_deadline_ms : due;
    for (const struct client_watch *watch = client->watches; watch != NULL; watch = watch->next) {
        int64_t at = watch->due_ms(watch);
        due = at < due ? at : due;
    }
    return due;
}

void client_queue(struct cardinal_client *client, struct call *call)
{
    call->timeout_ms = client->request_timeout_ms;
    call->deadline_ms = clock_ms() + client->request_timeout_ms;
    /* A connection that was idle may have been closed meanwhile: what is
     * written to it then would count as lost. */
    if (client->transport.state == TRANSPORT_CONNECTED && client->core.in_flight == 0 &&
        client->core.next_out == NULL)
        read_in(client);
    core_submit(&client->core, call);
    if (client->core.queued_bytes >= HELD_BYTES_MAX)
        client_push(client);
}

void client_queue_batch(struct cardinal_client *client, struct call *call, bool is_last)
{
    int64_t before_ms = client->batch_ms;
    client_queue(client, call);
    client->batch_ms = call->deadline_ms - call->timeout_ms;
    if (is_last || client->batch_ms - before_ms > HELD_MS_MAX)
        client_push(client);
}

void client_push_held(struct cardinal_client *client, int64_t now_ms)
{
    if (client->core.next_out != NULL && now_ms - client->batch_ms > HELD_MS_MAX)
        client_push(client);
}

void client_push(struct cardinal_client *client)
{
    if (client->transport.state == TRANSPORT_CONNECTED)
        write_out(client);
}

void client_submit(struct cardinal_client *client, struct call *call)
{
    client_queue(client, call);
    client_push(client);
}

cardinal_status client_wait(struct cardinal_client *client, struct call *call)
{
    while (call->state != CALL_DONE)
        client_turn(client, call->deadline_ms);
    if (call->fault.status != CARDINAL_OK)
        client->fault = call->fault;
    return call->fault.status;
}

cardinal_status client_ask(struct cardinal_client *client, int kind,
                           const ProtobufCMessage *message, struct call *call)
{
    if (call_init(call, kind, message) != CARDINAL_OK)
        return client_nomem(client);
    client_submit(client, call);
    cardinal_status status = client_wait(client, call);
    if (status != CARDINAL_OK)
        call_release(call);
    return status;
}

cardinal_status client_bad_reply(struct cardinal_client *client, const char *what)
{
    client_fail(client, CARDINAL_ERR_PROTOCOL, "the server does not keep to the protocol: %s",
                what);
    if (client->transport.state != TRANSPORT_CLOSED)
        drop(client, &client->fault);
    return CARDINAL_ERR_PROTOCOL;
}

void client_look(struct cardinal_client *client)
{
    struct client_watch *next;
    for (struct client_watch *watch = client->watches; watch != NULL; watch = next) {
        next = watch->next;
        watch->look(watch);
    }
}

void client_watch_add(struct cardinal_client *client, struct client_watch *watch)
{
    watch->prev = NULL;
    watch->next = client->watches;
    if (client->watches != NULL)
        client->watches->prev = watch;
    client->watches = watch;
}

void client_watch_remove(struct cardinal_client *client, struct client_watch *watch)
{
    if (watch->prev != NULL)
        watch->prev->next = watch->next;
    else
        client->watches = watch->next;
    if (watch->next != NULL)
        watch->next->prev = watch->prev;
}
