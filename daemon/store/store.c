#include "daemon/store/store.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/store/directory.h"
#include "daemon/store/failpoint.h"
#include "daemon/store/store_impl.h"

#define WISH_BYTES_DEFAULT (UINT64_C(256) << 20)

/* ---- life --------------------------------------------------------------------- */

static void ignore_change(void *arg)
{
    (void)arg;
}

static void init_locks(struct store *store)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->wake, &monotonic);
    pthread_cond_init(&store->switched, NULL);
    pthread_condattr_destroy(&monotonic);
    chunk_pool_init(&store->pool);
    for (unsigned i = 0; i < QUEUE_COUNT; i++)
        append_queue_init(&store->queues[i]);
    append_queue_init(&store->tables);
}

static void release_locks(struct store *store)
{
    for (unsigned i = 0; i < QUEUE_COUNT; i++)
        append_queue_release(&store->queues[i], &store->pool);
    append_queue_release(&store->tables, &store->pool);
    chunk_pool_release(&store->pool);
    pthread_cond_destroy(&store->switched);
    pthread_cond_destroy(&store->wake);
    pthread_mutex_destroy(&store->lock);
}

enum status store_open(const struct store_options *options, struct store **out, struct error *err)
{
    enum status status = failpoint_init(err);
    if (status != ST_OK)
        return status;
    struct store *store = aligned_alloc(_Alignof(struct store), sizeof *store);
    if (store == NULL)
        return error_nomem(err);
    memset(store, 0, sizeof *store);
    status = directory_open(options->path, &store->directory, &store->lock_file, err);
    if (status == ST_OK && getrandom(&store->run, sizeof store->run, 0) != sizeof store->run) {
        status = error_set(err, ST_INTERNAL, "no random bits: %s", strerror(errno));
        close(store->lock_file);
        close(store->directory);
    }
    if (status != ST_OK) {
        free(store);
        return status;
    }
    store_init_sink(&store->sink);
    store->path = options->path;
    store->flush_interval_ms = options->flush_interval_ms;
    store->on_change = ignore_change;
    atomic_init(&store->wish_bytes, WISH_BYTES_DEFAULT);
    init_locks(store);
    journal_init(&store->journal, store->directory, store->run);
    *out = store;
    return ST_OK;
}

static void stop_flusher(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->is_stopping = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->flusher, NULL);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->is_started)
        stop_flusher(store);
    if (atomic_load(&store->is_degraded))
        log_error("stopped while the journal could not be written: what was acknowledged from "
                  "memory since then is lost");
    journal_close(&store->journal);
    release_locks(store);
    close(store->lock_file);
    close(store->directory);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_directory(const struct store *store)
{
    return store->directory;
}

uint64_t store_run(const struct store *store)
{
    return store->run;
}

struct change_sink *store_sink(struct store *store)
{
    return &store->sink;
}

/* ---- starting ----------------------------------------------------------------- */

/* The number of the next segment, and the bytes of those there are. */
static enum status look_around(struct store *store, struct error *err)
{
    struct directory_files segments = { NULL, 0 };
    struct directory_files snapshots = { NULL, 0 };
    uint64_t bytes = 0;
    enum status status = directory_list(store->directory, STORE_FILE_SEGMENT, &segments, err);
    if (status == ST_OK)
        status = directory_list(store->directory, STORE_FILE_SNAPSHOT, &snapshots, err);
    for (size_t i = 0; status == ST_OK && i < segments.count; i++) {
        char name[STORE_NAME_BYTES];
        struct stat info;
        store_segment_name(name, segments.numbers[i]);
        if (fstatat(store->directory, name, &info, 0) == 0)
            bytes += (uint64_t)info.st_size;
    }
    store->next_number = 1;
    if (snapshots.count > 0)
        store->next_number = snapshots.numbers[snapshots.count - 1];
    if (segments.count > 0 && segments.numbers[segments.count - 1] >= store->next_number)
        store->next_number = segments.numbers[segments.count - 1] + 1;
    atomic_store(&store->counters.journal_bytes, bytes);
    directory_files_release(&segments);
    directory_files_release(&snapshots);
    return status;
}

static enum status begin_run(struct store *store, struct error *err)
{
    int rc = journal_begin(&store->journal, store->next_number, false);
    if (rc != 0)
        return error_set(err, ST_INTERNAL, "cannot begin a segment of the journal: %s",
                         strerror(rc));
    atomic_store(&store->counters.segment, store->next_number++);
    atomic_fetch_add(&store->counters.journal_bytes, store->journal.size);
    atomic_store(&store->counters.written_bytes, store->journal.size);
    store->synced_ns = store_now_ns();
    return ST_OK;
}

