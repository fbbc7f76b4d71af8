#include "daemon/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/directory.h"
#include "daemon/store/failpoint.h"
#include "daemon/store/record.h"
#include "daemon/store/segment.h"
#include "daemon/store/store_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/store/scratch.h"

static struct scratch scratch;
static struct store *store;
static struct change_sink *sink;
static atomic_uint changes; /* that the store told of */
static atomic_uint wishes;

static void note(void *counter)
{
    atomic_fetch_add((atomic_uint *)counter, 1);
}

/* Opens and starts a store that syncs only when it is asked to. */
static void start_again(void)
{
    struct error err;
    const struct store_options options = { .path = scratch.path, .flush_interval_ms = 0 };
    enum status status = store_open(&options, &store, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    store_listen(store, note, &changes);
    store_on_wish(store, note, &wishes);
    status = store_start(store, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    sink = store_sink(store);
}

static void start(const char *failpoint)
{
    scratch_init(&scratch);
    if (failpoint != NULL)
        setenv("CARDINALD_FAILPOINT", failpoint, 1);
    start_again();
}

static void stop(void)
{
    store_close(store);
    scratch_release(&scratch);
}

static struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

/* Appends a new row of a stream, as its change number sequence. */
static void append(uint32_t stream, uint64_t sequence, const char *key)
{
    const struct change_place place = { 1, sequence, stream };
    const struct change_row row = { (uint32_t)sequence, view(key) };
    sink->row_new(sink, &place, &row);
}

static enum store_outcome wait_for(uint64_t ticket)
{
    for (unsigned i = 0; i < 20000; i++) {
        enum store_outcome outcome = store_outcome(store, ticket);
        if (outcome != STORE_PENDING)
            return outcome;
        usleep(500);
    }
    return STORE_PENDING;
}

/* Syncs what was appended. */
static enum store_outcome sync_now(void)
{
    return wait_for(store_ticket(store));
}

/* What a segment holds, as text: an op's number, and a key or a table's name. */
static void read_segment(uint64_t number, char *out, size_t size, uint32_t *flags)
{
    struct segment_reader reader;
    enum segment_state state;
    struct bytes_view payload;
    size_t len = 0;
    ck_assert_int_eq(segment_open(&reader, scratch.directory, number, NULL), ST_OK);
    *flags = reader.header.flags;
    for (;;) {
        struct record_reader records;
        struct record record;
        ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
        if (state != SEGMENT_BLOCK)
            break;
        record_reader_init(&records, payload);
        while (record_next(&records, &record)) {
            struct bytes_view name = record.table != NULL ? record.table->name : record.bytes;
            len += (size_t)snprintf(out + len, size - len, "%d%.*s ", record.op,
                                    record.op == RECORD_CELL_CODES ? 0 : (int)name.len, name.data);
        }
        ck_assert_ptr_null(record_reader_fault(&records));
    }
    ck_assert_int_eq(state, SEGMENT_END);
    segment_close(&reader);
    out[len] = '\0';
}

static void check_segment(uint64_t number, const char *records, uint32_t flags)
{
    char text[4096];
    uint32_t found;
    read_segment(number, text, sizeof text, &found);
    ck_assert_str_eq(text, records);
    ck_assert_uint_eq(found, flags);
}

static bool has_segment(uint64_t number)
{
    struct directory_files files;
    bool has = false;
    ck_assert_int_eq(directory_list(scratch.directory, STORE_FILE_SEGMENT, &files, NULL), ST_OK);
    for (size_t i = 0; i < files.count; i++)
        has = has || files.numbers[i] == number;
    directory_files_release(&files);
    return has;
}

START_TEST(every_kind_of_change_is_written)
{
    static const uint32_t codes[] = { 1, 2 };
    const struct change_row row = { 3, view("b") };
    struct sketch_shape shape;
    struct cell cell = { 0 };
    uint64_t hash = UINT64_C(0x123456789abcdef0);
    size_t changed;
    start(NULL);
    struct change_place place = { 1, 1, 5 };
    append(5, place.sequence++, "a");
    sink->row_moved(sink, &place, &row, 1);
    place.sequence++;
    const struct change_cell changed_cell = { 3, 1, 2 };
    sink->cells_changed(sink, &place, &changed_cell, 1, codes);
    place.sequence++;
    ck_assert_int_eq(sketch_shape_init(&shape, 14), ST_OK);
    ck_assert_int_eq(cell_add(&cell, &shape, &hash, 1, &changed), ST_OK);
    sink->cell_merged(sink, &place, &row, 2, &cell, &shape);
    place.sequence++;
    sink->row_removed(sink, &place, &row);
    struct table_image image = { .id = 1,
                                 .version = 1,
                                 .name = view("t"),
                                 .precision = 14,
                                 .next_column_id = 2,
                                 .column_count = 1,
                                 .columns = { { 1, view("c") } } };
    ck_assert_int_eq(sink->table_created(sink, &image), ST_OK);
    image.name = view("u");
    ck_assert_int_eq(sink->table_altered(sink, &image), ST_OK);
    ck_assert_int_eq(sink->table_dropped(sink, 1), ST_OK);
    store_close(store);
    char text[256];
    uint32_t flags;
    read_segment(1, text, sizeof text, &flags);
    ck_assert_int_eq(strncmp(text, "1t 2u 3 5a 6 7 8", 16), 0); /* tables first */
    ck_assert_str_eq(text + strlen(text) - 2, "9 ");
    scratch_release(&scratch);
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
    start(NULL);
    append(1, 1, "a");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    check_segment(1, "5a ", 0);
    append(1, 2, "b");
    append(2, 1, "c");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    check_segment(1, "5a 5c 5b ", 0);
    ck_assert_uint_ge(atomic_load(&changes), 2);
    stop();
}
END_TEST

START_TEST(ticket_of_nothing_new_needs_no_sync)
{
    struct store_figures figures;
    start(NULL);
    append(1, 1, "a");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sync_now(), STORE_SYNCED);
    store_read_figures(store, &figures);
    ck_assert_uint_eq(figures.syncs, 1);
    ck_assert_uint_eq(figures.blocks, 1);
    ck_assert_uint_eq(figures.tickets, 4);
    stop();
}
END_TEST

START_TEST(what_is_appended_is_on_disk_after_closing)
{
    start(NULL);
    append(1, 1, "a");
    store_close(store);
    check_segment(1, "5a ", 0);
    start_again();
    append(1, 1, "b");
    store_close(store);
    check_segment(2, "5b ", 0);
    scratch_release(&scratch);
}
END_TEST

START_TEST(switch_divides_what_came_before_from_what_comes_after)
{
    uint64_t number = 0;
    start(NULL);
    append(1, 1, "a");
    uint64_t before = store_journal_bytes(store);
    ck_assert_int_eq(store_switch(store, &number, NULL), ST_OK);
    ck_assert_uint_eq(number, 2);
    append(1, 2, "b");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    check_segment(1, "5a ", 0);
    check_segment(2, "5b ", 0);
    ck_assert_uint_gt(store_journal_bytes(store), before);
    store_snapshot_taken(store, number);
    ck_assert_uint_lt(store_journal_bytes(store), 3 * SEGMENT_HEADER_BYTES);
    stop();
}
END_TEST

/* After an error: what was acknowledged stays, all else is refused until a snapshot. */
static void check_gap(const char *failpoint)
{
    uint64_t number = 0;
    atomic_store(&wishes, 0);
    start(failpoint);
    append(1, 1, "a");
    uint64_t early = store_ticket(store);
    ck_assert_int_eq(wait_for(early), STORE_SYNCED);
    append(1, 2, "b");
    ck_assert_int_eq(sync_now(), STORE_LOST);
    ck_assert(!store_takes_durable(store));
    ck_assert_uint_eq(store_ticket(store), 0);
    ck_assert_int_eq(store_outcome(store, 0), STORE_LOST);
    for (int i = 0; i < 2000 && atomic_load(&wishes) == 0; i++)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(&wishes), 1);
    append(1, 3, "c");
    ck_assert_int_eq(store_switch(store, &number, NULL), ST_OK);
    ck_assert_uint_eq(number, 3);
    check_segment(2, "5c ", SEGMENT_AFTER_GAP);
    store_snapshot_taken(store, 1);
    ck_assert(!store_takes_durable(store));
    store_snapshot_taken(store, number);
    ck_assert(store_takes_durable(store));
    append(1, 4, "d");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    check_segment(3, "5d ", SEGMENT_AFTER_GAP);
    ck_assert_int_eq(store_switch(store, &number, NULL), ST_OK);
    check_segment(4, "", 0);
    struct store_figures figures;
    store_read_figures(store, &figures);
    ck_assert_uint_eq(figures.errors, 1);
    stop();
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
    start("journal-write-before:3:short");
    append(1, 1, "a");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    append(1, 2, "b");
    ck_assert_int_eq(sync_now(), STORE_LOST);
    append(1, 3, "c");
    store_close(store);
    ck_assert_int_eq(segment_open(&reader, scratch.directory, 1, NULL), ST_OK);
    ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
    ck_assert_int_eq(state, SEGMENT_BLOCK);
    ck_assert_int_eq(segment_next(&reader, &state, &payload, NULL), ST_OK);
    ck_assert_int_eq(state, SEGMENT_TORN);
    segment_close(&reader);
    check_segment(2, "5c ", SEGMENT_AFTER_GAP);
    scratch_release(&scratch);
}
END_TEST

