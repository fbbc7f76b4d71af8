/* backup: copies of files that do not change any more, into a directory made for
 * them.
 *
 * They are opened first, so that whoever removes them meanwhile does no harm. The
 * snapshot is copied last, and gets its name when all is on disk: without it no
 * daemon takes the copy for a whole one. What fails leaves nothing behind.
 *
 * Thread safety: none; a backup belongs to one thread. */
#ifndef CARDINAL_STORE_BACKUP_H
#define CARDINAL_STORE_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/table/table.h"
#include "proto/status.h"

struct backup_file;

struct backup {
    struct backup_file *files; /* the segments, ascending, and then the snapshot */
    size_t count;
};

/* Opens the snapshot of a number, and the segments from that number up to, and without,
 * `end`. */
enum status backup_open(struct backup *backup, int directory, uint64_t number, uint64_t end,
                        struct error *err);

/* Makes the directory and copies the files into it; *bytes: how much they are.
 * ST_ALREADY_EXISTS, ST_NOT_FOUND: of the directory and its parent; or the task's. */
enum status backup_write(const struct backup *backup, const char *path, const struct task *task,
                         uint64_t *bytes, struct error *err);

void backup_release(struct backup *backup);

#endif
