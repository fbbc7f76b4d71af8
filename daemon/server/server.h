/* server: listeners, event loops and what they share, from start to stop.
 *
 * A store that is given outlives the loops, so it is closed between server_run()
 * and server_free().
 *
 * One loop of its own accepts connections and takes signals; N others, a
 * thread each, serve them. A connection stays with the loop it was given to.
 *
 *     server_new -> server_run -> server_free, all on one thread.
 *
 * Stopping (SIGTERM, SIGINT): listeners close, what came in before is answered,
 * what comes later is refused with ST_UNAVAILABLE; after drain_ms long requests
 * are given up and answered so. Once nothing is in work connections are closed
 * and the loops end. A second signal ends the wait. */
#ifndef CARDINAL_SERVER_SERVER_H
#define CARDINAL_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/server/address.h"
#include "daemon/server/limits.h"
#include "proto/ack.h"
#include "proto/status.h"

#define SERVER_LISTEN_MAX 16u

struct store;

struct server_options {
    struct address listen[SERVER_LISTEN_MAX];
    size_t listen_count;
    bool allow_unauthenticated; /* beyond loopback */
    uint64_t threads;           /* event loops; 0: as many as processors */
    uint64_t job_threads;       /* likewise */
    uint64_t drain_ms;
    enum ack default_ack; /* of writes and tables that do not say */
    struct limits limits;
    struct store *store; /* opened, not started; NULL: everything is in memory alone */
};

struct server;

/* Checks what can be checked without touching anything. */
enum status server_check(const struct server_options *options, struct error *err);

/* Binds every address and prepares the loops. */
enum status server_new(const struct server_options *options, struct server **out,
                       struct error *err);

size_t server_address_count(const struct server *server);

/* Address number i as it was bound, written to out. */
void server_address(const struct server *server, size_t i, char out[ADDRESS_TEXT_MAX]);

/* Serves until a signal stops it. `ready` is called once all runs and the tables are
 * there; connections are taken before. */
enum status server_run(struct server *server, void (*ready)(const struct server *server),
                       struct error *err);

/* Removes socket files. Accepts NULL. */
void server_free(struct server *server);

#endif