START_TEST(disk_that_stays_full_does_not_stop_appending)
{
    struct store_figures figures;
    uint64_t number;
    start("journal-write-before:2+:enospc");
    append(1, 1, "a");
    ck_assert_int_eq(sync_now(), STORE_LOST);
    ck_assert_int_eq(store_switch(store, &number, NULL), ST_UNAVAILABLE);
    static char key[1000];
    memset(key, 'k', sizeof key - 1);
    const char *kept = key;
    for (uint64_t i = 2; i < 40000; i++)
        append((uint32_t)(i % 16), i, kept);
    for (int i = 0; i < 10000 && store_is_behind(store); i++)
        usleep(1000);
    ck_assert(!store_is_behind(store));
    store_read_figures(store, &figures);
    ck_assert_uint_gt(figures.lost_bytes, 0);
    ck_assert(figures.is_degraded);
    store_close(store);
    ck_assert(has_segment(1));
    ck_assert(!has_segment(2));
    scratch_release(&scratch);
}
END_TEST

START_TEST(change_that_finds_no_memory_is_an_error_of_the_journal)
{
    start(NULL);
    append(1, 1, "a");
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    append(1, 2, "b");
    uint64_t group = store_ticket(store);
    ck_assert_int_eq(wait_for(group), STORE_SYNCED);
    pthread_mutex_lock(&store->pool.lock);
    struct chunk *kept = store->pool.free;
    uint32_t count = store->pool.free_count;
    store->pool.free = NULL;
    store->pool.free_count = 0;
    pthread_mutex_unlock(&store->pool.lock);
    failing_alloc_arm(0);
    append(2, 1, "c");
    ck_assert(failing_alloc_disarm());
    pthread_mutex_lock(&store->pool.lock);
    store->pool.free = kept;
    store->pool.free_count = count;
    pthread_mutex_unlock(&store->pool.lock);
    for (int i = 0; i < 5000 && store_takes_durable(store); i++)
        usleep(1000);
    ck_assert(!store_takes_durable(store));
    ck_assert_int_eq(store_outcome(store, group), STORE_LOST);
    for (int i = 0; i < 5000 && !has_segment(2); i++)
        usleep(1000);
    append(1, 3, "d");
    store_close(store);
    check_segment(1, "5a 5b ", 0);
    check_segment(2, "5d ", SEGMENT_AFTER_GAP);
    scratch_release(&scratch);
}
END_TEST

