#include "daemon/server/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/pressure.h"
#include "daemon/wire/ingest.h"

#define ARENA_FIRST_BYTES ((size_t)64 << 10)
#define OUT_KEEP_BYTES ((size_t)256 << 10) /* of the loop's outbuf between turns */

/* Between two polls each lengthy turn that waits makes room for so much more of them:
 * many would have the poll take too large a share. */
#define LENGTHY_NS (TURN_NS / 8)

#define BATCH_PACE_GUESS_NS 2.0f /* a byte */
#define VALUE_PACE_GUESS_NS 300.0f

/* ---- the queue of turns --------------------------------------------------- */

static void on_spin(uv_idle_t *spin)
{
    (void)spin; /* only keeps the poll from sleeping */
}

void loop_queue_turn(struct loop *loop, struct connection *connection)
{
    bool is_lengthy = connection->long_turns == CONNECTION_LENGTHY_TURNS;

    turn_queue_add(is_lengthy ? &loop->lengthy : &loop->brief, connection);
    uv_idle_start(&loop->spin, on_spin);
}

static bool turns_wait(const struct loop *loop)
{
    return loop->brief.count + loop->lengthy.count > 0;
}

static void give_turn(struct loop *loop, struct turn_queue *queue)
{
    struct connection *connection = turn_queue_take(queue);

    turn_clock_begin(&loop->clock, loop->clock.now_ns, connection->long_turns > 0);
    connection_turn(connection, &loop->clock);
    turn_clock_look(&loop->clock);
    delay_note(&loop->turn_time, loop->clock.now_ns - loop->clock.begun_ns);
    delay_note(&loop->work_time, turn_clock_work_ns(&loop->clock));
}

/* One turn for each that waits by now, brief ones first; of lengthy ones as many as
 * may be between two polls, but one at least. */
static void give_round(struct loop *loop)
{
    uint64_t begun_ns = uv_hrtime();
    size_t left = loop->lengthy.count;
    uint64_t until_ns = begun_ns + TURN_NS + left * LENGTHY_NS;

    loop->clock.now_ns = begun_ns;
    for (size_t n = loop->brief.count; n > 0; n--)
        give_turn(loop, &loop->brief);
    if (left > 0) {
        do
            give_turn(loop, &loop->lengthy);
        while (--left > 0 && loop->clock.now_ns < until_ns);
    }
    delay_note(&loop->round_time, loop->clock.now_ns - begun_ns);
}

static void give_turns(struct loop *loop)
{
    if (turns_wait(loop))
        give_round(loop);
    if (!turns_wait(loop) && loop->phase != LOOP_STOPPING)
        uv_idle_stop(&loop->spin);
    if (loop->out.capacity > OUT_KEEP_BYTES)
        outbuf_release(&loop->out);
}

/* ---- lingering ------------------------------------------------------------ */

static void end_lingers(struct loop *loop, bool all)
{
    while (loop->linger_first != NULL) {
        struct connection *connection = loop->linger_first;
        if (!all && connection->linger_until_ms > uv_now(&loop->uv))
            return;
        loop->linger_first = connection->next_linger;
        if (loop->linger_first == NULL)
            loop->linger_last = NULL;
        connection_end_linger(connection);
    }
}

static void on_linger(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    end_lingers(loop, false);
    if (loop->linger_first != NULL)
        uv_timer_start(timer, on_linger, loop->linger_first->linger_until_ms - uv_now(&loop->uv),
                       0);
}

void loop_queue_linger(struct loop *loop, struct connection *connection)
{
    connection->linger_until_ms = uv_now(&loop->uv) + CONNECTION_LINGER_MS;
    connection->next_linger = NULL;
    if (loop->linger_last != NULL)
        loop->linger_last->next_linger = connection;
    else
        loop->linger_first = connection;
    loop->linger_last = connection;
    if (!uv_is_active((uv_handle_t *)&loop->linger))
        uv_timer_start(&loop->linger, on_linger, CONNECTION_LINGER_MS, 0);
}

/* ---- phases --------------------------------------------------------------- */

static void report_if_quiet(struct loop *loop)
{
    if (loop->phase == LOOP_RUNNING || loop->phase == LOOP_STOPPING || loop->reported_quiet ||
        turns_wait(loop) || loop->jobs > 0 || loop->unsent > 0)
        return;
    loop->reported_quiet = true;
    loop->context->loop_is_quiet(loop->context->arg);
}

static void close_handles(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->is_closing = true;
    pthread_mutex_unlock(&loop->lock);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->linger, NULL);
    alarms_close(&loop->alarms);
    uv_close((uv_handle_t *)&loop->spin, NULL);
    uv_close((uv_handle_t *)&loop->turns, NULL);
}

/* The loop ends when all that it took on has: batches half applied, jobs. */
static void close_when_empty(struct loop *loop)
{
    if (loop->phase == LOOP_STOPPING && !loop->is_closing && !turns_wait(loop) && loop->jobs == 0 &&
        loop->connections == NULL)
        close_handles(loop);
}

static void on_turns(uv_check_t *check)
{
    struct loop *loop = check->data;

    give_turns(loop);
    report_if_quiet(loop);
    close_when_empty(loop);
}

static void for_each_connection(struct loop *loop, void (*visit)(struct connection *connection))
{
    struct connection *next;

    for (struct connection *c = loop->connections; c != NULL; c = next) {
        next = c->next;
        visit(c);
    }
}

