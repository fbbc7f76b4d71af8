#include "daemon/store/keeper.h"

#include <string.h>

#include "daemon/log.h"
#include "daemon/store/directory.h"
#include "daemon/store/disk.h"
#include "daemon/store/snapshot.h"
#include "daemon/store/store_impl.h"

/* ---- one snapshot --------------------------------------------------------------- */

static enum status check_stops(void *arg)
{
    const struct keeper *keeper = arg;
    return atomic_load(&keeper->stops) ? ST_CANCELLED : ST_OK;
}

/* Removes the files of one kind with lower numbers. */
static int remove_older(int directory, enum store_file kind, uint64_t number)
{
    struct directory_files files;
    int rc = 0;
    if (directory_list(directory, kind, &files, NULL) != ST_OK)
        return 0; /* the next one tries again */
    for (size_t i = 0; rc == 0 && i < files.count && files.numbers[i] < number; i++) {
        char name[STORE_NAME_BYTES];
        if (kind == STORE_FILE_SEGMENT)
            store_segment_name(name, files.numbers[i]);
        else
            store_snapshot_name(name, files.numbers[i]);
        rc = disk_remove(directory, name);
    }
    directory_files_release(&files);
    return rc;
}

static void remove_covered(struct keeper *keeper, uint64_t number)
{
    int directory = keeper->store->directory;
    int rc = remove_older(directory, STORE_FILE_SEGMENT, number);
    if (rc == 0)
        rc = remove_older(directory, STORE_FILE_SNAPSHOT, number);
    if (rc == 0)
        rc = disk_sync_directory(directory);
    if (rc != 0)
        log_warn("cannot remove what a snapshot covers", "error", strerror(rc));
}

static enum status take(struct keeper *keeper, uint64_t *number, struct snapshot_result *result,
                        struct error *err)
{
    const struct task task = { check_stops, keeper };
    struct store *store = keeper->store;
    uint64_t begun_ns = store_now_ns();
    enum status status = store_switch(store, number, err);
    if (status == ST_OK)
        status = snapshot_take(keeper->catalog, store->directory, *number, store->run, &task,
                               result, err);
    if (status == ST_CANCELLED)
        return status;
    if (status != ST_OK) {
        log_error("cannot take a snapshot", "error", err->text);
        return status;
    }
    store_snapshot_taken(store, *number);
    store_set_wish_bytes(store,
                         result->bytes > KEEPER_WISH_BYTES ? result->bytes : KEEPER_WISH_BYTES);
    remove_covered(keeper, *number);
    log_info("snapshot", "number", LOG_NUMBER(*number), "bytes", LOG_NUMBER(result->bytes), "rows",
             LOG_NUMBER(result->counts.rows), "cells", LOG_NUMBER(result->counts.cells), "ms",
             LOG_NUMBER((store_now_ns() - begun_ns) / 1000000u));
    return ST_OK;
}

/* ---- the thread ----------------------------------------------------------------- */

static void finish(struct keeper *keeper, enum status status, uint64_t number, uint64_t bytes,
                   const struct error *err)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->done = keeper->begun;
    keeper->outcome = status;
    if (status == ST_OK) {
        keeper->number = number;
        keeper->bytes = bytes;
    } else {
        keeper->err = *err;
    }
    pthread_cond_broadcast(&keeper->taken);
    pthread_mutex_unlock(&keeper->lock);
}

/* Waits until one is wanted; false: it is over. */
static bool await_wish(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    while (keeper->wanted == keeper->begun && !atomic_load(&keeper->stops))
        pthread_cond_wait(&keeper->wake, &keeper->lock);
    keeper->begun = keeper->wanted;
    pthread_mutex_unlock(&keeper->lock);
    return !atomic_load(&keeper->stops);
}

static void *run(void *arg)
{
    struct keeper *keeper = arg;
    while (await_wish(keeper)) {
        struct snapshot_result result = { .bytes = 0 };
        struct error err = { ST_OK, "" };
        uint64_t number = 0;
        enum status status = take(keeper, &number, &result, &err);
        finish(keeper, status, number, result.bytes, &err);
    }
    return NULL;
}

/* ---- life ----------------------------------------------------------------------- */

void keeper_init(struct keeper *keeper, struct store *store)
{
    memset(keeper, 0, sizeof *keeper);
    keeper->store = store;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->wake, NULL);
    pthread_cond_init(&keeper->taken, NULL);
}

void keeper_release(struct keeper *keeper)
{
    pthread_cond_destroy(&keeper->taken);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
}

enum status keeper_start(struct keeper *keeper, struct catalog *catalog, struct error *err)
{
    keeper->catalog = catalog;
    enum status status = store_spawn(&keeper->thread, run, keeper, "keeper", err);
    keeper->is_running = status == ST_OK;
    return status;
}

void keeper_stop(struct keeper *keeper)
{
    static const struct error over = { ST_UNAVAILABLE, "the server is stopping" };
    if (!keeper->is_running)
        return;
    pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->stops, true);
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    keeper->is_running = false;
    pthread_mutex_lock(&keeper->lock);
    keeper->begun = keeper->wanted;
    pthread_mutex_unlock(&keeper->lock);
    finish(keeper, ST_UNAVAILABLE, 0, 0, &over);
}

void keeper_wish(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->wanted == keeper->begun)
        keeper->wanted++;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

enum status keeper_take(struct keeper *keeper, uint64_t *number, uint64_t *bytes, struct error *err)
{
    pthread_mutex_lock(&keeper->lock);
    uint64_t mine = ++keeper->wanted;
    pthread_cond_signal(&keeper->wake);
    while (keeper->done < mine && !atomic_load(&keeper->stops))
        pthread_cond_wait(&keeper->taken, &keeper->lock);
    enum status status = keeper->done < mine ? ST_UNAVAILABLE : keeper->outcome;
    if (status == ST_OK) {
        *number = keeper->number;
        *bytes = keeper->bytes;
    } else if (keeper->done < mine) {
        error_set(err, status, "the server is stopping");
    } else {
        error_set(err, status, "%s", keeper->err.text);
    }
    pthread_mutex_unlock(&keeper->lock);
    return status;
}
