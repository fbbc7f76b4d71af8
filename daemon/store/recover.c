#include "daemon/store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/disk.h"
#include "daemon/store/recovery_impl.h"
#include "daemon/store/segment.h"

#define ASIDE_PREFIX "aside-"
#define ASIDE_NAME_BYTES (sizeof ASIDE_PREFIX + STORE_NAME_BYTES + 12u)

/* ---- what threads share -------------------------------------------------------- */

void recovery_fail(struct recovery *recovery, enum status status, const struct error *err)
{
    pthread_mutex_lock(&recovery->lock);
    if (recovery->failed == ST_OK) {
        recovery->failed = status;
        recovery->error = *err;
    }
    pthread_mutex_unlock(&recovery->lock);
}

bool recovery_has_failed(struct recovery *recovery)
{
    if (recovery->progress != NULL && atomic_load(&recovery->progress->is_given_up)) {
        struct error err;
        recovery_fail(recovery, error_set(&err, ST_CANCELLED, "the start was given up"), &err);
    }
    pthread_mutex_lock(&recovery->lock);
    bool failed = recovery->failed != ST_OK;
    pthread_mutex_unlock(&recovery->lock);
    return failed;
}

void recovery_note(struct recovery *recovery, enum recovery_finding finding, const char *file,
                   uint64_t offset, uint64_t bytes, const char *why)
{
    struct recovery_note note = { finding, "", offset, bytes, why };
    if (recovery->options->on_note == NULL)
        return;
    snprintf(note.file, sizeof note.file, "%s", file);
    pthread_mutex_lock(&recovery->lock);
    recovery->options->on_note(&note, recovery->options->arg);
    pthread_mutex_unlock(&recovery->lock);
}

enum status recovery_damage(struct recovery *recovery, const char *file, uint64_t offset,
                            uint64_t bytes, const char *why, struct error *err)
{
    if (recovery->options->saves) {
        recovery_note(recovery, RECOVERY_DAMAGED, file, offset, bytes, why);
        return ST_OK;
    }
    return error_set(err, ST_FAILED_PRECONDITION,
                     "'%s' is damaged at offset %" PRIu64 ": %s; put a copy back, or save what is "
                     "whole with: cardinald --repair %.96s",
                     file, offset, why, recovery->options->path);
}

/* ---- the journal --------------------------------------------------------------- */

/* The segments that are read, one after the other. */
struct chain {
    struct directory_files files;
    size_t at;
    size_t end;  /* of those that count */
    size_t last; /* the last that has blocks, or may have: from it on ends may be torn */
    bool has_run;
    uint64_t run;
};

/* Cuts the end off the last segment, or removes one of which nothing is whole. */
static enum status cut(struct recovery *recovery, const struct segment_reader *reader,
                       const char *name, struct error *err)
{
    int rc = 0;
    uint64_t bytes = reader->size - reader->offset;
    recovery_note(recovery, RECOVERY_CUT, name, reader->offset, bytes,
                  "a write that was under way");
    recovery->result.cut_bytes += bytes;
    if (recovery->options->leaves_files)
        return ST_OK;
    if (!reader->has_header) {
        rc = disk_remove(recovery->directory, name);
        rc = rc == 0 ? disk_sync_directory(recovery->directory) : rc;
    } else {
        int fd = openat(recovery->directory, name, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || ftruncate(fd, (off_t)reader->offset) != 0 || fsync(fd) != 0)
            rc = errno;
        if (fd >= 0)
            close(fd);
    }
    return rc == 0 ? ST_OK : error_set(err, ST_INTERNAL, "cannot cut '%s': %s", name, strerror(rc));
}

/* Bytes that are no block. *is_over: nothing more of the segment is to be read. */
static enum status take_bad(struct recovery *recovery, const struct chain *chain,
                            const struct segment_reader *reader, enum segment_state state,
                            const char *name, bool *is_over, struct error *err)
{
    if (state == SEGMENT_TORN && chain->at >= chain->last) {
        *is_over = true;
        return cut(recovery, reader, name, err);
    }
    return recovery_damage(recovery, name, reader->offset, reader->end - reader->offset,
                           reader->has_header ? "no block begins there" : "its header", err);
}

static enum status play_segment(struct recovery *recovery, struct replay *replay,
                                struct chain *chain, struct segment_reader *reader,
                                const char *name, struct error *err)
{
    enum status status = ST_OK;
    bool is_over = false;
    if (reader->has_header && (!chain->has_run || chain->run != reader->header.run)) {
        replay_begin_run(replay, reader->header.run);
        chain->run = reader->header.run;
        chain->has_run = true;
    }
    while (status == ST_OK && !is_over) {
        if (recovery_has_failed(recovery)) {
            *err = recovery->error;
            return recovery->failed;
        }
        enum segment_state state;
        struct bytes_view payload;
        status = segment_next(reader, &state, &payload, err);
        if (status != ST_OK || state == SEGMENT_END)
            break;
        if (state == SEGMENT_BLOCK)
            status = replay_block(replay, payload, name, reader->offset, err);
        else
            status = take_bad(recovery, chain, reader, state, name, &is_over, err);
        if (recovery->progress != NULL)
            atomic_fetch_add(&recovery->progress->done_bytes, reader->end - reader->offset);
    }
    recovery->result.segments++;
    recovery->result.journal_bytes += reader->size;
    return status;
}

