/* A client of a fake server that keeps what batches bring it, and refuses them or
 * leaves them unanswered as the test says.
 *
 * There is one, since each test is a process of its own. */
#ifndef CARDINAL_TESTS_BATCH_SCENE_H
#define CARDINAL_TESTS_BATCH_SCENE_H

#include "client/include/cardinal.h"
#include "tests/unit/client/fake_server.h"

#define KEEP_MAX 64

/* What the server has seen; read it after stop(). */
struct seen {
    unsigned ingests;
    size_t max_body;
    uint64_t values[KEEP_MAX]; /* of each ingest */
    Cardinal__V1__Ingest *first;
    Cardinal__V1__Status refuse_with; /* ingests, from the first connection on */
    unsigned refuse;                  /* so many of them */
    unsigned silent;                  /* or leaves so many unanswered */
};

extern struct seen seen;
extern cardinal_client *client;

/* The server, and the client connected to it. */
void start(void);
void stop(void);
/* Frees what *seen holds. */
void forget_seen(void);

/* A batch into the server's table, whose columns are "a", "b" and "c". */
cardinal_batch *open_batch(const cardinal_batch_options *options);
cardinal_status add(cardinal_batch *batch, const char *key, uint32_t column, const char *value);

#endif
