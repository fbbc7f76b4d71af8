#include "daemon/server/server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/log.h"
#include "daemon/server/connection.h"
#include "daemon/server/context.h"
#include "daemon/server/listener.h"
#include "daemon/server/loop.h"
#include "daemon/server/memory_watch.h"
#include "daemon/server/opening.h"
#include "daemon/server/session.h"
#include "daemon/server/upkeep.h"
#include "daemon/store/keeper.h"
#include "daemon/table/catalog.h"

#define REFUSED_MAX 128u         /* connections that are told at one time that they are too many */
#define SPARE_DESCRIPTORS 64u    /* besides connections: loops, listeners, standard streams */
#define CANCEL_MS 500u           /* to answer what was given up */
#define PAUSE_LOG_EVERY_MS 1000u /* at most */

/* States, of `phase`: those of its loops. */
struct server {
    struct server_options options;
    struct server_context context;
    uv_loop_t uv; /* accepts, and takes signals */
    uv_signal_t sigterm;
    uv_signal_t sigint;
    uv_async_t wake; /* a loop became quiet */
    uv_timer_t drain;
    struct upkeep upkeep;
    struct opening opening;
    void (*ready)(const struct server *server);
    enum loop_phase phase;
    bool has_loop;
    unsigned started; /* loops whose threads run */
    atomic_uint quiet_loops;
    uint64_t pause_logged_ms;
    struct listener listeners[SERVER_LISTEN_MAX];
    size_t bound;
    bool accepting;
};

/* ---- connections ------------------------------------------------------------ */

static void on_connection(struct listener *listener, int fd)
{
    struct server *server = listener->owner;
    struct server_context *context = &server->context;
    struct loop *fewest = &context->loops[0];
    uint64_t served = 0;
    uint64_t refused = 0;

    for (unsigned i = 0; i < context->loop_count; i++) {
        struct loop *loop = &context->loops[i];
        served += loop_served(loop);
        refused += loop_refused(loop);
        if (loop_served(loop) < loop_served(fewest))
            fewest = loop;
    }
    bool full = served >= context->limits.max_connections;
    stats_add(&context->acceptor_stats, full ? COUNTER_REFUSED_CONNECTIONS : COUNTER_ACCEPTED, 1);
    struct connection *connection =
        full && refused >= REFUSED_MAX ? NULL : connection_new(fd, &cardinal_protocol);
    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->refused = full;
    loop_hand_over(fewest, connection);
}

static void on_pause(struct listener *listener, int error)
{
    struct server *server = listener->owner;
    uint64_t now = uv_now(&server->uv);

    stats_add(&server->context.acceptor_stats, COUNTER_ACCEPT_PAUSES, 1);
    if (server->pause_logged_ms != 0 && now - server->pause_logged_ms < PAUSE_LOG_EVERY_MS)
        return;
    server->pause_logged_ms = now;
    log_warn("cannot accept, trying again", "error", strerror(error));
}

/* ---- stopping --------------------------------------------------------------- */

static void set_phase(struct server *server, enum loop_phase phase)
{
    server->phase = phase;
    for (unsigned i = 0; i < server->started; i++)
        loop_set_phase(&server->context.loops[i], phase);
}

static void stop(struct server *server)
{
    if (server->phase == LOOP_STOPPING)
        return;
    set_phase(server, LOOP_STOPPING);
    uv_stop(&server->uv);
}

static void on_cancel_over(uv_timer_t *timer)
{
    stop(timer->data);
}

static void on_drain_over(uv_timer_t *timer)
{
    log_warn("still in work after the time to drain, giving it up");
    set_phase(timer->data, LOOP_CANCELLING);
    uv_timer_start(timer, on_cancel_over, CANCEL_MS, 0);
}

static void on_quiet(uv_async_t *wake)
{
    struct server *server = wake->data;

    if (server->phase != LOOP_RUNNING && atomic_load(&server->quiet_loops) == server->started)
        stop(server);
}

static void loop_is_quiet(void *arg)
{
    struct server *server = arg;

    atomic_fetch_add(&server->quiet_loops, 1);
    uv_async_send(&server->wake);
}

