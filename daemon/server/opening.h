/* opening: what comes between the start and the first request that needs tables.
 *
 * They are brought back from the store on a thread of the pool, so that no loop
 * waits: the listeners are open meanwhile, and whatever needs tables is answered
 * ST_NOT_READY, and how far it has come is logged every second. Then the store begins to
 * keep what changes. Without a store the server is ready at once.
 *
 * Thread safety: none; it belongs to the loop that it was started on. */
#ifndef CARDINAL_SERVER_OPENING_H
#define CARDINAL_SERVER_OPENING_H

#include <stdbool.h>
#include <uv.h>

#include "daemon/store/recover.h"
#include "proto/status.h"

struct server_context;

struct opening {
    uv_work_t work;
    uv_timer_t report; /* while the work is under way */
    struct server_context *context;
    struct recovery_progress progress;
    struct recovery_result result;
    uint64_t begun_ms; /* loop time */
    bool is_running;
    enum status outcome;
    struct error err;
    void (*done)(struct opening *opening);
};

/* Calls done once on the loop, at once without a store; what went wrong is in outcome
 * and err then. */
void opening_start(struct opening *opening, uv_loop_t *loop, struct server_context *context,
                   void (*done)(struct opening *opening));

/* Gives it up, unless it is over, and serves the loop until it is. */
void opening_wait(struct opening *opening, uv_loop_t *loop);

#endif