enum status store_start(struct store *store, struct error *err)
{
    sigset_t all;
    sigset_t before;
    enum status status = look_around(store, err);
    if (status == ST_OK)
        status = begin_run(store, err);
    if (status != ST_OK)
        return status;
    sigfillset(&all); /* signals go to the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&store->flusher, NULL, flusher_run, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_set(err, ST_INTERNAL, "cannot start a thread: %s", strerror(rc));
    pthread_setname_np(store->flusher, "flusher");
    store->is_started = true;
    return ST_OK;
}

void store_listen(struct store *store, void (*on_change)(void *arg), void *arg)
{
    store->on_change = on_change;
    store->on_change_arg = arg;
}

void store_on_wish(struct store *store, void (*wish)(void *arg), void *arg)
{
    store->on_wish = wish;
    store->on_wish_arg = arg;
}

void store_nudge(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->is_nudged = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
}

/* ---- tickets ------------------------------------------------------------------ */

uint64_t store_ticket(struct store *store)
{
    uint64_t ticket = atomic_load(&store->begun) + 1;
    uint64_t wanted = atomic_load(&store->wanted);
    if (atomic_load(&store->is_degraded))
        return 0;
    atomic_fetch_add(&store->waiting, 1);
    while (wanted < ticket && !atomic_compare_exchange_weak(&store->wanted, &wanted, ticket))
        continue;
    if (wanted < ticket)
        store_nudge(store);
    return ticket;
}

enum store_outcome store_outcome(const struct store *store, uint64_t ticket)
{
    uint64_t synced = atomic_load(&store->synced);
    if (ticket == 0 || ticket >> TICKET_ERROR_BITS != synced >> TICKET_ERROR_BITS)
        return STORE_LOST;
    return ticket <= synced ? STORE_SYNCED : STORE_PENDING;
}

bool store_takes_durable(const struct store *store)
{
    return !atomic_load(&store->is_degraded);
}

bool store_is_behind(const struct store *store)
{
    if (chunk_pool_in_use(&store->pool) <= CHUNKS_BEHIND)
        return false;
    atomic_store(&((struct store *)store)->behind_seen, true);
    return chunk_pool_in_use(&store->pool) > CHUNKS_BEHIND;
}

/* ---- snapshots ---------------------------------------------------------------- */

void store_set_wish_bytes(struct store *store, uint64_t bytes)
{
    atomic_store(&store->wish_bytes, bytes);
}

uint64_t store_journal_bytes(const struct store *store)
{
    return atomic_load(&store->counters.journal_bytes);
}

enum status store_switch(struct store *store, uint64_t *number, struct error *err)
{
    pthread_mutex_lock(&store->lock);
    assert(store->switching != SWITCH_WANTED);
    store->switching = SWITCH_WANTED;
    pthread_cond_signal(&store->wake);
    while (store->switching == SWITCH_WANTED)
        pthread_cond_wait(&store->switched, &store->lock);
    bool is_done = store->switching == SWITCH_DONE;
    uint64_t switched_to = store->switched_to;
    pthread_mutex_unlock(&store->lock);
    if (!is_done)
        return error_set(err, ST_UNAVAILABLE, "the journal cannot be written");
    *number = switched_to;
    return ST_OK;
}

void store_snapshot_taken(struct store *store, uint64_t number)
{
    bool recovers = false;
    pthread_mutex_lock(&store->lock);
    if (number == store->switched_to) {
        atomic_fetch_sub(&store->counters.journal_bytes, store->superseded);
        store->superseded = 0;
    }
    if (atomic_load(&store->is_degraded) && number >= store->gap_number) {
        atomic_store(&store->is_degraded, false);
        recovers = true;
    }
    pthread_mutex_unlock(&store->lock);
    if (recovers)
        log_info("durable requests are taken again");
}

/* ---- figures ------------------------------------------------------------------ */

void store_read_figures(const struct store *store, struct store_figures *out)
{
    const struct store_counters *counters = &store->counters;
    *out = (struct store_figures){
        .journal_bytes = atomic_load(&counters->journal_bytes),
        .segment = atomic_load(&counters->segment),
        .written_bytes = atomic_load(&counters->written_bytes),
        .blocks = atomic_load(&counters->blocks),
        .syncs = atomic_load(&counters->syncs),
        .sync_ns = atomic_load(&counters->sync_ns),
        .tickets = atomic_load(&counters->tickets),
        .group_max = atomic_load(&counters->group_max),
        .buffered_bytes = chunk_pool_in_use(&store->pool) * (uint64_t)CHUNK_BYTES,
        .errors = atomic_load(&counters->errors),
        .lost_bytes = atomic_load(&counters->lost_bytes),
        .is_degraded = atomic_load(&store->is_degraded),
        .is_behind = chunk_pool_in_use(&store->pool) > CHUNKS_BEHIND,
    };
}
