#include "daemon/store/directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

START_TEST(names_say_what_a_file_is)
{
    char name[STORE_NAME_BYTES];
    uint64_t number = 0;
    store_segment_name(name, 0xabcdef);
    ck_assert_str_eq(name, "journal-0000000000abcdef");
    ck_assert_int_eq(store_file_parse(name, &number), STORE_FILE_SEGMENT);
    ck_assert_uint_eq(number, 0xabcdef);
    store_snapshot_name(name, UINT64_MAX);
    ck_assert_int_eq(store_file_parse(name, &number), STORE_FILE_SNAPSHOT);
    ck_assert_uint_eq(number, UINT64_MAX);
    store_snapshot_tmp_name(name, 7);
    ck_assert_int_eq(store_file_parse(name, &number), STORE_FILE_SNAPSHOT_TMP);
    ck_assert_uint_eq(number, 7);
    static const char *const others[] = {
        "LOCK",
        "",
        "journal-",
        "journal-000000000000000",
        "journal-00000000000000011",
        "journal-000000000000000A",
        "journal-000000000000000`",
        "journal-0000000000000001.tmp",
        "snapshot-0000000000000001.tm",
        "xjournal-0000000000000001",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_int_eq(store_file_parse(others[i], &number), STORE_FILE_OTHER);
}
END_TEST

START_TEST(second_daemon_is_refused_by_pid)
{
    struct scratch scratch;
    struct error err;
    char expected[ERROR_TEXT_MAX];
    int directory;
    int lock;
    int others = -1;
    scratch_init(&scratch);
    ck_assert_int_eq(directory_open(scratch.path, &directory, &lock, &err), ST_OK);
    ck_assert_int_eq(directory_open(scratch.path, &others, &others, &err), ST_FAILED_PRECONDITION);
    snprintf(expected, sizeof expected, "data directory '%s' is in use by another daemon, pid %d",
             scratch.path, (int)getpid());
    ck_assert_str_eq(err.text, expected);
    ck_assert_int_eq(others, -1);
    close(lock);
    close(directory);
    ck_assert_int_eq(directory_open(scratch.path, &directory, &lock, &err), ST_OK);
    close(lock);
    close(directory);
    scratch_release(&scratch);
}
END_TEST

START_TEST(directory_is_made_but_not_its_parents)
{
    struct scratch scratch;
    struct error err;
    char path[128];
    int directory;
    int lock;
    scratch_init(&scratch);
    snprintf(path, sizeof path, "%s/one", scratch.path);
    ck_assert_int_eq(directory_open(path, &directory, &lock, &err), ST_OK);
    close(lock);
    ck_assert_int_eq(unlinkat(directory, "LOCK", 0), 0);
    close(directory);
    ck_assert_int_eq(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/one/two", scratch.path);
    ck_assert_int_eq(directory_open(path, &directory, &lock, &err), ST_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    scratch_release(&scratch);
}
END_TEST

START_TEST(who_looks_changes_nothing_and_shares_the_lock)
{
    struct scratch scratch;
    struct error err;
    int directories[3];
    int locks[3];
    scratch_init(&scratch);
    ck_assert_int_eq(directory_look(scratch.path, &directories[0], &locks[0], &err), ST_OK);
    ck_assert_int_eq(locks[0], -1);
    ck_assert_int_ne(faccessat(directories[0], "LOCK", F_OK, 0), 0);
    close(directories[0]);
    ck_assert_int_eq(directory_open(scratch.path, &directories[0], &locks[0], &err), ST_OK);
    ck_assert_int_eq(directory_look(scratch.path, &directories[1], &locks[1], &err),
                     ST_FAILED_PRECONDITION);
    close(locks[0]);
    close(directories[0]);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(directory_look(scratch.path, &directories[i], &locks[i], &err), ST_OK);
    ck_assert_int_eq(directory_open(scratch.path, &directories[2], &locks[2], &err),
                     ST_FAILED_PRECONDITION);
    for (unsigned i = 0; i < 2; i++) {
        close(locks[i]);
        close(directories[i]);
    }
    ck_assert_int_eq(directory_look("/nowhere", &directories[0], &locks[0], &err), ST_NOT_FOUND);
    scratch_release(&scratch);
}
END_TEST

START_TEST(listing_is_ascending_and_of_one_kind)
{
    struct scratch scratch;
    struct directory_files files;
    scratch_init(&scratch);
    for (uint64_t n = 40; n > 0; n--) {
        struct scratch_segment segment;
        scratch_begin(&scratch, &segment, n);
        scratch_end(&segment);
    }
    int fd = openat(scratch.directory, "snapshot-0000000000000005", O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(directory_list(scratch.directory, STORE_FILE_SEGMENT, &files, NULL), ST_OK);
    ck_assert_uint_eq(files.count, 40);
    for (size_t i = 0; i < files.count; i++)
        ck_assert_uint_eq(files.numbers[i], i + 1);
    directory_files_release(&files);
    ck_assert_int_eq(directory_list(scratch.directory, STORE_FILE_SNAPSHOT, &files, NULL), ST_OK);
    ck_assert_uint_eq(files.count, 1);
    ck_assert_uint_eq(files.numbers[0], 5);
    directory_files_release(&files);
    bool failed;
    long n = 0;
    do {
        failing_alloc_arm(n++);
        enum status status = directory_list(scratch.directory, STORE_FILE_SEGMENT, &files, NULL);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status == ST_OK, !failed);
    } while (failed);
    directory_files_release(&files);
    scratch_release(&scratch);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_say_what_a_file_is,
        second_daemon_is_refused_by_pid,
        directory_is_made_but_not_its_parents,
        who_looks_changes_nothing_and_shares_the_lock,
        listing_is_ascending_and_of_one_kind,
    };
    return RUN_SUITE("directory", tests);
}