static void close_listeners(struct server *server)
{
    for (size_t i = 0; server->accepting && i < server->bound; i++)
        listener_close(&server->listeners[i]);
    if (server->accepting)
        server->bound = 0;
    server->accepting = false;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;

    if (server->phase != LOOP_RUNNING) {
        log_warn("second signal, stopping at once", "signal", strsignal(number));
        stop(server);
        return;
    }
    log_info("stopping", "signal", strsignal(number));
    close_listeners(server);
    set_phase(server, LOOP_DRAINING);
    uv_timer_start(&server->drain, on_drain_over, server->options.drain_ms, 0);
}

/* ---- starting --------------------------------------------------------------- */

enum status server_check(const struct server_options *options, struct error *err)
{
    char text[ADDRESS_TEXT_MAX];

    for (size_t i = 0; i < options->listen_count; i++) {
        if (!address_is_public(&options->listen[i]) || options->allow_unauthenticated)
            continue;
        address_format(&options->listen[i], text);
        return error_set(err, ST_FAILED_PRECONDITION,
                         "'%s' can be reached from other machines and nobody is asked who they "
                         "are: it needs allow_unauthenticated",
                         text);
    }
    return ST_OK;
}

static void raise_descriptors(const struct server *server)
{
    rlim_t wanted = server->context.limits.max_connections + REFUSED_MAX + SPARE_DESCRIPTORS +
                    (rlim_t)8 * server->context.loop_count;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    struct rlimit raised = { wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted };
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    log_warn("too few descriptors for max_connections", "descriptors", LOG_NUMBER(limit.rlim_cur),
             "wanted", LOG_NUMBER(wanted));
}

static void set_job_threads(uint64_t threads)
{
    char text[LOG_NUMBER_BYTES];

    setenv("UV_THREADPOOL_SIZE", log_number(text, threads), 1);
}

static enum status make_loops(struct server *server, struct error *err)
{
    struct server_context *context = &server->context;
    uint64_t processors = uv_available_parallelism();
    uint64_t threads = server->options.threads;
    uint64_t job_threads = server->options.job_threads;
    size_t count = threads != 0 ? threads : processors;

    set_job_threads(job_threads != 0 ? job_threads : processors);
    context->loops = aligned_alloc(_Alignof(struct loop), count * sizeof *context->loops);
    if (context->loops == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        enum status status = loop_init(&context->loops[i], context, (unsigned)i, err);
        if (status != ST_OK)
            return status;
        context->loop_count++;
    }
    return ST_OK;
}

static enum status make_main_loop(struct server *server, struct error *err)
{
    int rc = uv_loop_init(&server->uv);

    if (rc == 0)
        rc = uv_async_init(&server->uv, &server->wake, on_quiet);
    if (rc != 0)
        return error_set(err, ST_INTERNAL, "cannot make an event loop: %s", uv_strerror(rc));
    server->has_loop = true;
    uv_signal_init(&server->uv, &server->sigterm);
    uv_signal_init(&server->uv, &server->sigint);
    uv_timer_init(&server->uv, &server->drain);
    upkeep_start(&server->upkeep, &server->uv, server->context.catalog);
    server->wake.data = server->sigterm.data = server->sigint.data = server->drain.data = server;
    return ST_OK;
}

static enum status bind_all(struct server *server, struct error *err)
{
    for (size_t i = 0; i < server->options.listen_count; i++) {
        struct listener *listener = &server->listeners[i];
        enum status status = listener_bind(listener, &server->options.listen[i], err);
        if (status != ST_OK)
            return status;
        listener->on_connection = on_connection;
        listener->on_pause = on_pause;
        listener->owner = server;
        server->options.listen[i] = listener->address;
        server->bound++;
    }
    return ST_OK;
}

static enum status make_context(struct server *server, struct error *err)
{
    struct server_context *context = &server->context;
    uint64_t shard_seed;

