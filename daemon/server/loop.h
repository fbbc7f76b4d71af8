/* loop: an event loop, its thread, and the connections it serves.
 *
 * Turns: connections with work wait in a queue. After every poll each whose turns
 * are brief gets one, then those of the others that come first, for about as long as
 * one takes: so who asks little waits for one lengthy turn, not for all. While any
 * waits, the poll does not sleep.
 *
 * States, of `phase`: RUNNING; DRAINING: what is read from now on is refused;
 * CANCELLING: what is in work is given up, and answered so; STOPPING: connections
 * are closed; then the loop's own handles, and the thread ends.
 *
 * Thread safety: loop_hand_over(), loop_set_phase(), loop_poke(), loop_served()
 * and loop_refused() may be called from any thread, all else belongs to the loop's own. */
#ifndef CARDINAL_SERVER_LOOP_H
#define CARDINAL_SERVER_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/server/alarm.h"
#include "daemon/server/delay.h"
#include "daemon/server/held.h"
#include "daemon/server/inbuf.h"
#include "daemon/server/ingest_queue.h"
#include "daemon/server/pace.h"
#include "daemon/server/stats.h"
#include "daemon/server/turn_clock.h"
#include "daemon/server/turn_queue.h"
#include "daemon/wire/arena.h"
#include "daemon/wire/outbuf.h"
#include "proto/status.h"

struct connection;
struct server_context;
struct session;

enum loop_phase {
    LOOP_RUNNING,
    LOOP_DRAINING,
    LOOP_CANCELLING,
    LOOP_STOPPING,
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;  /* something in `arrived` or `wanted_phase` changed, or in the store */
    uv_check_t turns; /* gives turns after each poll */
    uv_idle_t spin;   /* active while connections wait for turns */
    uv_timer_t linger;
    struct alarms alarms;
    pthread_t thread;
    struct server_context *context;
    unsigned number;

    pthread_mutex_t lock;
    struct connection *arrived; /* guarded by lock */
    bool is_closing;            /* guarded by lock: `wake` may not be used any more */
    atomic_int wanted_phase;
    atomic_uint served;  /* connections */
    atomic_uint refused; /* connections that are only told so */

    enum loop_phase phase;
    bool reported_quiet;
    struct connection *connections;
    struct turn_queue lengthy; /* whose last turns were long ones */
    struct turn_queue brief;   /* the others */
    struct connection *linger_first;
    struct connection *linger_last;
    size_t jobs;   /* running in the pool on its behalf */
    size_t unsent; /* connections that have something to send */
    struct inbuf_pool pool;
    struct outbuf out;                /* the answers of the turn that is being given */
    struct arena arena;               /* of the request being answered */
    struct ingest_run *spare_run;     /* memory of the last batch, for the next */
    struct ingest_queue ingests;      /* large batches */
    struct held_queue held;           /* answers that wait for the disk */
    struct session *waiting_for_room; /* see pressure.h */
    struct stats stats;
    struct turn_clock clock; /* of the turn that is being given */
    struct pace batch_pace;  /* of bytes of batches: to decode one */
    struct pace value_pace;  /* of values: to apply one */
    struct delay turn_time;  /* how long turns took */
    struct delay work_time;  /* what their work took of the processor */
    struct delay round_time; /* how long all turns between two polls took */
};

/* On failure nothing is left behind. */
enum status loop_init(struct loop *loop, struct server_context *context, unsigned number,
                      struct error *err);

/* Starts the thread. */
enum status loop_start(struct loop *loop, struct error *err);

/* Serves on this thread, with UV_RUN_DEFAULT until the loop is told to stop. */
void loop_run(struct loop *loop, uv_run_mode mode);

/* Waits for the thread to end. */
void loop_join(struct loop *loop);

/* Frees what a loop holds, whose thread ended or never began. */
void loop_release(struct loop *loop);

/* The loop whose thread this is, or NULL. */
struct loop *loop_current(void);

/* Gives the loop a connection; `refused` ones only to be told so. */
void loop_hand_over(struct loop *loop, struct connection *connection);

void loop_set_phase(struct loop *loop, enum loop_phase phase);

/* Has the loop look at what waits for the store. */
void loop_poke(struct loop *loop);

unsigned loop_served(const struct loop *loop);
unsigned loop_refused(const struct loop *loop);

/* For connections: this one is gone. */
void loop_count_gone(struct loop *loop, const struct connection *connection);

/* For connections: enters the queue of turns, the list of those that linger. */
void loop_queue_turn(struct loop *loop, struct connection *connection);
void loop_queue_linger(struct loop *loop, struct connection *connection);

#endif
