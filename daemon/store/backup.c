#include "daemon/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/disk.h"

#define FILES_MAX 1000000u           /* more segments than a daemon begins between two snapshots */
#define STEP_BYTES ((size_t)1 << 20) /* copied between two looks at the task */

struct backup_file {
    int fd;
    char name[STORE_NAME_BYTES];
};

/* ---- opening ------------------------------------------------------------------- */

static enum status open_file(struct backup *backup, int directory, struct error *err)
{
    struct backup_file *file = &backup->files[backup->count];
    file->fd = openat(directory, file->name, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return error_set(err, ST_INTERNAL, "cannot open '%s': %s", file->name, strerror(errno));
    backup->count++;
    return ST_OK;
}

enum status backup_open(struct backup *backup, int directory, uint64_t number, uint64_t end,
                        struct error *err)
{
    enum status status = ST_OK;
    *backup = (struct backup){ NULL, 0 };
    if (end <= number || end - number > FILES_MAX)
        return error_set(err, ST_INTERNAL, "there are no segments to copy");
    backup->files = calloc((size_t)(end - number) + 1, sizeof *backup->files);
    if (backup->files == NULL)
        return error_nomem(err);
    for (uint64_t i = number; i < end && status == ST_OK; i++) {
        store_segment_name(backup->files[backup->count].name, i);
        status = open_file(backup, directory, err);
    }
    if (status == ST_OK) {
        store_snapshot_name(backup->files[backup->count].name, number);
        status = open_file(backup, directory, err);
    }
    if (status != ST_OK)
        backup_release(backup);
    return status;
}

void backup_release(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++)
        close(backup->files[i].fd);
    free(backup->files);
    *backup = (struct backup){ NULL, 0 };
}

/* ---- copying ------------------------------------------------------------------- */

/* A copy under way. */
struct copying {
    const struct task *task;
    const char *path;
    int directory;
    uint8_t *step;
    uint64_t bytes;
};

static enum status fail(const struct copying *copying, const char *what, const char *name, int rc,
                        struct error *err)
{
    return error_set(err, ST_INTERNAL, "cannot %s '%s' in '%.256s': %s", what, name, copying->path,
                     strerror(rc));
}

/* Copies all of a file to the other's end. */
static enum status copy_bytes(struct copying *copying, const struct backup_file *file, int to,
                              struct error *err)
{
    off_t offset = 0;
    for (;;) {
        enum status status =
            copying->task == NULL ? ST_OK : copying->task->check(copying->task->arg);
        if (status != ST_OK)
            return error_set(err, status, "the backup was given up");
        ssize_t n = pread(file->fd, copying->step, STEP_BYTES, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, ST_INTERNAL, "cannot read '%s': %s", file->name, strerror(errno));
        if (n == 0)
            return ST_OK;
        struct iovec piece = { copying->step, (size_t)n };
        int rc = disk_write(to, &piece, 1, FAILPOINT_SNAPSHOT_WRITE);
        if (rc != 0)
            return fail(copying, "write", file->name, rc, err);
        offset += n;
        copying->bytes += (uint64_t)n;
    }
}

/* Copies a file, under another name as long as it is not whole. */
static enum status copy_file(struct copying *copying, const struct backup_file *file,
                             struct error *err)
{
    char name[STORE_NAME_BYTES + sizeof ".tmp"];
    snprintf(name, sizeof name, "%s.tmp", file->name);
    int to = openat(copying->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return fail(copying, "create", name, errno, err);
    enum status status = copy_bytes(copying, file, to, err);
    int rc = status == ST_OK ? disk_sync(to, FAILPOINT_SNAPSHOT_SYNC) : 0;
    close(to);
    if (rc != 0)
        status = fail(copying, "sync", name, rc, err);
    rc = status == ST_OK ? disk_rename(copying->directory, name, file->name) : 0;
    if (rc != 0)
        status = fail(copying, "rename", name, rc, err);
    if (status != ST_OK)
        (void)disk_remove(copying->directory, name);
    return status;
}

static enum status copy_files(const struct backup *backup, struct copying *copying,
                              struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < backup->count && status == ST_OK; i++)
        status = copy_file(copying, &backup->files[i], err);
    for (size_t i = 0; i < backup->count && status != ST_OK; i++)
        (void)disk_remove(copying->directory, backup->files[i].name);
    return status;
}

/* ---- the directory ------------------------------------------------------------- */

/* Makes the directory's own name last. */
static int sync_parent(int directory)
{
    int parent = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return errno;
    int rc = disk_sync_directory(parent);
    close(parent);
    return rc;
}

static enum status make_directory(struct copying *copying, struct error *err)
{
    if (mkdir(copying->path, 0700) != 0)
        return error_set(err,
                         errno == EEXIST   ? ST_ALREADY_EXISTS
                         : errno == ENOENT ? ST_NOT_FOUND
                                           : ST_INTERNAL,
                         "cannot make directory '%.256s': %s%s", copying->path, strerror(errno),
                         errno == EEXIST ? ": a backup goes into a new one" : "");
    copying->directory = open(copying->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (copying->directory >= 0)
        return ST_OK;
    int rc = errno;
    (void)rmdir(copying->path);
    return error_set(err, ST_INTERNAL, "cannot open '%.256s': %s", copying->path, strerror(rc));
}

enum status backup_write(const struct backup *backup, const char *path, const struct task *task,
                         uint64_t *bytes, struct error *err)
{
    struct copying copying = { .task = task, .path = path, .step = malloc(STEP_BYTES) };
    enum status status = copying.step == NULL ? error_nomem(err) : make_directory(&copying, err);
    if (status != ST_OK) {
        free(copying.step);
        return status;
    }
    status = copy_files(backup, &copying, err);
    int rc = status == ST_OK ? sync_parent(copying.directory) : 0;
    if (rc != 0)
        status =
            error_set(err, ST_INTERNAL, "cannot sync what '%.256s' is in: %s", path, strerror(rc));
    close(copying.directory);
    if (status != ST_OK)
        (void)rmdir(path);
    else
        *bytes = copying.bytes;
    free(copying.step);
    return status;
}
