#include "tests/unit/store/store_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/record.h"
#include "daemon/store/segment.h"

struct store_fixture fixture;

static void note(void *counter)
{
    atomic_fetch_add((atomic_uint *)counter, 1);
}

void fixture_start_again(void)
{
    struct error err;
    const struct store_options options = { fixture.scratch.path, fixture.flush_interval_ms };
    enum status status = store_open(&options, &fixture.store, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    store_listen(fixture.store, note, &fixture.changes);
    store_on_wish(fixture.store, note, &fixture.wishes);
    status = store_start(fixture.store, &err);
    ck_assert_msg(status == ST_OK, "%s", err.text);
    fixture.sink = store_sink(fixture.store);
}

void fixture_start(const char *failpoint)
{
    scratch_init(&fixture.scratch);
    if (failpoint != NULL)
        setenv("CARDINALD_FAILPOINT", failpoint, 1);
    fixture_start_again();
}

void fixture_stop(void)
{
    store_close(fixture.store);
    scratch_release(&fixture.scratch);
}

struct bytes_view fixture_view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

/* Appends a new row of a stream, as its change number sequence. */
void fixture_append(uint32_t stream, uint64_t sequence, const char *key)
{
    const struct change_place place = { 1, sequence, stream };
    const struct change_row row = { (uint32_t)sequence, fixture_view(key) };
    fixture.sink->row_new(fixture.sink, &place, &row);
}

enum store_outcome fixture_wait(uint64_t ticket)
{
    for (unsigned i = 0; i < 20000; i++) {
        enum store_outcome outcome = store_outcome(fixture.store, ticket);
        if (outcome != STORE_PENDING)
            return outcome;
        usleep(500);
    }
    return STORE_PENDING;
}

/* Syncs what was appended. */
enum store_outcome fixture_sync(void)
{
    return fixture_wait(store_ticket(fixture.store));
}

/* What a segment holds, as text: an op's number, and a key or a table's name. */
void fixture_read_segment(uint64_t number, char *out, size_t size, uint32_t *flags)
{
    struct segment_reader reader;
    enum segment_state state;
    struct bytes_view payload;
    size_t len = 0;
    ck_assert_int_eq(segment_open(&reader, fixture.scratch.directory, number, NULL), ST_OK);
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

void fixture_check_segment(uint64_t number, const char *records, uint32_t flags)
{
    char text[4096];
    uint32_t found;
    fixture_read_segment(number, text, sizeof text, &found);
    ck_assert_str_eq(text, records);
    ck_assert_uint_eq(found, flags);
}

bool fixture_has_segment(uint64_t number)
{
    struct directory_files files;
    bool has = false;
    ck_assert_int_eq(directory_list(fixture.scratch.directory, STORE_FILE_SEGMENT, &files, NULL),
                     ST_OK);
    for (size_t i = 0; i < files.count; i++)
        has = has || files.numbers[i] == number;
    directory_files_release(&files);
    return has;
}
