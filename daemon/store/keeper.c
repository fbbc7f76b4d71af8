#include "daemon/store/keeper.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/store/backup.h"
#include "daemon/store/directory.h"
#include "daemon/store/disk.h"
#include "daemon/store/snapshot.h"
#include "daemon/store/store.h"

/* Bytes of the journal for which a snapshot is worth it. */
#define WISH_BYTES_MIN ((uint64_t)256 << 20)
#define RETRY_MS 1000u /* after one that failed */

struct keeper {
    struct store *store;
    struct catalog *catalog;
    pthread_mutex_t taking; /* held while one is taken; guards last and last_turn */
    struct kept last;
    uint64_t last_turn;     /* the turn that made it, 0: there is none */
    _Atomic uint64_t turns; /* begun */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    bool is_wished;
    atomic_bool is_stopping; /* set under the lock */
    pthread_t thread;
};

/* ---- taking ------------------------------------------------------------------- */

static void name_file(char out[STORE_NAME_BYTES], enum store_file kind, uint64_t number)
{
    if (kind == STORE_FILE_SEGMENT)
        store_segment_name(out, number);
    else
        store_snapshot_name(out, number);
}

/* Removes the files of a kind with lesser numbers. What cannot be removed is so next
 * time. */
static void remove_below(int directory, enum store_file kind, uint64_t number)
{
    struct directory_files files;
    struct error err;
    if (directory_list(directory, kind, &files, &err) != ST_OK) {
        log_warn("cannot look for old files", "error", err.text);
        return;
    }
    for (size_t i = 0; i < files.count && files.numbers[i] < number; i++) {
        char name[STORE_NAME_BYTES];
        name_file(name, kind, files.numbers[i]);
        int rc = disk_remove(directory, name);
        if (rc != 0)
            log_warn("cannot remove an old file", "file", name, "error", strerror(rc));
    }
    directory_files_release(&files);
}

static enum status take(struct keeper *keeper, const struct task *task, struct kept *out,
                        struct error *err)
{
    struct store *store = keeper->store;
    struct snapshot_result made;
    uint64_t number;
    int directory = store_directory(store);
    uint64_t turn = atomic_fetch_add(&keeper->turns, 1) + 1;
    enum status status = store_switch(store, &number, err);
    if (status == ST_OK)
        status =
            snapshot_take(keeper->catalog, directory, number, store_run(store), task, &made, err);
    if (status != ST_OK)
        return status;
    store_snapshot_taken(store, number);
    store_set_wish_bytes(store, made.bytes > WISH_BYTES_MIN ? made.bytes : WISH_BYTES_MIN);
    remove_below(directory, STORE_FILE_SEGMENT, number);
    remove_below(directory, STORE_FILE_SNAPSHOT, number);
    int rc = disk_sync_directory(directory);
    if (rc != 0)
        log_warn("cannot sync the data directory", "error", strerror(rc));
    *out = (struct kept){ number, made.counts.tables, made.counts.rows, made.bytes };
    keeper->last = *out;
    keeper->last_turn = turn;
    log_info("snapshot taken", "number", LOG_NUMBER(number), "keys", LOG_NUMBER(out->keys), "bytes",
             LOG_NUMBER(out->bytes));
    return ST_OK;
}

enum status keeper_take(struct keeper *keeper, const struct task *task, struct kept *out,
                        struct error *err)
{
    enum status status = ST_OK;
    uint64_t turn = atomic_load(&keeper->turns);
    pthread_mutex_lock(&keeper->taking);
    if (keeper->last_turn > turn) /* begun since: all who waited share it */
        *out = keeper->last;
    else
        status = take(keeper, task, out, err);
    pthread_mutex_unlock(&keeper->taking);
    return status;
}

/* ---- copying ------------------------------------------------------------------ */

/* Takes a snapshot and opens it with the segments that were written meanwhile: none
 * of them changes any more. */
