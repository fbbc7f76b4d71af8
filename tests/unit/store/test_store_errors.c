/* A store whose disk fails, or is slower than what comes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/segment.h"
#include "daemon/store/store_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/store_fixture.h"

/* After an error: what was acknowledged stays, all else is refused until a snapshot. */
static void check_gap(const char *failpoint)
{
    uint64_t number = 0;
    atomic_store(&fixture.wishes, 0);
    fixture_start(failpoint);
    fixture_append(1, 1, "a");
    uint64_t early = store_ticket(fixture.store);
    ck_assert_int_eq(fixture_wait(early), STORE_SYNCED);
    fixture_append(1, 2, "b");
    ck_assert_int_eq(fixture_sync(), STORE_LOST);
    ck_assert(!store_takes_durable(fixture.store));
    ck_assert_uint_eq(store_ticket(fixture.store), 0);
    ck_assert_int_eq(store_outcome(fixture.store, 0), STORE_LOST);
    for (int i = 0; i < 2000 && atomic_load(&fixture.wishes) == 0; i++)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(&fixture.wishes), 1);
    fixture_append(1, 3, "c");
    ck_assert_int_eq(store_switch(fixture.store, &number, NULL), ST_OK);
    ck_assert_uint_eq(number, 3);
    fixture_check_segment(2, "5c ", SEGMENT_AFTER_GAP);
    store_snapshot_taken(fixture.store, 1);
    ck_assert(!store_takes_durable(fixture.store));
    store_snapshot_taken(fixture.store, number);
    ck_assert(store_takes_durable(fixture.store));
    fixture_append(1, 4, "d");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_check_segment(3, "5d ", SEGMENT_AFTER_GAP);
    ck_assert_int_eq(store_switch(fixture.store, &number, NULL), ST_OK);
    fixture_check_segment(4, "", 0);
    struct store_figures figures;
    store_read_figures(fixture.store, &figures);
    ck_assert_uint_eq(figures.errors, 1);
    fixture_stop();
}

START_TEST(failed_sync_loses_tickets_until_a_snapshot)
{
    check_gap("journal-sync-before:3:eio"); /* after the header's and the first group's */
    check_gap("journal-sync-after:3:eio");
}
END_TEST

START_TEST(failed_write_loses_tickets_until_a_snapshot)
{
    check_gap("journal-write-before:3:enospc");
}
END_TEST

START_TEST(half_a_block_is_torn_and_not_written_to_again)
{
    struct segment_reader reader;
    enum segment_state state;
    struct bytes_view payload;
    fixture_start("journal-write-before:3:short");
    fixture_append(1, 1, "a");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_append(1, 2, "b");
    ck_assert_int_eq(fixture_sync(), STORE_LOST);
    fixture_append(1, 3, "c");
    store_close(fixture.store);
    ck_assert_int_eq(segment_open(&reader, fixture.scratch.directory, 1, NULL), ST_OK);
    ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
    ck_assert_int_eq(state, SEGMENT_BLOCK);
    ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
    ck_assert_int_eq(state, SEGMENT_TORN);
    segment_close(&reader);
    fixture_check_segment(2, "5c ", SEGMENT_AFTER_GAP);
    scratch_release(&fixture.scratch);
}
END_TEST

START_TEST(disk_that_stays_full_does_not_stop_appending)
{
    struct store_figures figures;
    uint64_t number;
    fixture_start("journal-write-before:2+:enospc");
    fixture_append(1, 1, "a");
    ck_assert_int_eq(fixture_sync(), STORE_LOST);
    ck_assert_int_eq(store_switch(fixture.store, &number, NULL), ST_UNAVAILABLE);
    static char key[1000];
    memset(key, 'k', sizeof key - 1);
    const char *kept = key;
    for (uint64_t i = 2; i < 40000; i++)
        fixture_append((uint32_t)(i % 16), i, kept);
    for (int i = 0; i < 10000 && store_is_behind(fixture.store); i++)
        usleep(1000);
    ck_assert(!store_is_behind(fixture.store));
    store_read_figures(fixture.store, &figures);
    ck_assert_uint_gt(figures.lost_bytes, 0);
    ck_assert(figures.is_degraded);
    store_close(fixture.store);
    ck_assert(fixture_has_segment(1));
    ck_assert(!fixture_has_segment(2));
    scratch_release(&fixture.scratch);
}
END_TEST

START_TEST(change_that_finds_no_memory_is_an_error_of_the_journal)
{
    fixture_start(NULL);
    fixture_append(1, 1, "a");
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_append(1, 2, "b");
    uint64_t group = store_ticket(fixture.store);
    ck_assert_int_eq(fixture_wait(group), STORE_SYNCED);
    pthread_mutex_lock(&fixture.store->pool.lock);
    struct chunk *kept = fixture.store->pool.free;
    uint32_t count = fixture.store->pool.free_count;
    fixture.store->pool.free = NULL;
    fixture.store->pool.free_count = 0;
    pthread_mutex_unlock(&fixture.store->pool.lock);
    failing_alloc_arm(0);
    fixture_append(2, 1, "c");
    ck_assert(failing_alloc_disarm());
    pthread_mutex_lock(&fixture.store->pool.lock);
    fixture.store->pool.free = kept;
    fixture.store->pool.free_count = count;
    pthread_mutex_unlock(&fixture.store->pool.lock);
    for (int i = 0; i < 5000 && store_takes_durable(fixture.store); i++)
        usleep(1000);
    ck_assert(!store_takes_durable(fixture.store));
    ck_assert_int_eq(store_outcome(fixture.store, group), STORE_LOST);
    for (int i = 0; i < 5000 && !fixture_has_segment(2); i++)
        usleep(1000);
    fixture_append(1, 3, "d");
    store_close(fixture.store);
    fixture_check_segment(1, "5a 5b ", 0);
    fixture_check_segment(2, "5d ", SEGMENT_AFTER_GAP);
    scratch_release(&fixture.scratch);
}
END_TEST

START_TEST(full_buffers_ask_to_wait_and_say_when_it_is_over)
{
    static char key[KEY_MAX_BYTES + 1];
    fixture_start(NULL);
    memset(key, 'k', KEY_MAX_BYTES);
    bool was_behind = false;
    uint64_t i = 0;
    while (!was_behind && i < 400000) {
        i++;
        fixture_append((uint32_t)(i % 16), i, key);
        was_behind = store_is_behind(fixture.store);
    }
    unsigned told = atomic_load(&fixture.changes);
    for (int n = 0; n < 10000 && was_behind && atomic_load(&fixture.changes) == told; n++)
        usleep(1000);
    if (was_behind)
        ck_assert(!store_is_behind(fixture.store));
    ck_assert_int_eq(fixture_sync(), STORE_SYNCED);
    fixture_stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        failed_sync_loses_tickets_until_a_snapshot,
        failed_write_loses_tickets_until_a_snapshot,
        half_a_block_is_torn_and_not_written_to_again,
        disk_that_stays_full_does_not_stop_appending,
        change_that_finds_no_memory_is_an_error_of_the_journal,
        full_buffers_ask_to_wait_and_say_when_it_is_over,
    };
    return RUN_SUITE("store_errors", tests);
}
