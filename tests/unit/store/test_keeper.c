#include "daemon/store/keeper.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

static struct scratch scratch;
static struct store *store;
static struct catalog *catalog; /* of one table */
static struct keeper *keeper;

static struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

static void make_table(const char *name)
{
    struct bytes_view column = view("c");
    const struct table_spec spec = {
        .name = view(name), .columns = &column, .column_count = 1, .precision = 10
    };
    struct table *table;
    bool created;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, NULL), ST_OK);
    table_unref(table);
}

static void begin(const char *failpoint)
{
    scratch_init(&scratch);
    if (failpoint != NULL)
        setenv("CARDINALD_FAILPOINT", failpoint, 1);
    const struct store_options options = { .path = scratch.path };
    ck_assert_int_eq(store_open(&options, &store, NULL), ST_OK);
    catalog = catalog_new(10, 1);
    ck_assert_ptr_nonnull(catalog);
    ck_assert_int_eq(keeper_new(store, catalog, 0, &keeper, NULL), ST_OK);
    ck_assert_int_eq(store_start(store, NULL), ST_OK);
    catalog_set_sink(catalog, store_sink(store));
    make_table("t");
}

static void end(void)
{
    keeper_stop(keeper);
    store_close(store);
    keeper_free(keeper);
    catalog_free(catalog);
    scratch_release(&scratch);
}

static uint64_t take(void)
{
    struct kept kept;
    struct error err;
    enum status status = keeper_take(keeper, NULL, &kept, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    ck_assert_uint_eq(kept.tables, 1);
    return kept.number;
}

static void check_files(enum store_file kind, size_t count, uint64_t first)
{
    struct directory_files files;
    ck_assert_int_eq(directory_list(scratch.directory, kind, &files, NULL), ST_OK);
    ck_assert_uint_eq(files.count, count);
    if (count > 0)
        ck_assert_uint_eq(files.numbers[0], first);
    directory_files_release(&files);
}

START_TEST(snapshot_takes_the_place_of_what_was_before_it)
{
    begin(NULL);
    check_files(STORE_FILE_SEGMENT, 1, 1);
    ck_assert_uint_eq(take(), 2);
    check_files(STORE_FILE_SEGMENT, 1, 2);
    check_files(STORE_FILE_SNAPSHOT, 1, 2);
    ck_assert_uint_eq(take(), 3);
    check_files(STORE_FILE_SEGMENT, 1, 3);
    check_files(STORE_FILE_SNAPSHOT, 1, 3);
    check_files(STORE_FILE_SNAPSHOT_TMP, 0, 0);
    end();
}
END_TEST

START_TEST(snapshot_that_fails_leaves_what_was_before_it)
{
    struct kept kept;
    begin("snapshot-sync-before:1:eio");
    ck_assert_int_eq(keeper_take(keeper, NULL, &kept, NULL), ST_INTERNAL);
    check_files(STORE_FILE_SEGMENT, 2, 1);
    check_files(STORE_FILE_SNAPSHOT, 0, 0);
    check_files(STORE_FILE_SNAPSHOT_TMP, 0, 0);
    ck_assert_uint_eq(take(), 3);
    check_files(STORE_FILE_SEGMENT, 1, 3);
    end();
}
END_TEST

static void *take_one(void *number)
{
    *(uint64_t *)number = take();
    return NULL;
}

START_TEST(those_who_wait_for_their_turn_share_one_snapshot)
{
    uint64_t numbers[5] = { 0 };
    pthread_t threads[5];
    begin("snapshot-slice-before:1:slow"); /* the first takes two seconds */
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_one, &numbers[i]), 0);
        if (i == 0)
            usleep(300000); /* it is under way now */
    }
    for (unsigned i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(numbers[0], 2);
    for (unsigned i = 1; i < 5; i++)
        ck_assert_uint_eq(numbers[i], 3);
    ck_assert_uint_eq(take(), 4);
    end();
}
END_TEST

START_TEST(wish_of_the_store_is_heeded)
{
    begin(NULL);
    store_set_wish_bytes(store, 1);
    for (unsigned i = 0; i < 200; i++) {
        struct directory_files files;
        ck_assert_int_eq(directory_list(scratch.directory, STORE_FILE_SNAPSHOT, &files, NULL),
                         ST_OK);
        bool is_there = files.count > 0;
        directory_files_release(&files);
        if (is_there)
            break;
        usleep(50000);
    }
    check_files(STORE_FILE_SNAPSHOT, 1, 2);
    end();
}
END_TEST

START_TEST(copy_of_everything_is_what_is_kept)
{
    struct kept kept;
    struct scratch target;
    struct directory_files files;
    char path[sizeof target.path + 8];
    begin(NULL);
    scratch_init(&target);
    snprintf(path, sizeof path, "%s/copy", target.path);
    ck_assert_int_eq(keeper_back_up(keeper, path, NULL, &kept, NULL), ST_OK);
    ck_assert_uint_eq(kept.number, 2);
    ck_assert_int_eq(keeper_back_up(keeper, path, NULL, &kept, NULL), ST_ALREADY_EXISTS);
    int directory = openat(target.directory, "copy", O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(directory, 0);
    ck_assert_int_eq(directory_list(directory, STORE_FILE_SEGMENT, &files, NULL), ST_OK);
    ck_assert_uint_eq(files.count, 1);
    directory_files_release(&files);
    ck_assert_int_eq(unlinkat(directory, "snapshot-0000000000000002", 0), 0);
    ck_assert_int_eq(unlinkat(directory, "journal-0000000000000002", 0), 0);
    close(directory);
    ck_assert_int_eq(rmdir(path), 0);
    scratch_release(&target);
    end();
}
END_TEST

START_TEST(without_memory_nothing_is_kept_and_nothing_lost)
{
    bool failed = true;
    begin(NULL);
    for (long n = 0; failed; n++) {
        struct kept kept;
        failing_alloc_arm(n);
        enum status status = keeper_take(keeper, NULL, &kept, NULL);
        failed = failing_alloc_disarm();
        ck_assert(failed || status == ST_OK);
        ck_assert(status == ST_OK || status == ST_RESOURCE_EXHAUSTED);
        check_files(STORE_FILE_SNAPSHOT_TMP, 0, 0);
    }
    struct store_figures figures;
    store_read_figures(store, &figures);
    check_files(STORE_FILE_SNAPSHOT, 1, figures.segment);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        snapshot_takes_the_place_of_what_was_before_it,
        snapshot_that_fails_leaves_what_was_before_it,
        those_who_wait_for_their_turn_share_one_snapshot,
        wish_of_the_store_is_heeded,
        copy_of_everything_is_what_is_kept,
        without_memory_nothing_is_kept_and_nothing_lost,
    };
    return RUN_SUITE("keeper", tests);
}
