/* A client on a libuv loop, and what its callbacks saw.
 *
 * There is one, since each test is a process of its own. */
#ifndef CARDINAL_TESTS_ASYNC_SCENE_H
#define CARDINAL_TESTS_ASYNC_SCENE_H

#include "client/include/cardinal_async.h"
#include "tests/integration/harness/daemon.h"

#define VALUES 100000u /* that open_batch() adds */

/* What the callbacks saw. */
struct async_seen {
    unsigned ok;
    unsigned failed;
    unsigned cancelled;
    unsigned drained;
    unsigned closed;
    cardinal_status last;
    uint32_t added; /* values */
    uint64_t acked; /* values */
    uint64_t rows;
    unsigned pages;
};

extern uv_loop_t loop;
extern cardinal_async *client;
extern struct async_seen seen;

cardinal_client *connect_blocking(const char *address);

/* A table t of columns a and b. */
void make_table(const char *address);

/* Returns when it does nothing any more. */
void pause_daemon(const struct daemon *daemon);

/* Opens `client`; timeout_ms of 0 is the usual one. */
void open_client(const char *address, unsigned connections, unsigned max_requests, int timeout_ms);
void run_until_answered(void);
/* Closes it, and demands that the loop is left without handles. */
void close_client(void);

/* Callbacks that note what they are told. */
void note(cardinal_status status);
void done(cardinal_async *of, cardinal_status status, void *arg);
void closed(cardinal_async *of, void *arg);

/* Opens a batch that adds VALUES values to t, flushes, sets *is_flushed and closes. */
void open_batch(bool *is_flushed);

uint64_t digest_of(const char *address);
/* What the table is to be like: the digest after the blocking API has added all. */
uint64_t expected_digest(const char *address);

#endif
