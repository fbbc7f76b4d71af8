/* How a store brings its catalog back: recover.h, with its findings and its progress
 * in the log. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/store/crew.h"
#include "daemon/store/recover.h"
#include "daemon/store/store_impl.h"

#define LOG_EVERY_S 2

/* Tells how far recovery is, on a thread of its own. */
struct narrator {
    struct recovery_progress progress;
    pthread_mutex_t lock; /* guards is_over */
    pthread_cond_t wake;
    bool is_over;
    uint64_t begun_ns;
    pthread_t thread;
};

static void tell(const struct narrator *narrator)
{
    uint64_t done = atomic_load(&narrator->progress.done_bytes);
    uint64_t total = atomic_load(&narrator->progress.total_bytes);
    uint64_t took_ms = (store_now_ns() - narrator->begun_ns) / 1000000u;
    uint64_t rate = took_ms == 0 ? 0 : done * 1000u / took_ms;
    uint64_t left_s = rate == 0 ? 0 : (total > done ? total - done : 0) / rate;
    log_info("reading the data directory", "bytes", LOG_NUMBER(done), "of", LOG_NUMBER(total),
             "rows", LOG_NUMBER(atomic_load(&narrator->progress.rows)), "changes",
             LOG_NUMBER(atomic_load(&narrator->progress.changes)), "bytes_per_s", LOG_NUMBER(rate),
             "seconds_left", LOG_NUMBER(left_s));
}

static void *narrate(void *arg)
{
    struct narrator *narrator = arg;
    pthread_mutex_lock(&narrator->lock);
    while (!narrator->is_over) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOG_EVERY_S;
        if (pthread_cond_timedwait(&narrator->wake, &narrator->lock, &until) != 0)
            tell(narrator);
    }
    pthread_mutex_unlock(&narrator->lock);
    return NULL;
}

static void stop_narrator(struct narrator *narrator)
{
    pthread_mutex_lock(&narrator->lock);
    narrator->is_over = true;
    pthread_cond_signal(&narrator->wake);
    pthread_mutex_unlock(&narrator->lock);
    pthread_join(narrator->thread, NULL);
}

static void log_note(const struct recovery_note *note, void *arg)
{
    static const char *const messages[] = {
        [RECOVERY_CUT] = "cut off what a crash left of a write",
        [RECOVERY_DAMAGED] = "damaged",
        [RECOVERY_ASIDE] = "put aside",
    };
    (void)arg;
    log_warn(messages[note->finding], "file", note->file, "offset", LOG_NUMBER(note->offset),
             "bytes", LOG_NUMBER(note->bytes), "why", note->why);
}

static void log_result(const struct narrator *narrator, const struct recovery_result *result)
{
    log_info("read the data directory", "tables", LOG_NUMBER(result->tables), "snapshot_bytes",
             LOG_NUMBER(result->snapshot_bytes), "journal_bytes", LOG_NUMBER(result->journal_bytes),
             "rows", LOG_NUMBER(atomic_load(&narrator->progress.rows)), "changes",
             LOG_NUMBER(atomic_load(&narrator->progress.changes)), "ms",
             LOG_NUMBER((store_now_ns() - narrator->begun_ns) / 1000000u));
}

enum status store_recover(struct store *store, struct catalog *catalog, table_bury *bury,
                          unsigned threads, struct error *err)
{
    struct narrator narrator = { .begun_ns = store_now_ns() };
    struct recovery_result result = { 0 };
    const struct recovery_options options = {
        .path = store->path,
        .threads = threads < CREW_MAX ? threads : CREW_MAX,
        .bury = bury,
        .on_note = log_note,
        .progress = &narrator.progress,
    };
    pthread_mutex_init(&narrator.lock, NULL);
    pthread_cond_init(&narrator.wake, NULL);
    bool narrates = pthread_create(&narrator.thread, NULL, narrate, &narrator) == 0;
    enum status status = recover(store->directory, catalog, &options, &result, err);
    if (narrates)
        stop_narrator(&narrator);
    pthread_cond_destroy(&narrator.wake);
    pthread_mutex_destroy(&narrator.lock);
    if (status == ST_OK && result.snapshot_bytes > KEEPER_WISH_BYTES)
        store_set_wish_bytes(store, result.snapshot_bytes);
    if (status == ST_OK)
        log_result(&narrator, &result);
    return status;
}
