#include "tests/crash/folders.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void path_in(const char *folder, const char *name, char out[PATH_SIZE])
{
    ck_assert_int_lt(snprintf(out, PATH_SIZE, "%s/%s", folder, name), (int)PATH_SIZE);
}

off_t size_of(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;
    path_in(folder, name, path);
    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

void each_entry(const char *folder, void (*visit)(const char *name, void *arg), void *arg)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.')
            visit(entry->d_name, arg);
    }
    closedir(dir);
}

struct copying {
    const char *from;
    const char *to;
};

static void copy_file(const char *name, void *arg)
{
    static char bytes[1u << 20];
    const struct copying *copying = arg;
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    path_in(copying->from, name, from);
    path_in(copying->to, name, to);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
        ck_assert_int_eq(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void copy_folder(const char *from, const char *to)
{
    struct copying copying = { from, to };
    nftw(to, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    ck_assert_int_eq(mkdir(to, 0700), 0);
    each_entry(from, copy_file, &copying);
}

void flip(const char *folder, const char *name, off_t offset, unsigned bit)
{
    char path[PATH_SIZE];
    unsigned char byte;
    path_in(folder, name, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
    byte ^= (unsigned char)(1u << bit);
    ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}
