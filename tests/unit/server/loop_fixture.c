#include "tests/unit/server/loop_fixture.h"

#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/server/connection.h"
#include "daemon/server/session.h"
#include "daemon/table/catalog.h"
#include "proto/frame.h"
#include "tests/integration/harness/requests.h"

#define AWAIT_MS 60000u

struct server_context context;
struct loop loop;

static sem_t gate;
static uv_work_t hold;

static void loop_is_quiet(void *arg)
{
    (void)arg;
}

void fixture_begin(void)
{
    struct error err;

    setenv("UV_THREADPOOL_SIZE", "1", 1);
    memset(&context, 0, sizeof context);
    context.limits = (struct limits){
        .max_frame = 1u << 20,
        .max_batch_values = 65536,
        .max_connections = 10,
        .max_in_flight = 256,
        .max_tables = 10,
    };
    context.decode_limits.max_keys = 1000;
    atomic_init(&context.is_ready, true);
    context.loops = &loop;
    context.loop_count = 1;
    context.loop_is_quiet = loop_is_quiet;
    budget_init(&context.partial_bytes, 1u << 30);
    budget_init(&context.unsent_bytes, 1u << 30);
    budget_init(&context.job_bytes, 1u << 30);
    context.catalog = catalog_new(10, 1);
    ck_assert_ptr_nonnull(context.catalog);
    ck_assert_int_eq(loop_init(&loop, &context, 0, &err), ST_OK);
    ck_assert_int_eq(sem_init(&gate, 0, 0), 0);
}

void fixture_end(void)
{
    loop_set_phase(&loop, LOOP_STOPPING);
    loop_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(loop.jobs, 0);
    ck_assert_uint_eq(loop_served(&loop), 0);
    ck_assert_uint_eq(budget_used(&context.partial_bytes), 0);
    ck_assert_uint_eq(budget_used(&context.unsent_bytes), 0);
    ck_assert_uint_eq(budget_used(&context.job_bytes), 0);
    loop_release(&loop);
    catalog_free(context.catalog);
    sem_destroy(&gate);
}

static void wait_at_gate(uv_work_t *work)
{
    (void)work;
    while (sem_wait(&gate) != 0)
        continue;
}

static void on_gate_passed(uv_work_t *work, int rc)
{
    (void)work;
    (void)rc;
}

void fixture_hold_pool(void)
{
    ck_assert_int_eq(uv_queue_work(&loop.uv, &hold, wait_at_gate, on_gate_passed), 0);
}

void fixture_release_pool(void)
{
    sem_post(&gate);
}

void fixture_serve_ms(unsigned ms)
{
    uint64_t until_ns = uv_hrtime() + (uint64_t)ms * 1000000u;

    do {
        loop_run(&loop, UV_RUN_NOWAIT);
        usleep(100);
    } while (uv_hrtime() < until_ns);
}

void client_connect(struct client *client)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
        ck_abort_msg("no sockets");
    struct connection *connection = connection_new(fds[0], &cardinal_protocol);
    if (connection != NULL)
        loop_hand_over(&loop, connection);
    else
        close(fds[0]);
    client->fd = fds[1];
}

void client_open(struct client *client)
{
    memset(client, 0, sizeof *client);
    client_connect(client);
}

void client_close(struct client *client)
{
    close(client->fd);
}

void client_add(struct client *client, Cardinal__V1__Request *request)
{
    request->id = ++client->last_id;
    size_t len = cardinal__v1__request__get_packed_size(request);
    ck_assert_uint_le(client->out_len + FRAME_HEADER_BYTES + len, sizeof client->out);
    frame_put_header(client->out + client->out_len, len);
    cardinal__v1__request__pack(request, client->out + client->out_len + FRAME_HEADER_BYTES);
    client->out_len += FRAME_HEADER_BYTES + len;
    request_free(request);
}

void client_add_hello(struct client *client)
{
    Cardinal__V1__Request *request = request_list();
    Cardinal__V1__Hello *hello = malloc(sizeof *hello);

    ck_assert_ptr_nonnull(hello);
    cardinal__v1__hello__init(hello);
    hello->min_version = hello->max_version = 1;
    cardinal__v1__list_tables__free_unpacked(request->list_tables, NULL);
    request->body_case = CARDINAL__V1__REQUEST__BODY_HELLO;
    request->hello = hello;
    client_add(client, request);
}

void client_send(struct client *client)
{
    ssize_t n = send(client->fd, client->out, client->out_len, MSG_NOSIGNAL);

    if (n != (ssize_t)client->out_len && errno != EPIPE)
        ck_abort_msg("cannot send");
    client->out_len = 0;
}

static void receive(struct client *client)
{
    ssize_t n =
        recv(client->fd, client->in + client->in_len, sizeof client->in - client->in_len, 0);

    if (n > 0)
        client->in_len += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        client->is_closed = true;
}

/* The next whole frame from *at on; false if there is none. */
static bool next_frame(const struct client *client, size_t *at, struct bytes_view *payload)
{
    if (frame_peek(client->in + *at, client->in_len - *at, 1u << 20, &payload->data,
                   &payload->len) != FRAME_WHOLE)
        return false;
    *at += FRAME_HEADER_BYTES + payload->len;
    return true;
}

static size_t count_answers(const struct client *client)
{
    struct bytes_view payload;
    size_t at = 0;
    size_t n = 0;

    while (next_frame(client, &at, &payload))
        n++;
    return n;
}

void client_await(struct client *client, size_t answers)
{
    uint64_t until_ns = uv_hrtime() + AWAIT_MS * UINT64_C(1000000);

    while (!client->is_closed && count_answers(client) < answers) {
        if (uv_hrtime() >= until_ns)
            ck_abort_msg("no answer");
        fixture_serve_ms(0);
        receive(client);
    }
}

Cardinal__V1__Response *client_response(const struct client *client, uint64_t id)
{
    struct bytes_view payload;
    size_t at = 0;

    while (next_frame(client, &at, &payload)) {
        Cardinal__V1__Response *response =
            cardinal__v1__response__unpack(NULL, payload.len, payload.data);
        if (response != NULL && response->id == id)
            return response;
        cardinal__v1__response__free_unpacked(response, NULL);
    }
    return NULL;
}

int client_status(const struct client *client, uint64_t id)
{
    Cardinal__V1__Response *response = client_response(client, id);
    int status = response != NULL ? (int)response->status : -1;

    cardinal__v1__response__free_unpacked(response, NULL);
    return status;
}