static enum status play_journal(struct recovery *recovery, struct chain *chain, struct error *err)
{
    struct replay *replay = replay_new(recovery);
    enum status status = replay == NULL ? error_nomem(err) : ST_OK;
    for (; chain->at < chain->end && status == ST_OK; chain->at++) {
        char name[STORE_NAME_BYTES];
        struct segment_reader reader;
        uint64_t number = chain->files.numbers[chain->at];
        store_segment_name(name, number);
        status = segment_open(&reader, recovery->directory, number, err);
        if (status != ST_OK)
            break;
        status = play_segment(recovery, replay, chain, &reader, name, err);
        segment_close(&reader);
    }
    replay_free(replay);
    return status;
}

/* ---- which files --------------------------------------------------------------- */

static uint64_t file_bytes(int directory, const char *name)
{
    struct stat info;
    return fstatat(directory, name, &info, 0) == 0 ? (uint64_t)info.st_size : 0;
}

/* A name that no file has: of the same number one may be there, since that of a segment
 * that was put aside is given out again. */
static void name_aside(int directory, const char *name, char out[ASIDE_NAME_BYTES])
{
    struct stat info;
    snprintf(out, ASIDE_NAME_BYTES, ASIDE_PREFIX "%s", name);
    for (unsigned n = 2; fstatat(directory, out, &info, AT_SYMLINK_NOFOLLOW) == 0; n++)
        snprintf(out, ASIDE_NAME_BYTES, ASIDE_PREFIX "%s.%u", name, n);
}

/* Puts a segment that counts for nothing aside, so that what comes next follows the
 * last that does. */
static enum status put_aside(struct recovery *recovery, uint64_t number, struct error *err)
{
    char from[STORE_NAME_BYTES];
    char to[ASIDE_NAME_BYTES];
    store_segment_name(from, number);
    recovery_note(recovery, RECOVERY_ASIDE, from, 0, file_bytes(recovery->directory, from),
                  "changes before it were lost by a disk error");
    if (recovery->options->leaves_files)
        return ST_OK;
    name_aside(recovery->directory, from, to);
    int rc = disk_rename(recovery->directory, from, to);
    return rc == 0 ? ST_OK
                   : error_set(err, ST_INTERNAL, "cannot rename '%s': %s", from, strerror(rc));
}

/* Does the segment come after a gap that only a snapshot as new makes good? */
static enum status is_after_gap(const struct recovery *recovery, uint64_t number, bool *out,
                                struct error *err)
{
    struct segment_reader reader;
    enum status status = segment_open(&reader, recovery->directory, number, err);
    if (status != ST_OK)
        return status;
    *out = reader.has_header && (reader.header.flags & SEGMENT_AFTER_GAP) != 0;
    segment_close(&reader);
    return ST_OK;
}

/* Finds the segments from `first` on that count, and puts the others aside. */
static enum status choose_segments(struct recovery *recovery, struct chain *chain, uint64_t first,
                                   struct error *err)
{
    const struct directory_files *files = &chain->files;
    bool has_gap = false;
    enum status status = ST_OK;
    while (chain->at < files->count && files->numbers[chain->at] < first)
        chain->at++;
    chain->end = chain->at;
    for (size_t i = chain->at; i < files->count && status == ST_OK; i++) {
        uint64_t number = files->numbers[i];
        uint64_t wanted = i == chain->at ? first : files->numbers[i - 1] + 1;
        if (!has_gap && (number > first || !recovery->result.has_snapshot))
            status = is_after_gap(recovery, number, &has_gap, err);
        if (status != ST_OK)
            break;
        if (has_gap) {
            status = put_aside(recovery, number, err);
            continue;
        }
        if (number != wanted) {
            char name[STORE_NAME_BYTES];
            store_segment_name(name, wanted);
            status = recovery_damage(recovery, name, 0, 0, "it is missing", err);
        }
        chain->end = i + 1;
    }
    return status;
}

/* A segment that was begun when the disk failed, or just before a crash, may have come to
 * nothing but its name; what is before it then is as the last one is. */
static void find_last(const struct recovery *recovery, struct chain *chain)
{
    char name[STORE_NAME_BYTES];
    for (chain->last = chain->end; chain->last > chain->at; chain->last--) {
        store_segment_name(name, chain->files.numbers[chain->last - 1]);
        if (file_bytes(recovery->directory, name) > SEGMENT_HEADER_BYTES)
            break;
    }
    chain->last -= chain->last > chain->at;
}

