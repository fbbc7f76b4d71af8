#include "tests/unit/client/fake_server.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/lib/bytes.h"
#include "tests/unit/client/frames.h"

static void fill_table(struct fake_reply *reply)
{
    static const char *const names[FAKE_COLUMNS] = { "a", "b", "c" };
    cardinal__v1__table_info__init(&reply->table);
    for (unsigned i = 0; i < FAKE_COLUMNS; i++) {
        cardinal__v1__column__init(&reply->columns[i]);
        reply->columns[i].name = (char *)names[i];
        reply->columns[i].id = i + 1;
        reply->column_list[i] = &reply->columns[i];
    }
    reply->table.table_id = FAKE_TABLE_ID;
    reply->table.name = (char *)"t";
    reply->table.seed = FAKE_SEED;
    reply->table.precision = 14;
    reply->table.n_columns = FAKE_COLUMNS;
    reply->table.columns = reply->column_list;
}

static void fill_bodies(struct fake_reply *reply)
{
    hello_reply(&reply->hello);
    fill_table(reply);
    cardinal__v1__response__init(&reply->response);
    cardinal__v1__ping_reply__init(&reply->ping);
    cardinal__v1__describe_table_reply__init(&reply->describe);
    cardinal__v1__create_table_reply__init(&reply->create);
    cardinal__v1__ingest_reply__init(&reply->ingest);
    cardinal__v1__cardinality_reply__init(&reply->cardinality);
    cardinal__v1__union_reply__init(&reply->union_);
    cardinal__v1__scan_reply__init(&reply->scan);
    cardinal__v1__list_tables_reply__init(&reply->list);
    cardinal__v1__delete_reply__init(&reply->deleted);
    cardinal__v1__alter_table_reply__init(&reply->alter);
    cardinal__v1__drop_table_reply__init(&reply->drop);
    cardinal__v1__stats_reply__init(&reply->stats);
    reply->alter.table = &reply->table;
    reply->describe.table = &reply->table;
    reply->create.table = &reply->table;
}

static uint64_t count_values(const Cardinal__V1__Ingest *ingest)
{
    uint64_t values = 0;
    for (size_t r = 0; r < ingest->n_rows; r++) {
        for (size_t c = 0; c < ingest->rows[r]->n_cells; c++) {
            const Cardinal__V1__Cell *cell = ingest->rows[r]->cells[c];
            values += cell->n_hashes + cell->n_strings + cell->n_ints + cell->n_doubles;
        }
    }
    return values;
}

/* Bodies have the same numbers in requests and responses, and the oneof is a
 * union of pointers: any of them may be set. */
static void prepare(const Cardinal__V1__Request *request, struct fake_reply *reply)
{
    void *bodies[] = {
        &reply->hello, &reply->ping,     &reply->create, &reply->alter,       &reply->drop,
        &reply->list,  &reply->describe, &reply->ingest, &reply->cardinality, &reply->union_,
        &reply->scan,  &reply->deleted,  &reply->stats,
    };
    fill_bodies(reply);
    size_t index = (size_t)request->body_case - CARDINAL__V1__REQUEST__BODY_HELLO;
    ck_assert_uint_lt(index, sizeof bodies / sizeof bodies[0]);
    reply->response.id = request->id;
    reply->response.body_case = (Cardinal__V1__Response__BodyCase)request->body_case;
    reply->response.hello = bodies[index];
    if (request->body_case == CARDINAL__V1__REQUEST__BODY_INGEST) {
        reply->ingest.rows = request->ingest->n_rows;
        reply->ingest.values = count_values(request->ingest);
        reply->ingest.changes = reply->ingest.values;
    }
}

enum fake_action fake_error(struct fake_reply *reply, Cardinal__V1__Status status,
                            const char *message)
{
    reply->response.status = status;
    reply->response.message = (char *)message;
    reply->response.body_case = CARDINAL__V1__RESPONSE__BODY__NOT_SET;
    return FAKE_ANSWER;
}

enum fake_action fake_sensible(const Cardinal__V1__Request *request, struct fake_reply *reply,
                               int connection, void *arg)
{
    (void)request;
    (void)reply;
    (void)connection;
    (void)arg;
    return FAKE_ANSWER;
}

struct session {
    struct fake_server *server;
    int fd;
    int number;
    struct bytes in;
    struct bytes held;
};

static bool send_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* False when the connection is to be closed. */
static bool serve_request(struct session *session, const Cardinal__V1__Request *request)
{
    struct fake_reply reply;
    size_t len;
    prepare(request, &reply);
    enum fake_action action =
        session->server->handler(request, &reply, session->number, session->server->arg);
    if (action == FAKE_CUT || action == FAKE_SILENCE)
        return action == FAKE_SILENCE;
    uint8_t *frame = frame_of(&reply.response, &len);
    bool ok = true;
    if (action == FAKE_HOLD) {
        bytes_reserve(&session->held, len);
        bytes_append(&session->held, frame, len);
    } else {
        ok = send_all(session->fd, frame, len);
        ok = ok && send_all(session->fd, session->held.data, session->held.len);
        session->held.len = 0;
    }
    free(frame);
    return ok;
}

static bool serve_bytes(struct session *session)
{
    Cardinal__V1__Request *request;
    size_t used;
    bool goes_on = true;
    while (goes_on && (request = request_in(session->in.data, session->in.len, &used)) != NULL) {
        goes_on = serve_request(session, request);
        bytes_consume(&session->in, used);
        cardinal__v1__request__free_unpacked(request, NULL);
    }
    return goes_on;
}

static void serve(struct fake_server *server, int fd, int number)
{
    struct session session = { .server = server, .fd = fd, .number = number };
    uint8_t buffer[65536];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
        bytes_reserve(&session.in, (size_t)n);
        bytes_append(&session.in, buffer, (size_t)n);
        if (!serve_bytes(&session))
            break;
    }
    bytes_release(&session.in);
    bytes_release(&session.held);
}

static void *run(void *arg)
{
    struct fake_server *server = arg;
    while (!atomic_load(&server->stopping)) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            break;
        atomic_store(&server->connection, fd);
        if (!atomic_load(&server->stopping))
            serve(server, fd, atomic_fetch_add(&server->connections, 1) + 1);
        atomic_store(&server->connection, -1);
        close(fd);
    }
    return NULL;
}

void fake_server_start(struct fake_server *server, fake_handler *handler, void *arg)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    memset(server, 0, sizeof *server);
    server->handler = handler;
    server->arg = arg;
    atomic_store(&server->connection, -1);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(server->listener, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(server->listener, 16), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    snprintf(server->address, sizeof server->address, "tcp://127.0.0.1:%d", server->port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, run, server), 0);
}

void fake_server_stop(struct fake_server *server)
{
    atomic_store(&server->stopping, true);
    shutdown(server->listener, SHUT_RDWR);
    int fd = atomic_load(&server->connection);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}
