#include "daemon/store/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT_PREFIX "journal-"
#define SNAPSHOT_PREFIX "snapshot-"
#define TMP_SUFFIX ".tmp"
#define DIGITS 16u
#define LOCK_NAME "LOCK"
#define PID_BYTES 24u

/* ---- names ------------------------------------------------------------------- */

void store_segment_name(char out[STORE_NAME_BYTES], uint64_t number)
{
    snprintf(out, STORE_NAME_BYTES, SEGMENT_PREFIX "%016" PRIx64, number);
}

void store_snapshot_name(char out[STORE_NAME_BYTES], uint64_t number)
{
    snprintf(out, STORE_NAME_BYTES, SNAPSHOT_PREFIX "%016" PRIx64, number);
}

void store_snapshot_tmp_name(char out[STORE_NAME_BYTES], uint64_t number)
{
    snprintf(out, STORE_NAME_BYTES, SNAPSHOT_PREFIX "%016" PRIx64 TMP_SUFFIX, number);
}

/* The value of a digit, or 16. */
static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Reads the digits behind a prefix; what follows them, or NULL. */
static const char *parse_number(const char *name, const char *prefix, uint64_t *number)
{
    size_t len = strlen(prefix);
    uint64_t n = 0;
    if (strncmp(name, prefix, len) != 0)
        return NULL;
    for (unsigned i = 0; i < DIGITS; i++) {
        unsigned digit = hex_digit(name[len + i]);
        if (digit > 15)
            return NULL;
        n = n << 4 | digit;
    }
    *number = n;
    return name + len + DIGITS;
}

enum store_file store_file_parse(const char *name, uint64_t *number)
{
    const char *rest = parse_number(name, SEGMENT_PREFIX, number);
    if (rest != NULL)
        return *rest == '\0' ? STORE_FILE_SEGMENT : STORE_FILE_OTHER;
    rest = parse_number(name, SNAPSHOT_PREFIX, number);
    if (rest == NULL)
        return STORE_FILE_OTHER;
    if (*rest == '\0')
        return STORE_FILE_SNAPSHOT;
    return strcmp(rest, TMP_SUFFIX) == 0 ? STORE_FILE_SNAPSHOT_TMP : STORE_FILE_OTHER;
}

/* ---- opening ----------------------------------------------------------------- */

static enum status fail_to(const char *what, const char *path, enum status status,
                           struct error *err)
{
    return error_set(err, status, "cannot %s '%.128s': %s", what, path, strerror(errno));
}

static enum status fail(const char *what, const char *path, struct error *err)
{
    return fail_to(what, path, ST_INTERNAL, err);
}

static enum status refuse_locked(int lock, const char *path, struct error *err)
{
    char pid[PID_BYTES];
    ssize_t n = pread(lock, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    return error_set(err, ST_FAILED_PRECONDITION,
                     "data directory '%.128s' is in use by another daemon%s%s", path,
                     pid[0] != '\0' ? ", pid " : "", pid);
}

static enum status take_lock(int lock, const char *path, struct error *err)
{
    char pid[PID_BYTES];
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? refuse_locked(lock, path, err) : fail("lock", path, err);
    int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, pid, (size_t)len, 0) != len)
        return fail("write to " LOCK_NAME " of", path, err);
    return ST_OK;
}

enum status directory_open(const char *path, int *directory, int *lock, struct error *err)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail("make data directory", path, err);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fail("open data directory", path, err);
    int file = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum status status =
        file < 0 ? fail("open " LOCK_NAME " of", path, err) : take_lock(file, path, err);
    if (status != ST_OK) {
        if (file >= 0)
            close(file);
        close(dir);
        return status;
    }
    *directory = dir;
    *lock = file;
    return ST_OK;
}

enum status directory_look(const char *path, int *directory, int *lock, struct error *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fail_to("open data directory", path, errno == ENOENT ? ST_NOT_FOUND : ST_INTERNAL,
                       err);
    int file = openat(dir, LOCK_NAME, O_RDONLY | O_CLOEXEC);
    enum status status = ST_OK;
    if (file < 0 && errno != ENOENT)
        status = fail("open " LOCK_NAME " of", path, err);
    else if (file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? refuse_locked(file, path, err) : fail("lock", path, err);
    if (status != ST_OK) {
        if (file >= 0)
            close(file);
        close(dir);
        return status;
    }
    *directory = dir;
    *lock = file;
    return ST_OK;
}

/* ---- listing ----------------------------------------------------------------- */

static bool add(struct directory_files *files, size_t *room, uint64_t number)
{
    if (files->count == *room) {
        size_t more = *room == 0 ? 16 : *room * 2;
        uint64_t *numbers = realloc(files->numbers, more * sizeof *numbers);
        if (numbers == NULL)
            return false;
        files->numbers = numbers;
        *room = more;
    }
    files->numbers[files->count++] = number;
    return true;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

enum status directory_list(int directory, enum store_file kind, struct directory_files *out,
                           struct error *err)
{
    struct directory_files files = { NULL, 0 };
    size_t room = 0;
    enum status status = ST_OK;
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (listing == NULL) {
        if (fd >= 0)
            close(fd);
        return error_set(err, ST_INTERNAL, "cannot list the data directory: %s", strerror(errno));
    }
    for (struct dirent *entry; status == ST_OK && (entry = readdir(listing)) != NULL;) {
        uint64_t number = 0;
        if (store_file_parse(entry->d_name, &number) == kind && !add(&files, &room, number))
            status = error_nomem(err);
    }
    closedir(listing);
    if (status != ST_OK) {
        free(files.numbers);
        return status;
    }
    if (files.count > 1)
        qsort(files.numbers, files.count, sizeof files.numbers[0], compare);
    *out = files;
    return ST_OK;
}

void directory_files_release(struct directory_files *files)
{
    free(files->numbers);
    *files = (struct directory_files){ NULL, 0 };
}