static enum status open_copy(struct keeper *keeper, const struct task *task, struct backup *backup,
                             struct kept *out, struct error *err)
{
    struct store *store = keeper->store;
    struct store_figures before;
    struct store_figures after;
    uint64_t end = 0;
    enum status status = take(keeper, task, out, err);
    store_read_figures(store, &before);
    if (status == ST_OK)
        status = store_switch(store, &end, err);
    store_read_figures(store, &after);
    if (status == ST_OK && (before.is_degraded || after.errors != before.errors))
        status = error_set(err, ST_UNAVAILABLE, "a part of the journal was lost meanwhile");
    if (status == ST_OK)
        status = backup_open(backup, store_directory(store), out->number, end, err);
    return status;
}

enum status keeper_back_up(struct keeper *keeper, const char *path, const struct task *task,
                           struct kept *out, struct error *err)
{
    struct backup backup;
    struct kept kept;
    pthread_mutex_lock(&keeper->taking); /* or the next one removes the files */
    enum status status = open_copy(keeper, task, &backup, &kept, err);
    pthread_mutex_unlock(&keeper->taking);
    if (status != ST_OK)
        return status;
    status = backup_write(&backup, path, task, &kept.bytes, err);
    backup_release(&backup);
    if (status != ST_OK)
        return status;
    *out = kept;
    log_info("backup written", "directory", path, "snapshot", LOG_NUMBER(kept.number), "bytes",
             LOG_NUMBER(kept.bytes));
    return ST_OK;
}

/* ---- the thread --------------------------------------------------------------- */

/* From the store's flusher. */
static void on_wish(void *arg)
{
    struct keeper *keeper = arg;
    pthread_mutex_lock(&keeper->lock);
    keeper->is_wished = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

static enum status check_stop(void *arg)
{
    const struct keeper *keeper = arg;
    return atomic_load(&keeper->is_stopping) ? ST_CANCELLED : ST_OK;
}

/* Waits until there is a wish, or for the end: false. */
static bool await_wish(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_wished && !atomic_load(&keeper->is_stopping))
        pthread_cond_wait(&keeper->wake, &keeper->lock);
    keeper->is_wished = false;
    pthread_mutex_unlock(&keeper->lock);
    return !atomic_load(&keeper->is_stopping);
}

/* Rests, and wishes for what failed. */
static void try_again(struct keeper *keeper)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_MS / 1000;
    pthread_mutex_lock(&keeper->lock);
    while (!atomic_load(&keeper->is_stopping) &&
           pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until) == 0)
        continue;
    keeper->is_wished = true;
    pthread_mutex_unlock(&keeper->lock);
}

static void *run(void *arg)
{
    struct keeper *keeper = arg;
    const struct task task = { check_stop, keeper };
    while (await_wish(keeper)) {
        struct kept kept;
        struct error err;
        if (keeper_take(keeper, &task, &kept, &err) == ST_OK || atomic_load(&keeper->is_stopping))
            continue;
        log_error("cannot take a snapshot, trying again", "error", err.text);
        try_again(keeper);
    }
    return NULL;
}

/* ---- life --------------------------------------------------------------------- */

static void init_locks(struct keeper *keeper)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&keeper->taking, NULL);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

void keeper_free(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    pthread_mutex_destroy(&keeper->taking);
    free(keeper);
}

enum status keeper_new(struct store *store, struct catalog *catalog, uint64_t last_bytes,
                       struct keeper **out, struct error *err)
{
    sigset_t all;
    sigset_t before;
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        return error_nomem(err);
    keeper->store = store;
    keeper->catalog = catalog;
    init_locks(keeper);
    sigfillset(&all); /* signals go to the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&keeper->thread, NULL, run, keeper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        keeper_free(keeper);
        return error_set(err, ST_INTERNAL, "cannot start a thread: %s", strerror(rc));
    }
    pthread_setname_np(keeper->thread, "keeper");
    store_on_wish(store, on_wish, keeper);
    store_set_wish_bytes(store, last_bytes > WISH_BYTES_MIN ? last_bytes : WISH_BYTES_MIN);
    *out = keeper;
    return ST_OK;
}

void keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->is_stopping, true);
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
}
