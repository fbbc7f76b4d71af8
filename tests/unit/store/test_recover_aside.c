/* Segments that count for nothing are put aside, over nothing that was before. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/journal.h"
#include "daemon/store/recover.h"
#include "daemon/table/catalog.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

#define TIMES 3u

static struct scratch scratch;

/* A segment of nothing but its header; run tells it from others of the number. */
static void begin_segment(uint64_t number, uint64_t run, bool after_gap)
{
    struct journal journal;
    journal_init(&journal, scratch.directory, run);
    ck_assert_int_eq(journal_begin(&journal, number, after_gap), 0);
    journal_close(&journal);
}

static uint64_t run_of(const char *name)
{
    uint8_t run[8];
    uint64_t value = 0;
    int fd = openat(scratch.directory, name, O_RDONLY);
    ck_assert_msg(fd >= 0, "there is no '%s'", name);
    ck_assert_int_eq(pread(fd, run, sizeof run, 24), sizeof run);
    close(fd);
    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)run[i] << (8 * i);
    return value;
}

static void start(void)
{
    const struct recovery_options options = { .path = scratch.path, .threads = 1 };
    struct recovery_result result;
    struct error err = { 0 };
    struct catalog *catalog = catalog_new(10, 1);
    enum status status = recover(scratch.directory, catalog, &options, &result, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    ck_assert_uint_eq(result.segments, 1);
    catalog_free(catalog);
}

START_TEST(segments_that_are_put_aside_are_all_kept)
{
    scratch_init(&scratch);
    begin_segment(1, 1, false);
    for (uint64_t run = 1; run <= TIMES; run++) {
        begin_segment(2, 100 + run, true);
        start();
        ck_assert_int_ne(faccessat(scratch.directory, "journal-0000000000000002", F_OK, 0), 0);
    }
    ck_assert_uint_eq(run_of("aside-journal-0000000000000002"), 101);
    ck_assert_uint_eq(run_of("aside-journal-0000000000000002.2"), 102);
    ck_assert_uint_eq(run_of("aside-journal-0000000000000002.3"), 103);
    scratch_release(&scratch);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { segments_that_are_put_aside_are_all_kept };
    return RUN_SUITE("recover_aside", tests);
}
