#include "tests/unit/client/server_process.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/client/fake_server.h"

/* One of everything, in the order scan, count, union. */
static enum fake_action answer(const Cardinal__V1__Request *request, struct fake_reply *reply,
                               int connection, void *arg)
{
    static char *names[] = { (char *)"a" };
    static double values[] = { 1 };
    static float errors[] = { 0 };
    static Cardinal__V1__KeyEstimates row;
    static Cardinal__V1__KeyEstimates *rows[] = { &row };
    static Cardinal__V1__TableInfo *tables[1];
    (void)connection;
    (void)arg;
    cardinal__v1__key_estimates__init(&row);
    row.found = true;
    row.n_estimates = row.n_rse = 1;
    row.estimates = values;
    row.rse = errors;
    if (request->body_case == CARDINAL__V1__REQUEST__BODY_SCAN)
        row.key = (ProtobufCBinaryData){ 1, (uint8_t *)names[0] };
    tables[0] = &reply->table;
    reply->scan.n_columns = reply->cardinality.n_columns = reply->union_.n_columns = 1;
    reply->scan.columns = reply->cardinality.columns = reply->union_.columns = names;
    reply->scan.n_keys = reply->cardinality.n_keys = 1;
    reply->scan.keys = reply->cardinality.keys = rows;
    reply->union_.n_estimates = reply->union_.n_rse = 1;
    reply->union_.estimates = values;
    reply->union_.rse = errors;
    reply->list.n_tables = 1;
    reply->list.tables = tables;
    return FAKE_ANSWER;
}

void server_process_start(struct server_process *server)
{
    int pipe_ends[2];
    ck_assert_int_eq(pipe(pipe_ends), 0);
    server->pid = fork();
    if (server->pid == 0) {
        struct fake_server fake;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fake_server_start(&fake, answer, NULL);
        if (write(pipe_ends[1], fake.address, sizeof fake.address) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    ck_assert_int_eq(read(pipe_ends[0], server->address, sizeof server->address),
                     (ssize_t)sizeof server->address);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

void server_process_stop(struct server_process *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
