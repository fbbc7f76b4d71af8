#include "daemon/store/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

#define SNAPSHOT_BYTES ((size_t)3 << 20) /* more than is copied at a time */
#define ALL_BYTES (SNAPSHOT_BYTES + 10 + 20)

static struct scratch scratch; /* snapshot 5, segments 5 and 6 */
static struct scratch target;
static char copy[sizeof target.path + 8]; /* in target, which is not there yet */

static void write_file(const char *name, char fill, size_t len)
{
    char *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, fill, len);
    int fd = openat(scratch.directory, name, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    free(bytes);
}

static void begin(void)
{
    scratch_init(&scratch);
    scratch_init(&target);
    snprintf(copy, sizeof copy, "%s/copy", target.path);
    write_file("snapshot-0000000000000005", 's', SNAPSHOT_BYTES);
    write_file("journal-0000000000000005", '5', 10);
    write_file("journal-0000000000000006", '6', 20);
    write_file("journal-0000000000000007", '7', 30);
}

static void end(void)
{
    scratch_release(&scratch);
    scratch_release(&target);
}

static void check_file(int directory, const char *name, char fill, size_t len)
{
    char *bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(bytes);
    int fd = openat(directory, name, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, bytes, len + 1), (ssize_t)len);
    size_t i = 0;
    while (i < len && bytes[i] == fill)
        i++;
    ck_assert_uint_eq(i, len);
    close(fd);
    free(bytes);
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* Demands that the copy is whole, and takes it away. */
static void check_copy(void)
{
    static const char *const names[] = { "snapshot-0000000000000005", "journal-0000000000000005",
                                         "journal-0000000000000006" };
    int directory = open(copy, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(directory, 0);
    check_file(directory, names[0], 's', SNAPSHOT_BYTES);
    check_file(directory, names[1], '5', 10);
    check_file(directory, names[2], '6', 20);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(unlinkat(directory, names[i], 0), 0);
    close(directory);
    ck_assert_int_eq(rmdir(copy), 0); /* there was nothing else */
}

START_TEST(files_that_are_removed_meanwhile_are_copied_all_the_same)
{
    struct backup backup;
    uint64_t bytes = 0;
    begin();
    ck_assert_int_eq(backup_open(&backup, scratch.directory, 5, 7, NULL), ST_OK);
    ck_assert_int_eq(unlinkat(scratch.directory, "snapshot-0000000000000005", 0), 0);
    ck_assert_int_eq(unlinkat(scratch.directory, "journal-0000000000000005", 0), 0);
    ck_assert_int_eq(backup_write(&backup, copy, NULL, &bytes, NULL), ST_OK);
    ck_assert_uint_eq(bytes, ALL_BYTES);
    backup_release(&backup);
    check_copy();
    end();
}
END_TEST

START_TEST(file_that_is_missing_is_named)
{
    struct backup backup;
    struct error err;
    begin();
    ck_assert_int_eq(backup_open(&backup, scratch.directory, 5, 9, &err), ST_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "journal-0000000000000008"));
    ck_assert_int_eq(backup_open(&backup, scratch.directory, 5, 5, &err), ST_INTERNAL);
    ck_assert_int_eq(backup_open(&backup, scratch.directory, 7, 8, &err), ST_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "snapshot-0000000000000007"));
    end();
}
END_TEST

START_TEST(without_memory_there_is_no_copy_and_then_a_whole_one)
{
    enum status status = ST_RESOURCE_EXHAUSTED;
    begin();
    for (long n = 0; status != ST_OK; n++) {
        struct backup backup;
        struct error err;
        uint64_t bytes;
        failing_alloc_arm(n);
        status = backup_open(&backup, scratch.directory, 5, 7, &err);
        if (status == ST_OK) {
            status = backup_write(&backup, copy, NULL, &bytes, &err);
            backup_release(&backup);
        }
        bool failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        ck_assert(exists(copy) == !failed);
    }
    check_copy();
    end();
}
END_TEST

/* A task that is given up at its nth look. */
static enum status look(void *left)
{
    return (*(unsigned *)left)-- == 0 ? ST_CANCELLED : ST_OK;
}

START_TEST(copy_that_is_given_up_leaves_nothing_behind)
{
    struct backup backup;
    begin();
    ck_assert_int_eq(backup_open(&backup, scratch.directory, 5, 7, NULL), ST_OK);
    enum status status = ST_CANCELLED;
    unsigned looks = 0;
    for (; status != ST_OK; looks++) {
        unsigned left = looks;
        const struct task task = { look, &left };
        uint64_t bytes;
        status = backup_write(&backup, copy, &task, &bytes, NULL);
        ck_assert_int_eq(status, exists(copy) ? ST_OK : ST_CANCELLED);
    }
    ck_assert_uint_gt(looks, 6); /* in the midst of the large file, too */
    backup_release(&backup);
    check_copy();
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_that_are_removed_meanwhile_are_copied_all_the_same,
        file_that_is_missing_is_named,
        without_memory_there_is_no_copy_and_then_a_whole_one,
        copy_that_is_given_up_leaves_nothing_behind,
    };
    return RUN_SUITE("backup_files", tests);
}