static void count_bytes(struct recovery *recovery, const struct chain *chain, uint64_t snapshot)
{
    char name[STORE_NAME_BYTES];
    uint64_t total = 0;
    if (recovery->progress == NULL)
        return;
    if (snapshot != 0) {
        store_snapshot_name(name, snapshot);
        total += file_bytes(recovery->directory, name);
    }
    for (size_t i = chain->at; i < chain->end; i++) {
        store_segment_name(name, chain->files.numbers[i]);
        total += file_bytes(recovery->directory, name);
    }
    atomic_store(&recovery->progress->total_bytes, total);
}

/* Removes what a daemon that died was about to make a snapshot of. */
static enum status remove_unfinished(struct recovery *recovery, struct error *err)
{
    struct directory_files files;
    if (recovery->options->leaves_files)
        return ST_OK;
    enum status status = directory_list(recovery->directory, STORE_FILE_SNAPSHOT_TMP, &files, err);
    for (size_t i = 0; status == ST_OK && i < files.count; i++) {
        char name[STORE_NAME_BYTES];
        store_snapshot_tmp_name(name, files.numbers[i]);
        int rc = disk_remove(recovery->directory, name);
        if (rc != 0)
            status = error_set(err, ST_INTERNAL, "cannot remove '%s': %s", name, strerror(rc));
    }
    if (status == ST_OK)
        directory_files_release(&files);
    return status;
}

/* ---- recovering ---------------------------------------------------------------- */

/* What was read may be in the system's memory alone: a daemon that died had not synced
 * all that it wrote. What follows relies on it, so it is put on disk first. */
static enum status settle(struct recovery *recovery, const struct chain *chain, struct error *err)
{
    char name[STORE_NAME_BYTES] = ".";
    int rc = 0;
    if (recovery->options->leaves_files)
        return ST_OK;
    for (size_t i = chain->last; i < chain->end && rc == 0; i++) {
        store_segment_name(name, chain->files.numbers[i]);
        int fd = openat(recovery->directory, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) != 0)
            rc = errno == ENOENT ? 0 : errno; /* nothing of it was whole, and it is gone */
        if (fd >= 0)
            close(fd);
    }
    rc = rc == 0 ? disk_sync_directory(recovery->directory) : rc;
    return rc == 0 ? ST_OK
                   : error_set(err, ST_INTERNAL, "cannot sync '%s': %s", name, strerror(rc));
}

static enum status recover_files(struct recovery *recovery, struct chain *chain, uint64_t snapshot,
                                 struct error *err)
{
    recovery->result.has_snapshot = snapshot != 0;
    enum status status = choose_segments(recovery, chain, snapshot != 0 ? snapshot : 1, err);
    if (status != ST_OK)
        return status;
    find_last(recovery, chain);
    count_bytes(recovery, chain, snapshot);
    if (snapshot != 0)
        status = recovery_load(recovery, snapshot, err);
    if (status == ST_OK)
        status = play_journal(recovery, chain, err);
    if (status == ST_OK)
        status = settle(recovery, chain, err);
    if (status == ST_OK)
        status = recovery_admit(recovery, err);
    if (status == ST_OK)
        status = remove_unfinished(recovery, err);
    return status;
}

static enum status recover_directory(struct recovery *recovery, struct error *err)
{
    struct chain chain = { .at = 0 };
    struct directory_files snapshots;
    enum status status = directory_list(recovery->directory, STORE_FILE_SNAPSHOT, &snapshots, err);
    if (status != ST_OK)
        return status;
    uint64_t newest = snapshots.count > 0 ? snapshots.numbers[snapshots.count - 1] : 0;
    directory_files_release(&snapshots);
    status = directory_list(recovery->directory, STORE_FILE_SEGMENT, &chain.files, err);
    if (status != ST_OK)
        return status;
    status = recover_files(recovery, &chain, newest, err);
    directory_files_release(&chain.files);
    return status;
}

enum status recover(int directory, struct catalog *catalog, const struct recovery_options *options,
                    struct recovery_result *out, struct error *err)
{
    struct recovery recovery = {
        .options = options,
        .directory = directory,
        .catalog = catalog,
        .progress = options->progress,
        .next_seen_id = 1,
    };
    pthread_mutex_init(&recovery.lock, NULL);
    bounds_init(&recovery.bounds);
    crew_init(&recovery.crew, options->threads < CREW_MAX ? options->threads : CREW_MAX);
    enum status status = recover_directory(&recovery, err);
    crew_release(&recovery.crew);
    bounds_release(&recovery.bounds);
    for (size_t i = 0; i < recovery.count; i++)
        table_unref(recovery.tables[i].table);
    free(recovery.tables);
    pthread_mutex_destroy(&recovery.lock);
    if (status == ST_OK)
        *out = recovery.result;
    return status;
}
