/* A loop that serves on the test's own thread, and clients over socket pairs.
 *
 * The pool has one thread, which can be held up. */
#ifndef CARDINAL_TESTS_LOOP_FIXTURE_H
#define CARDINAL_TESTS_LOOP_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardinal.pb-c.h"
#include "daemon/server/context.h"
#include "daemon/server/loop.h"

extern struct server_context context; /* of one loop, with a catalog */
extern struct loop loop;

/* Before and after each test; the second demands that nothing is left in work. */
void fixture_begin(void);
void fixture_end(void);

/* Holds up the pool until it is let go. */
void fixture_hold_pool(void);
void fixture_release_pool(void);

#define CLIENT_BYTES_MAX (1u << 17) /* either way */

struct client {
    int fd;
    uint64_t last_id;
    size_t out_len;
    size_t in_len;
    bool is_closed; /* by the server */
    uint8_t out[CLIENT_BYTES_MAX];
    uint8_t in[CLIENT_BYTES_MAX];
};

/* Makes a client that is connected. */
void client_open(struct client *client);
void client_close(struct client *client);

/* Adds a request to what is to be sent, under the next id, and frees it. */
void client_add(struct client *client, Cardinal__V1__Request *request);
/* The same of a hello. */
void client_add_hello(struct client *client);

/* These three may be called while allocations fail (libcheck's assertions would
 * allocate too).
 *
 * Connects a zeroed client, which may have something to send by then; without
 * memory for a connection it is closed from the start. */
void client_connect(struct client *client);

/* Sends it, in one write. */
void client_send(struct client *client);

/* Serves until so many answers are there in all, or the server hung up; fails
 * the test after a while. */
void client_await(struct client *client, size_t answers);

/* The status of the answer to request `id`, -1 if there is none. */
int client_status(const struct client *client, uint64_t id);

/* The answer to request `id`, to be freed; NULL if there is none. */
Cardinal__V1__Response *client_response(const struct client *client, uint64_t id);

/* Serves for so long. */
void fixture_serve_ms(unsigned ms);

#endif
