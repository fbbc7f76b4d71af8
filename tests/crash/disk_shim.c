/* disk_shim: preloaded into the daemon, so that tests know what it has really put on
 * disk, and can make the disk fail.
 *
 * CRASH_DISK_LOG names a file that gets a line for each thing done to the files of a
 * folder (CRASH_DISK_FOLDER) that a loss of power undoes unless it was synced:
 *
 *      create NAME           a file was made
 *      rename FROM TO
 *      unlink NAME GRAVE     it was removed; its content is kept in file GRAVE beside
 *      sync BYTES NAME       so many bytes of it are on disk
 *      folder                all of the above but `sync` is on disk
 *      failed                what the last line says did not come about
 *
 * What is done to a name is noted ahead, so that it is known whenever the daemon is
 * killed; of the last line alone it is not, and whoever reads it looks at the folder.
 *
 * While the file named by CRASH_DISK_FULL is there, writes put down half of what they
 * are given, and then fail with ENOSPC; while that of CRASH_DISK_BROKEN is there,
 * syncs fail with EIO. With CRASH_DISK_LAZY set syncs do nothing and say that
 * they did: a fault that tests of tests plant. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the log has the order of things */
static unsigned graves;

/* The C library's own function. */
static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

static void note(const char *format, ...)
{
    const char *path = getenv("CRASH_DISK_LOG");
    char line[PATH_MAX];
    va_list args;
    if (path == NULL)
        return;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    int (*real_open)(const char *, int, ...) = real("open");
    ssize_t (*real_write)(int, const void *, size_t) = real("write");
    int fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || real_write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

/* The name within the folder of what fd is open on, "." for itself; false: neither. */
static bool name_of(int fd, char name[NAME_MAX + 1])
{
    const char *folder = getenv("CRASH_DISK_FOLDER");
    char link[64];
    char path[PATH_MAX];
    if (folder == NULL)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    size_t folder_len = strlen(folder);
    if (len < (ssize_t)folder_len || memcmp(path, folder, folder_len) != 0)
        return false;
    path[len] = '\0';
    if (path[folder_len] == '\0')
        return strcpy(name, ".");
    if (path[folder_len] != '/' || strlen(path + folder_len + 1) > NAME_MAX)
        return false;
    return strcpy(name, path + folder_len + 1);
}

static bool is_there(const char *variable)
{
    const char *path = getenv(variable);
    return path != NULL && access(path, F_OK) == 0;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library declares
 * these with names that are reserved to it. */

/* ---- syncs ------------------------------------------------------------ */

static int sync_file(int fd, const char *function)
{
    int (*real_sync)(int) = real(function);
    char name[NAME_MAX + 1];
    struct stat status;
    if (!name_of(fd, name))
        return real_sync(fd);
    if (is_there("CRASH_DISK_BROKEN")) {
        errno = EIO;
        return -1;
    }
    if (getenv("CRASH_DISK_LAZY") != NULL)
        return 0;
    if (fstat(fd, &status) != 0)
        return -1;
    pthread_mutex_lock(&lock);
    bool is_folder = strcmp(name, ".") == 0;
    if (is_folder)
        note("folder\n");
    pthread_mutex_unlock(&lock);
    int rc = real_sync(fd);
    if (rc == 0 && !is_folder) {
        pthread_mutex_lock(&lock);
        if (name_of(fd, name)) /* it may have been renamed meanwhile */
            note("sync %lld %s\n", (long long)status.st_size, name);
        pthread_mutex_unlock(&lock);
    }
    return rc;
}

int fsync(int fd)
{
    return sync_file(fd, "fsync");
}

int fdatasync(int fd)
{
    return sync_file(fd, "fdatasync");
}

/* ---- names ------------------------------------------------------------ */

int openat(int folder, const char *path, int flags, ...)
{
    int (*real_openat)(int, const char *, int, ...) = real("openat");
    char name[NAME_MAX + 1];
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (!(flags & O_CREAT) || !name_of(folder, name))
        return real_openat(folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    bool is_new = faccessat(folder, path, F_OK, 0) != 0;
    if (is_new)
        note("create %s\n", path);
    int fd = real_openat(folder, path, flags, mode);
    if (fd < 0 && is_new)
        note("failed\n");
    pthread_mutex_unlock(&lock);
    return fd;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int (*real_renameat)(int, const char *, int, const char *) = real("renameat");
    char name[NAME_MAX + 1];
    if (!name_of(from_folder, name))
        return real_renameat(from_folder, from, to_folder, to);
    pthread_mutex_lock(&lock);
    note("rename %s %s\n", from, to);
    int rc = real_renameat(from_folder, from, to_folder, to);
    if (rc != 0)
        note("failed\n");
    pthread_mutex_unlock(&lock);
    return rc;
}

int unlinkat(int folder, const char *path, int flags)
{
    int (*real_unlinkat)(int, const char *, int) = real("unlinkat");
    const char *log = getenv("CRASH_DISK_LOG");
    char name[NAME_MAX + 1];
    char grave[PATH_MAX];
    if (log == NULL || !name_of(folder, name))
        return real_unlinkat(folder, path, flags);
    pthread_mutex_lock(&lock);
    snprintf(grave, sizeof grave, "%s.%ld.%u", log, (long)getpid(), graves++);
    bool is_kept = linkat(folder, path, AT_FDCWD, grave, 0) == 0;
    if (is_kept)
        note("unlink %s %s\n", path, grave);
    int rc = real_unlinkat(folder, path, flags);
    if (rc != 0 && is_kept)
        note("failed\n");
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- writes ----------------------------------------------------------- */

static bool is_full(int fd)
{
    char name[NAME_MAX + 1];
    return is_there("CRASH_DISK_FULL") && name_of(fd, name);
}

/* A caller sees short writes, and then this. */
static ssize_t no_space(void)
{
    errno = ENOSPC;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real_write)(int, const void *, size_t) = real("write");
    if (!is_full(fd))
        return real_write(fd, bytes, len);
    return len > 1 ? real_write(fd, bytes, len / 2) : no_space();
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    ssize_t (*real_writev)(int, const struct iovec *, int) = real("writev");
    ssize_t (*real_write)(int, const void *, size_t) = real("write");
    if (!is_full(fd))
        return real_writev(fd, pieces, count);
    if (count > 1 || pieces[0].iov_len <= 1)
        return count > 1 ? real_writev(fd, pieces, count - 1) : no_space();
    return real_write(fd, pieces[0].iov_base, pieces[0].iov_len / 2);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
