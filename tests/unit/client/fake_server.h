/* A server in a thread of the test, that answers as the test says: for what a
 * real one would never do, or not at the wanted moment.
 *
 * Serves one connection after the other. Its handler runs in the thread; what
 * it leaves behind is read after fake_server_stop(). */
#ifndef CARDINAL_TESTS_FAKE_SERVER_H
#define CARDINAL_TESTS_FAKE_SERVER_H

#include <cardinal.pb-c.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum fake_action {
    FAKE_ANSWER,  /* send the reply */
    FAKE_SILENCE, /* send nothing */
    FAKE_CUT,     /* close the connection */
    FAKE_HOLD,    /* keep the reply, and send it before the next one that is sent */
};

#define FAKE_COLUMNS 3u
#define FAKE_TABLE_ID 77u
#define FAKE_SEED 4242u

/* A response, with room for the bodies that tests fill in. */
struct fake_reply {
    Cardinal__V1__Response response;
    Cardinal__V1__HelloReply hello;
    Cardinal__V1__PingReply ping;
    Cardinal__V1__TableInfo table;
    Cardinal__V1__Column columns[FAKE_COLUMNS];
    Cardinal__V1__Column *column_list[FAKE_COLUMNS];
    Cardinal__V1__DescribeTableReply describe;
    Cardinal__V1__CreateTableReply create;
    Cardinal__V1__IngestReply ingest;
    Cardinal__V1__CardinalityReply cardinality;
    Cardinal__V1__UnionReply union_;
    Cardinal__V1__ScanReply scan;
    Cardinal__V1__ListTablesReply list;
    Cardinal__V1__DeleteReply deleted;
    Cardinal__V1__AlterTableReply alter;
    Cardinal__V1__DropTableReply drop;
    Cardinal__V1__StatsReply stats;
};

/* Decides about one request; *reply is filled with a sensible answer to hello,
 * everything that asks for no estimates beforehand. connection counts from 1. */
typedef enum fake_action fake_handler(const Cardinal__V1__Request *request,
                                      struct fake_reply *reply, int connection, void *arg);

struct fake_server {
    fake_handler *handler;
    void *arg;
    int listener;
    int port;
    char address[64];
    pthread_t thread;
    atomic_int connection; /* descriptor of the one being served, or -1 */
    atomic_int connections;
    atomic_bool stopping;
};

/* Listens on a port of 127.0.0.1 and serves. */
void fake_server_start(struct fake_server *server, fake_handler *handler, void *arg);
void fake_server_stop(struct fake_server *server);

/* Ends reply with an error. */
enum fake_action fake_error(struct fake_reply *reply, Cardinal__V1__Status status,
                            const char *message);

/* Answers what there is a sensible answer to. */
fake_handler fake_sensible;

#endif
