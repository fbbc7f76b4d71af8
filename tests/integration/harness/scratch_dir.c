#include "tests/integration/harness/scratch_dir.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Short, for the path of a Unix socket has 108 bytes at most. */
static char base[64];
static char test_dir[96];

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int show_log(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    size_t len = strlen(path);
    if (kind != FTW_F || st->st_size == 0 || len < 4 || strcmp(path + len - 4, ".log") != 0)
        return 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    fprintf(stderr, "---- %s\n", path);
    if (st->st_size > 16384)
        fseek(file, -16384, SEEK_END);
    for (int c = getc(file); c != EOF; c = getc(file))
        putc(c, stderr);
    fclose(file);
    return 0;
}

const char *scratch_dir(void)
{
    return test_dir;
}

char *scratch_path(char *out, size_t size, const char *name)
{
    int len = snprintf(out, size, "%s/%s", test_dir, name);
    ck_assert_int_lt(len, (int)size);
    return out;
}

void scratch_dir_make_base(void)
{
    snprintf(base, sizeof base, "/tmp/cardinal-test-XXXXXX");
    if (mkdtemp(base) == NULL) {
        perror("cannot make a folder in /tmp");
        exit(EXIT_FAILURE);
    }
}

void scratch_dir_remove_base(void)
{
    remove_tree(base);
}

void scratch_dir_show_logs(void)
{
    nftw(base, show_log, 16, FTW_PHYS);
}

void scratch_dir_make(void)
{
    snprintf(test_dir, sizeof test_dir, "%s/%ld", base, (long)getpid());
    ck_assert_msg(mkdir(test_dir, 0700) == 0, "cannot make '%s': %s", test_dir, strerror(errno));
}

void scratch_dir_remove(void)
{
    remove_tree(test_dir);
}