    if (getrandom(&shard_seed, sizeof shard_seed, 0) != (ssize_t)sizeof shard_seed)
        return error_set(err, ST_INTERNAL, "no random bits: %s", strerror(errno));
    context->limits = server->options.limits;
    memory_watch_start(context->limits.max_memory);
    context->store = server->options.store;
    context->default_ack = server->options.default_ack;
    context->decode_limits.max_keys = DECODE_MAX_KEYS_DEFAULT;
    context->started_ns = uv_hrtime();
    context->loop_is_quiet = loop_is_quiet;
    context->arg = server;
    budget_init(&context->partial_bytes, context->limits.max_partial_bytes);
    budget_init(&context->unsent_bytes, context->limits.max_unsent_bytes);
    budget_init(&context->job_bytes, context->limits.max_job_bytes);
    context->catalog = catalog_new((uint32_t)context->limits.max_tables, shard_seed);
    return context->catalog != NULL ? ST_OK : error_nomem(err);
}

enum status server_new(const struct server_options *options, struct server **out, struct error *err)
{
    enum status status = server_check(options, err);

    if (status != ST_OK)
        return status;
    struct server *server = aligned_alloc(_Alignof(struct server), sizeof *server);
    if (server == NULL)
        return error_nomem(err);
    memset(server, 0, sizeof *server);
    server->options = *options;
    signal(SIGPIPE, SIG_IGN);
    status = make_context(server, err);
    if (status == ST_OK)
        status = make_loops(server, err);
    if (status == ST_OK)
        status = make_main_loop(server, err);
    if (status == ST_OK)
        status = bind_all(server, err);
    if (status != ST_OK) {
        server_free(server);
        return status;
    }
    raise_descriptors(server);
    *out = server;
    return ST_OK;
}

size_t server_address_count(const struct server *server)
{
    return server->options.listen_count;
}

void server_address(const struct server *server, size_t i, char out[ADDRESS_TEXT_MAX])
{
    address_format(&server->options.listen[i], out);
}

static enum status start_all(struct server *server, struct error *err)
{
    enum status status = ST_OK;

    for (unsigned i = 0; status == ST_OK && i < server->context.loop_count; i++) {
        status = loop_start(&server->context.loops[i], err);
        if (status == ST_OK)
            server->started++;
    }
    server->accepting = status == ST_OK;
    for (size_t i = 0; status == ST_OK && i < server->bound; i++)
        status = listener_start(&server->listeners[i], &server->uv, err);
    uv_signal_start(&server->sigterm, on_signal, SIGTERM);
    uv_signal_start(&server->sigint, on_signal, SIGINT);
    return status;
}

static void on_opened(struct opening *opening)
{
    struct server *server = opening->context->arg;

    if (opening->outcome != ST_OK)
        stop(server);
    else if (server->phase == LOOP_RUNNING)
        server->ready(server);
}

enum status server_run(struct server *server, void (*ready)(const struct server *server),
                       struct error *err)
{
    enum status status = start_all(server, err);

    if (status == ST_OK) {
        server->ready = ready;
        opening_start(&server->opening, &server->uv, &server->context, on_opened);
        uv_run(&server->uv, UV_RUN_DEFAULT);
        opening_wait(&server->opening, &server->uv);
        if (server->opening.outcome != ST_CANCELLED) /* by a signal */
            status = server->opening.outcome;
        if (status != ST_OK)
            *err = server->opening.err;
    }
    set_phase(server, LOOP_STOPPING);
    for (unsigned i = 0; i < server->started; i++)
        loop_join(&server->context.loops[i]);
    keeper_stop(server->context.keeper);
    return status;
}

static void free_main_loop(struct server *server)
{
    close_listeners(server);
    upkeep_stop(&server->upkeep);
    uv_close((uv_handle_t *)&server->sigterm, NULL);
    uv_close((uv_handle_t *)&server->sigint, NULL);
    uv_close((uv_handle_t *)&server->drain, NULL);
    uv_close((uv_handle_t *)&server->wake, NULL);
    uv_run(&server->uv, UV_RUN_DEFAULT);
    uv_loop_close(&server->uv);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    if (server->has_loop)
        free_main_loop(server);
    for (size_t i = 0; i < server->bound; i++)
        listener_unbind(&server->listeners[i]);
    for (unsigned i = 0; i < server->context.loop_count; i++)
        loop_release(&server->context.loops[i]);
    free(server->context.loops);
    keeper_free(server->context.keeper);
    catalog_free(server->context.catalog);
    free(server);
}
