#include "daemon/store/store.h"

#include <string.h>
#include <unistd.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/append.h"
#include "daemon/store/record.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/store_fixture.h"

START_TEST(every_kind_of_change_is_written)
{
    static const uint32_t codes[] = { 1, 2 };
    const struct change_row row = { 3, fixture_view("b") };
    struct sketch_shape shape;
    struct cell cell = { 0 };
    uint64_t hash = UINT64_C(0x123456789abcdef0);
    size_t changed;
    fixture_start(NULL);
    struct change_place place = { 1, 1, 5 };
    fixture_append(5, place.sequence++, "a");
    fixture.sink->row_moved(fixture.sink, &place, &row, 1);
    place.sequence++;
    const struct change_cell changed_cell = { 3, 1, 2 };
    fixture.sink->cells_changed(fixture.sink, &place, &changed_cell, 1, codes);
    place.sequence++;
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    ck_assert_int_eq(cell_add(&cell, &shape, &hash, 1, &changed), ST_OK);
    fixture.sink->cell_merged(fixture.sink, &place, &row, 2, &cell, &shape);
    place.sequence++;
    fixture.sink->row_removed(fixture.sink, &place, &row);
    struct table_image image = { .id = 1,
                                 .version = 1,
                                 .name = fixture_view("t"),
                                 .precision = 14,
                                 .next_column_id = 2,
                                 .column_count = 1,
                                 .columns = { { 1, fixture_view("c") } } };
    ck_assert_int_eq(fixture.sink->table_created(fixture.sink, &image), ST_OK);
    image.name = fixture_view("u");
    ck_assert_int_eq(fixture.sink->table_altered(fixture.sink, &image), ST_OK);
    ck_assert_int_eq(fixture.sink->table_dropped(fixture.sink, 1), ST_OK);
    store_close(fixture.store);
    char text[256];
    uint32_t flags;
    fixture_read_segment(1, text, sizeof text, &flags);
    ck_assert_int_eq(strncmp(text, "1t 2u 3 5a 6 7 8", 16), 0); /* tables first */
    ck_assert_str_eq(text + strlen(text) - 2, "9 ");
    scratch_release(&fixture.scratch);
}
END_TEST

START_TEST(largest_cell_fits_a_chunk)
{
    struct sketch_shape shape;
    ck_assert_int_eq(sketch_shape_init(&shape, PRECISION_MAX), ST_OK);
    ck_assert_uint_le(RECORD_PLACE_MAX + RECORD_MERGED_MAX(cell_dump_max(&shape)), CHUNK_ROOM);
    ck_assert_uint_le(RECORD_TABLE_MAX, CHUNK_ROOM);
}
END_TEST

START_TEST(ticket_is_synced_with_all_that_came_before_it)
{
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_check_segment(1, "5a ", 0);
    fixture_append(1, 2, "b");
    fixture_append(2, 1, "c");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_check_segment(1, "5a 5c 5b ", 0);
    ck_assert_uint_ge(atomic_load(&fixture.changes), 2);
    fixture_stop();
}
END_TEST

START_TEST(ticket_of_nothing_new_needs_no_sync)
{
    struct store_figures figures;
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    store_read_figures(fixture.store, &figures);
    ck_assert_uint_eq(figures.syncs, 1);
    ck_assert_uint_eq(figures.blocks, 1);
    ck_assert_uint_eq(figures.tickets, 4);
    fixture_stop();
}
END_TEST

START_TEST(what_is_appended_is_on_disk_after_closing)
{
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    store_close(fixture.store);
    fixture_check_segment(1, "5a ", 0);
    fixture_start_again();
    fixture_append(1, 1, "b");
    store_close(fixture.store);
    fixture_check_segment(2, "5b ", 0);
    scratch_release(&fixture.scratch);
}
END_TEST

/* Waits until the store has written something, or synced. */
static void await_figures(bool syncs, struct store_figures *figures)
{
    for (int i = 0; i < 10000; i++) {
        store_read_figures(fixture.store, figures);
        if (syncs ? figures->syncs > 0 : figures->blocks > 0)
            return;
        usleep(1000);
    }
    ck_abort_msg("nothing was written");
}

START_TEST(what_nobody_waits_for_is_synced_in_time)
{
    struct store_figures figures;
    fixture.flush_interval_ms = 20;
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    await_figures(true, &figures);
    ck_assert_uint_eq(figures.tickets, 0);
    fixture_check_segment(1, "5a ", 0);
    fixture_stop();
}
END_TEST

START_TEST(interval_of_0_writes_and_does_not_sync)
{
    struct store_figures figures;
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    await_figures(false, &figures);
    ck_assert_uint_eq(figures.syncs, 0);
    fixture_check_segment(1, "5a ", 0);
    fixture_stop();
}
END_TEST

START_TEST(switch_divides_what_came_before_from_what_comes_after)
{
    uint64_t number = 0;
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    uint64_t before = store_journal_bytes(fixture.store);
    ck_assert_int_eq(store_switch(fixture.store, &number, NULL), ST_OK);
    ck_assert_uint_eq(number, 2);
    fixture_append(1, 2, "b");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_check_segment(1, "5a ", 0);
    fixture_check_segment(2, "5b ", 0);
    ck_assert_uint_gt(store_journal_bytes(fixture.store), before);
    store_snapshot_taken(fixture.store, number);
    ck_assert_uint_lt(store_journal_bytes(fixture.store), 3 * SEGMENT_HEADER_BYTES);
    fixture_stop();
}
END_TEST

/* One of several threads that append and wait. */
static void *append_and_wait(void *arg)
{
    uint32_t stream = (uint32_t)(uintptr_t)arg;
    for (uint64_t i = 1; i <= 50; i++) {
        fixture_append(stream, i, "key");
        ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    }
    return NULL;
}

START_TEST(threads_share_syncs)
{
    struct store_figures figures;
    pthread_t threads[8];
    fixture_start(NULL);
    for (uintptr_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, append_and_wait, (void *)i), 0);
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    store_read_figures(fixture.store, &figures);
    ck_assert_uint_eq(figures.tickets, 400);
    ck_assert_uint_gt(figures.group_max, 1);
    fixture_stop();
}
END_TEST

START_TEST(opening_fails_whole)
{
    struct error err;
    scratch_init(&fixture.scratch);
    const struct store_options options = { .path = fixture.scratch.path };
    long n = 0;
    bool failed;
    do {
        fixture.store = NULL;
        failing_alloc_arm(n++);
        enum status status = store_open(&options, &fixture.store, &err);
        if (status == ST_OK)
            status = store_start(fixture.store, &err);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status == ST_OK, !failed);
        store_close(fixture.store);
    } while (failed);
    ck_assert_int_ge(n, 2);
    scratch_release(&fixture.scratch);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_kind_of_change_is_written,
        largest_cell_fits_a_chunk,
        ticket_is_synced_with_all_that_came_before_it,
        ticket_of_nothing_new_needs_no_sync,
        what_is_appended_is_on_disk_after_closing,
        what_nobody_waits_for_is_synced_in_time,
        interval_of_0_writes_and_does_not_sync,
        switch_divides_what_came_before_from_what_comes_after,
        threads_share_syncs,
        opening_fails_whole,
    };
    return RUN_SUITE("store", tests);
}
