/* Tables come back as they were named, and none that was dropped. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/journal.h"
#include "daemon/store/record.h"
#include "daemon/store/recover.h"
#include "daemon/store/snapshot.h"
#include "daemon/table/catalog.h"
#include "daemon/table/slices.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

#define RUN UINT64_C(77)
#define RENAMES 50000u

static struct scratch scratch;

static struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

static struct table *make_table(struct catalog *catalog, const char *name)
{
    struct bytes_view column = view("c");
    const struct table_spec spec = {
        .name = view(name), .columns = &column, .column_count = 1, .precision = 10
    };
    struct table *table;
    bool created;
    ck_assert_int_eq(catalog_create(catalog, &spec, false, &table, &created, NULL), ST_OK);
    return table;
}

/* Writes a segment that makes a table of the run, and says nothing more. */
static void write_segment(uint64_t number, const struct table_image *image)
{
    struct journal journal;
    struct chunk *chunk = calloc(1, sizeof *chunk);
    ck_assert_ptr_nonnull(chunk);
    chunk->used =
        (uint32_t)(record_put_table(chunk->bytes, RECORD_TABLE_CREATED, image) - chunk->bytes);
    journal_init(&journal, scratch.directory, RUN);
    ck_assert_int_eq(journal_begin(&journal, number, false), 0);
    ck_assert_int_eq(journal_write(&journal, chunk), 0);
    ck_assert_int_eq(journal_sync(&journal), 0);
    journal_close(&journal);
    free(chunk);
}

START_TEST(table_that_was_dropped_before_the_snapshot_is_not_made_again)
{
    const struct recovery_options options = { .path = scratch.path, .threads = 1 };
    struct recovery_result result;
    struct snapshot_result snapshot;
    struct table_image image;
    struct table_info info;
    struct table *table;
    scratch_init(&scratch);
    struct catalog *catalog = catalog_new(10, 1);
    table_unref(make_table(catalog, "kept"));
    table = make_table(catalog, "dropped");
    table_read_image(table, &image, &info);
    write_segment(2, &image); /* the drop came after it, and was not written */
    ck_assert_int_eq(catalog_drop(catalog, view("dropped"), NULL), ST_OK);
    table_unref(table);
    ck_assert_int_eq(snapshot_take(catalog, scratch.directory, 2, RUN, NULL, &snapshot, NULL),
                     ST_OK);
    catalog_free(catalog);
    catalog = catalog_new(10, 1);
    ck_assert_int_eq(recover(scratch.directory, catalog, &options, &result, NULL), ST_OK);
    ck_assert_uint_eq(catalog_count(catalog), 1);
    ck_assert_int_eq(catalog_find(catalog, view("dropped"), &table, NULL), ST_NOT_FOUND);
    table = make_table(catalog, "next");
    ck_assert_uint_eq(table_id(table), 3); /* no id is given twice */
    table_unref(table);
    catalog_free(catalog);
    scratch_release(&scratch);
}
END_TEST

START_TEST(table_that_was_made_after_the_snapshot_is_made_again)
{
    const struct recovery_options options = { .path = scratch.path, .threads = 1 };
    struct recovery_result result;
    struct snapshot_result snapshot;
    struct table_image image;
    struct table_info info;
    scratch_init(&scratch);
    struct catalog *catalog = catalog_new(10, 1);
    ck_assert_int_eq(snapshot_take(catalog, scratch.directory, 2, RUN, NULL, &snapshot, NULL),
                     ST_OK);
    struct table *table = make_table(catalog, "made");
    table_read_image(table, &image, &info);
    write_segment(2, &image);
    table_unref(table);
    catalog_free(catalog);
    catalog = catalog_new(10, 1);
    ck_assert_int_eq(recover(scratch.directory, catalog, &options, &result, NULL), ST_OK);
    ck_assert_int_eq(catalog_find(catalog, view("made"), &table, NULL), ST_OK);
    ck_assert_uint_eq(table_id(table), 1);
    table_unref(table);
    catalog_free(catalog);
    scratch_release(&scratch);
}
END_TEST

struct watch {
    struct table *table;
    atomic_bool is_over;
    unsigned wrong; /* images of a version whose name they have not yet */
};

/* The nth rename gives the name "t" and n, and version n + 1. */
static void *watch_images(void *arg)
{
    struct watch *watch = arg;
    while (!atomic_load(&watch->is_over)) {
        struct table_image image;
        struct table_info info;
        table_read_image(watch->table, &image, &info);
        watch->wrong += strtoul(info.name + 1, NULL, 10) + 1 < image.version;
    }
    return NULL;
}

START_TEST(image_of_a_version_has_the_name_that_came_with_it)
{
    struct catalog *catalog = catalog_new(10, 1);
    struct watch watch = { .table = make_table(catalog, "t0") };
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, watch_images, &watch), 0);
    for (unsigned n = 1; n <= RENAMES; n++) {
        char was[16];
        char is[16];
        struct table *table;
        snprintf(was, sizeof was, "t%u", n - 1);
        snprintf(is, sizeof is, "t%u", n);
        const struct table_change change = { .rename_to = view(is) };
        ck_assert_int_eq(catalog_alter(catalog, view(was), &change, &table, NULL), ST_OK);
        table_unref(table);
    }
    atomic_store(&watch.is_over, true);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(watch.wrong, 0);
    table_unref(watch.table);
    catalog_free(catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        table_that_was_dropped_before_the_snapshot_is_not_made_again,
        table_that_was_made_after_the_snapshot_is_made_again,
        image_of_a_version_has_the_name_that_came_with_it,
    };
    return RUN_SUITE("recover_tables", tests);
}
