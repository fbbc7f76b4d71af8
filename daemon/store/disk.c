#include "daemon/store/disk.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Passes a point of what cannot be done by half. */
static int pass(enum failpoint point)
{
    int rc = failpoint_pass(point);
    return rc == FAILPOINT_SHORT ? ENOSPC : rc;
}

static enum failpoint behind(enum failpoint point)
{
    return (enum failpoint)((int)point + 1);
}

/* Moves on by n bytes that were written. */
static void advance(struct iovec **pieces, int *count, size_t n)
{
    while (*count > 0 && n >= (*pieces)->iov_len) {
        n -= (*pieces)->iov_len;
        (*pieces)++;
        (*count)--;
    }
    if (*count > 0) {
        (*pieces)->iov_base = (char *)(*pieces)->iov_base + n;
        (*pieces)->iov_len -= n;
    }
}

static int write_all(int fd, struct iovec *pieces, int count)
{
    advance(&pieces, &count, 0);
    while (count > 0) {
        ssize_t n = writev(fd, pieces, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return EIO;
        advance(&pieces, &count, (size_t)n);
    }
    return 0;
}

/* Half of the pieces, as a full disk would take them. */
static int write_half(int fd, struct iovec *pieces, int count)
{
    pieces[count / 2].iov_len /= 2;
    int rc = write_all(fd, pieces, count / 2 + 1);
    return rc == 0 ? ENOSPC : rc;
}

int disk_write(int fd, struct iovec *pieces, int count, enum failpoint point)
{
    int rc = failpoint_pass(point);
    if (rc == FAILPOINT_SHORT)
        return write_half(fd, pieces, count);
    if (rc == 0)
        rc = write_all(fd, pieces, count);
    return rc == 0 ? pass(behind(point)) : rc;
}

int disk_sync(int fd, enum failpoint point)
{
    int rc = pass(point);
    if (rc == 0 && fdatasync(fd) != 0)
        rc = errno;
    return rc == 0 ? pass(behind(point)) : rc;
}

int disk_sync_directory(int directory)
{
    int rc = pass(FAILPOINT_DIRECTORY_SYNC);
    if (rc == 0 && fsync(directory) != 0)
        rc = errno;
    return rc == 0 ? pass(FAILPOINT_DIRECTORY_SYNCED) : rc;
}

int disk_rename(int directory, const char *from, const char *to)
{
    int rc = pass(FAILPOINT_RENAME);
    if (rc == 0 && renameat(directory, from, directory, to) != 0)
        rc = errno;
    if (rc == 0)
        rc = pass(FAILPOINT_RENAMED);
    return rc == 0 ? disk_sync_directory(directory) : rc;
}

int disk_remove(int directory, const char *name)
{
    int rc = pass(FAILPOINT_REMOVE);
    if (rc == 0 && unlinkat(directory, name, 0) != 0 && errno != ENOENT)
        rc = errno;
    return rc == 0 ? pass(FAILPOINT_REMOVED) : rc;
}
