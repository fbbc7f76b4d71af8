#include "daemon/store/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/disk.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

static void arm(const char *text)
{
    struct error err;
    ck_assert_int_eq(setenv("CARDINALD_FAILPOINT", text, 1), 0);
    ck_assert_int_eq(failpoint_init(&err), ST_OK);
}

/* Writes ten bytes in three pieces; what is in the file then is *size. */
static int write_ten(enum failpoint point, off_t *size)
{
    struct scratch scratch;
    scratch_init(&scratch);
    int fd = openat(scratch.directory, "file", O_CREAT | O_RDWR, 0600);
    struct iovec pieces[] = { { "0123", 4 }, { "", 0 }, { "456789", 6 } };
    int rc = disk_write(fd, pieces, 3, point);
    *size = lseek(fd, 0, SEEK_END);
    close(fd);
    scratch_release(&scratch);
    return rc;
}

START_TEST(nothing_happens_unless_it_is_asked_for)
{
    struct error err;
    off_t size;
    unsetenv("CARDINALD_FAILPOINT");
    ck_assert_int_eq(failpoint_init(&err), ST_OK);
    ck_assert(!failpoint_is_armed);
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), 0);
    ck_assert_int_eq(size, 10);
}
END_TEST

START_TEST(what_cannot_be_understood_is_refused)
{
    static const char *const wrong[] = { "",
                                         "journal-write-before",
                                         "journal-write:1",
                                         "journal-write-before:",
                                         "journal-write-before:0",
                                         "journal-write-before:1:",
                                         "journal-write-before:1:fire",
                                         "journal-write-before:1x" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error err;
        setenv("CARDINALD_FAILPOINT", wrong[i], 1);
        ck_assert_int_eq(failpoint_init(&err), ST_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(err.text, "CARDINALD_FAILPOINT"));
    }
}
END_TEST

START_TEST(only_the_nth_pass_of_the_point_fails)
{
    off_t size;
    arm("journal-write-before:2:eio");
    ck_assert_int_eq(write_ten(FAILPOINT_SNAPSHOT_WRITE, &size), 0);
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), 0);
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), EIO);
    ck_assert_int_eq(size, 0);
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), 0);
}
END_TEST

START_TEST(plus_fails_from_then_on)
{
    off_t size;
    arm("journal-write-after:2+:enospc");
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), ENOSPC);
        ck_assert_int_eq(size, 10);
    }
}
END_TEST

START_TEST(short_write_leaves_a_part)
{
    off_t size;
    arm("journal-write-before:1:short");
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), ENOSPC);
    ck_assert_int_gt(size, 0);
    ck_assert_int_lt(size, 10);
}
END_TEST

START_TEST(kill_ends_the_process_on_the_spot)
{
    off_t size;
    arm("journal-sync-before:1");
    ck_assert_int_eq(write_ten(FAILPOINT_JOURNAL_WRITE, &size), 0);
    disk_sync(0, FAILPOINT_JOURNAL_SYNC);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failpoint");
    TCase *tcase = tcase_create("failpoint");
    tcase_add_test(tcase, nothing_happens_unless_it_is_asked_for);
    tcase_add_test(tcase, what_cannot_be_understood_is_refused);
    tcase_add_test(tcase, only_the_nth_pass_of_the_point_fails);
    tcase_add_test(tcase, plus_fails_from_then_on);
    tcase_add_test(tcase, short_write_leaves_a_part);
    tcase_add_test_raise_signal(tcase, kill_ends_the_process_on_the_spot, SIGKILL);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