START_TEST(full_buffers_ask_to_wait_and_say_when_it_is_over)
{
    static char key[KEY_MAX_BYTES + 1];
    start(NULL);
    memset(key, 'k', KEY_MAX_BYTES);
    bool was_behind = false;
    uint64_t i = 0;
    while (!was_behind && i < 400000) {
        i++;
        append((uint32_t)(i % 16), i, key);
        was_behind = store_is_behind(store);
    }
    unsigned told = atomic_load(&changes);
    for (int n = 0; n < 10000 && was_behind && atomic_load(&changes) == told; n++)
        usleep(1000);
    if (was_behind)
        ck_assert(!store_is_behind(store));
    ck_assert_int_eq(sync_now(), STORE_SYNCED);
    stop();
}
END_TEST

/* One of several threads that append and wait. */
static void *append_and_wait(void *arg)
{
    uint32_t stream = (uint32_t)(uintptr_t)arg;
    for (uint64_t i = 1; i <= 50; i++) {
        append(stream, i, "key");
        ck_assert_int_eq(sync_now(), STORE_SYNCED);
    }
    return NULL;
}

START_TEST(threads_share_syncs)
{
    struct store_figures figures;
    pthread_t threads[8];
    start(NULL);
    for (uintptr_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, append_and_wait, (void *)i), 0);
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    store_read_figures(store, &figures);
    ck_assert_uint_eq(figures.tickets, 400);
    ck_assert_uint_gt(figures.group_max, 1);
    stop();
}
END_TEST

START_TEST(opening_fails_whole)
{
    struct error err;
    scratch_init(&scratch);
    const struct store_options options = { .path = scratch.path };
    long n = 0;
    bool failed;
    do {
        store = NULL;
        failing_alloc_arm(n++);
        enum status status = store_open(&options, &store, &err);
        if (status == ST_OK)
            status = store_start(store, &err);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status == ST_OK, !failed);
        store_close(store);
    } while (failed);
    ck_assert_int_ge(n, 2);
    scratch_release(&scratch);
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
        switch_divides_what_came_before_from_what_comes_after,
        failed_sync_loses_tickets_until_a_snapshot,
        failed_write_loses_tickets_until_a_snapshot,
        half_a_block_is_torn_and_not_written_to_again,
        disk_that_stays_full_does_not_stop_appending,
        change_that_finds_no_memory_is_an_error_of_the_journal,
        full_buffers_ask_to_wait_and_say_when_it_is_over,
        threads_share_syncs,
        opening_fails_whole,
    };
    return RUN_SUITE("store", tests);
}