static void enter_phase(struct loop *loop, enum loop_phase phase)
{
    loop->phase = phase;
    if (phase == LOOP_CANCELLING)
        for_each_connection(loop, connection_cancel);
    if (phase == LOOP_STOPPING) {
        for_each_connection(loop, connection_abort);
        end_lingers(loop, true);
        uv_idle_start(&loop->spin, on_spin); /* it is soon over: look again at once */
    }
}

static void take_arrivals(struct loop *loop)
{
    static const struct error full = { ST_UNAVAILABLE, "too many connections (max_connections)" };

    pthread_mutex_lock(&loop->lock);
    struct connection *connection = loop->arrived;
    loop->arrived = NULL;
    pthread_mutex_unlock(&loop->lock);
    while (connection != NULL) {
        struct connection *next = connection->next;
        connection->next = NULL;
        if (connection->refused)
            connection_refuse(connection, loop, &full);
        else
            connection_open(connection, loop);
        connection = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    enum loop_phase wanted = (enum loop_phase)atomic_load(&loop->wanted_phase);

    take_arrivals(loop);
    held_release(loop);
    pressure_release(loop);
    if (wanted != loop->phase)
        enter_phase(loop, wanted);
}

/* ---- from other threads --------------------------------------------------- */

static atomic_uint *counter(struct loop *loop, const struct connection *connection)
{
    return connection->refused ? &loop->refused : &loop->served;
}

void loop_count_gone(struct loop *loop, const struct connection *connection)
{
    atomic_fetch_sub_explicit(counter(loop, connection), 1, memory_order_relaxed);
}

void loop_hand_over(struct loop *loop, struct connection *connection)
{
    atomic_fetch_add_explicit(counter(loop, connection), 1, memory_order_relaxed);
    pthread_mutex_lock(&loop->lock);
    connection->next = loop->arrived;
    loop->arrived = connection;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

void loop_set_phase(struct loop *loop, enum loop_phase phase)
{
    atomic_store(&loop->wanted_phase, (int)phase);
    uv_async_send(&loop->wake);
}

void loop_poke(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    if (!loop->is_closing)
        uv_async_send(&loop->wake);
    pthread_mutex_unlock(&loop->lock);
}

unsigned loop_served(const struct loop *loop)
{
    return atomic_load_explicit(&loop->served, memory_order_relaxed);
}

unsigned loop_refused(const struct loop *loop)
{
    return atomic_load_explicit(&loop->refused, memory_order_relaxed);
}

/* ---- life ----------------------------------------------------------------- */

enum status loop_init(struct loop *loop, struct server_context *context, unsigned number,
                      struct error *err)
{
    memset(loop, 0, sizeof *loop);
    loop->context = context;
    loop->number = number;
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0)
        return error_set(err, ST_INTERNAL, "cannot make an event loop: %s", uv_strerror(rc));
    rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (rc != 0) {
        uv_loop_close(&loop->uv);
        return error_set(err, ST_INTERNAL, "cannot make an event loop: %s", uv_strerror(rc));
    }
    uv_check_init(&loop->uv, &loop->turns);
    uv_idle_init(&loop->uv, &loop->spin);
    uv_timer_init(&loop->uv, &loop->linger);
    alarms_init(&loop->alarms, &loop->uv);
    loop->batch_pace.ns = BATCH_PACE_GUESS_NS;
    loop->value_pace.ns = VALUE_PACE_GUESS_NS;
    loop->wake.data = loop->turns.data = loop->linger.data = loop;
    pthread_mutex_init(&loop->lock, NULL);
    arena_init(&loop->arena, ARENA_FIRST_BYTES,
               DECODE_ARENA_BYTES(context->limits.max_frame, context->decode_limits.max_keys));
    uv_check_start(&loop->turns, on_turns);
    return ST_OK;
}

static _Thread_local struct loop *current;

struct loop *loop_current(void)
{
    return current;
}

void loop_run(struct loop *loop, uv_run_mode mode)
{
    current = loop;
    uv_run(&loop->uv, mode);
    current = NULL;
}

static void *run_loop(void *arg)
{
    loop_run(arg, UV_RUN_DEFAULT);
    return NULL;
}

enum status loop_start(struct loop *loop, struct error *err)
{
    char name[16];
    sigset_t all;
    sigset_t before;

    sigfillset(&all); /* signals go to the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&loop->thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_set(err, ST_INTERNAL, "cannot start a thread: %s", strerror(rc));
    snprintf(name, sizeof name, "loop-%u", loop->number % 1000);
    pthread_setname_np(loop->thread, name);
    return ST_OK;
}

void loop_join(struct loop *loop)
{
    pthread_join(loop->thread, NULL);
}

void loop_release(struct loop *loop)
{
    while (loop->arrived != NULL) {
        struct connection *connection = loop->arrived;
        loop->arrived = connection->next;
        connection_discard(connection);
    }
    if (!loop->is_closing) { /* it never ran */
        close_handles(loop);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    (void)rc;
    ingest_run_free(loop->spare_run);
    inbuf_pool_release(&loop->pool);
    outbuf_release(&loop->out);
    arena_release(&loop->arena);
    pthread_mutex_destroy(&loop->lock);
}
