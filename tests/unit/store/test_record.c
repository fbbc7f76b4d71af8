#include "daemon/store/record.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/run_suite.h"

static const struct change_place place = { .table_id = 9, .sequence = 100, .stream = 63 };
static const uint8_t name_bytes[] = "visits";

static struct bytes_view view(const char *text)
{
    return (struct bytes_view){ (const uint8_t *)text, strlen(text) };
}

static struct table_image table_of(uint32_t columns)
{
    struct table_image table = {
        .id = 300,
        .version = 4,
        .name = { name_bytes, 6 },
        .precision = 14,
        .hash = HASH_KIND_MURMUR64A,
        .seed = UINT64_MAX - 1,
        .no_rollup = true,
        .ack = ACK_DURABLE,
        .next_column_id = 1000,
        .column_count = columns,
    };
    for (uint32_t i = 0; i < columns; i++) {
        static char names[COLUMNS_MAX][8];
        snprintf(names[i], sizeof names[i], "c%u", i);
        table.columns[i] = (struct image_column){ 2 * i + 1, view(names[i]) };
    }
    return table;
}

/* A payload with one record of each kind; returns its length. */
static size_t put_each(uint8_t *out)
{
    static const uint32_t codes[] = { 0, 0x80000001, UINT32_MAX };
    const struct table_image table = table_of(3);
    uint8_t *at = record_put_table(out, RECORD_TABLE_CREATED, &table);
    at = record_put_table(at, RECORD_TABLE_ALTERED, &table);
    at = record_put_table_dropped(at, 12);
    at = record_put_place(at, &place);
    at = record_put_row_new(at, 5, view("key"));
    at = record_put_row_moved(at, 5, UINT32_MAX);
    at = record_put_codes(at, 7, 2, codes, 3);
    at = record_put_merged(at, 8, 3, 4);
    memcpy(at, "CRDS", 4);
    return (size_t)(record_put_row_removed(at + 4, 9) - out);
}

/* It is table_of(3). */
static void check_table(const struct table_image *table)
{
    ck_assert_uint_eq(table->id, 300);
    ck_assert_mem_eq(table->name.data, "visits", 6);
    ck_assert_uint_eq(table->precision, 14);
    ck_assert_int_eq(table->hash, HASH_KIND_MURMUR64A);
    ck_assert_uint_eq(table->seed, UINT64_MAX - 1);
    ck_assert(table->no_rollup);
    ck_assert_uint_eq(table->version, 4);
    ck_assert_int_eq(table->ack, ACK_DURABLE);
    ck_assert_uint_eq(table->next_column_id, 1000);
    ck_assert_uint_eq(table->column_count, 3);
    ck_assert_uint_eq(table->columns[2].id, 5);
    ck_assert_mem_eq(table->columns[2].name.data, "c2", 2);
}

START_TEST(records_come_out_as_they_went_in)
{
    uint8_t bytes[2048];
    struct record_reader reader;
    struct record record;
    record_reader_init(&reader, (struct bytes_view){ bytes, put_each(bytes) });
    for (int op = RECORD_TABLE_CREATED; op <= RECORD_TABLE_ALTERED; op++) {
        ck_assert(record_next(&reader, &record));
        ck_assert_int_eq(record.op, op);
        check_table(record.table);
    }
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_TABLE_DROPPED);
    ck_assert_uint_eq(record.place.table_id, 12);
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_ROW_NEW);
    ck_assert_uint_eq(record.row, 5);
    ck_assert_mem_eq(record.bytes.data, "key", 3);
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_ROW_MOVED);
    ck_assert_uint_eq(record.was, 5);
    ck_assert_uint_eq(record.row, UINT32_MAX);
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_CELL_CODES);
    ck_assert_uint_eq(record.column, 2);
    ck_assert_uint_eq(record.count, 3);
    ck_assert_uint_eq(record_code(&record, 1), 0x80000001);
    ck_assert_uint_eq(record_code(&record, 2), UINT32_MAX);
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_CELL_MERGED);
    ck_assert_uint_eq(record.bytes.len, 4);
    ck_assert(record_next(&reader, &record));
    ck_assert_int_eq(record.op, RECORD_ROW_REMOVED);
    ck_assert_uint_eq(record.row, 9);
    ck_assert(!record_next(&reader, &record));
    ck_assert_ptr_null(record_reader_fault(&reader));
}
END_TEST

START_TEST(records_count_on_from_their_place)
{
    uint8_t bytes[256];
    struct change_place other = { .table_id = 2, .sequence = 7, .stream = 0 };
    uint8_t *at = record_put_place(bytes, &place);
    at = record_put_row_removed(at, 1);
    at = record_put_row_removed(at, 1);
    at = record_put_place(at, &other);
    at = record_put_row_removed(at, 1);
    struct record_reader reader;
    struct record record;
    record_reader_init(&reader, (struct bytes_view){ bytes, (size_t)(at - bytes) });
    static const uint64_t sequences[] = { 100, 101, 7 };
    for (int i = 0; i < 3; i++) {
        ck_assert(record_next(&reader, &record));
        ck_assert_uint_eq(record.place.sequence, sequences[i]);
        ck_assert_uint_eq(record.place.table_id, i < 2 ? 9 : 2);
        ck_assert_uint_eq(record.place.stream, i < 2 ? 63 : 0);
    }
    ck_assert(!record_next(&reader, &record));
}
END_TEST

START_TEST(widest_table_fits_its_bound)
{
    static uint8_t bytes[RECORD_TABLE_MAX];
    static char longest[NAME_MAX_BYTES];
    struct table_image table = table_of(COLUMNS_MAX);
    memset(longest, 'x', sizeof longest);
    table.id = UINT64_MAX;
    table.version = UINT32_MAX;
    table.next_column_id = UINT32_MAX;
    table.name = (struct bytes_view){ (const uint8_t *)longest, sizeof longest };
    for (uint32_t i = 0; i < COLUMNS_MAX; i++) {
        table.columns[i].id = UINT32_MAX - COLUMNS_MAX - 1 + i;
        table.columns[i].name = table.name;
    }
    size_t len = (size_t)(record_put_table(bytes, RECORD_TABLE_CREATED, &table) - bytes);
    ck_assert_uint_le(len, RECORD_TABLE_MAX);
    struct record_reader reader;
    struct record record;
    record_reader_init(&reader, (struct bytes_view){ bytes, len });
    ck_assert(record_next(&reader, &record));
    ck_assert_uint_eq(record.table->columns[COLUMNS_MAX - 1].id, UINT32_MAX - 2);
}
END_TEST

/* Reads all records of exactly len bytes, on the heap so that a sanitizer sees the end. */
static const char *fault_of(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    struct record_reader reader;
    struct record record;
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    record_reader_init(&reader, (struct bytes_view){ copy, len });
    while (record_next(&reader, &record))
        continue;
    free(copy);
    return record_reader_fault(&reader);
}

START_TEST(every_cut_within_a_record_is_a_fault)
{
    uint8_t bytes[2048];
    size_t len = put_each(bytes);
    unsigned whole = 0;
    for (size_t i = 0; i < len; i++)
        whole += fault_of(bytes, i) == NULL;
    ck_assert_uint_eq(whole, 9); /* at the eight ends of records, and behind the place */
    ck_assert_ptr_null(fault_of(bytes, len));
}
END_TEST

START_TEST(what_is_out_of_bounds_is_a_fault)
{
    static const struct {
        const char *fault;
        uint8_t bytes[16];
        size_t len;
    } cases[] = {
        { "a record of an unknown kind", { 0 }, 1 },
        { "a record of an unknown kind", { 10 }, 1 },
        { "a change without a place", { RECORD_ROW_REMOVED, 1 }, 2 },
        { "a table without an id", { RECORD_TABLE_DROPPED, 0 }, 2 },
        { "a table without an id", { RECORD_PLACE, 0, 1, 1 }, 4 },
        { "a wrong stream", { RECORD_PLACE, 1, 0x80, 0x20, 1 }, 5 },
        { "a wrong sequence", { RECORD_PLACE, 1, 1, 0 }, 4 },
        { "a wrong row id", { RECORD_PLACE, 1, 1, 1, RECORD_ROW_REMOVED, 0 }, 6 },
        { "a key that is too long", { RECORD_PLACE, 1, 1, 1, RECORD_ROW_NEW, 1, 0x81, 0x08 }, 8 },
        { "cut off by the end", { RECORD_PLACE, 1, 1, 1, RECORD_ROW_NEW, 1, 2, 'a' }, 8 },
        { "more codes than there are bytes",
          { RECORD_PLACE, 1, 1, 1, RECORD_CELL_CODES, 1, 1, 2, 0, 0, 0, 0 },
          12 },
        { "more codes than there are bytes",
          { RECORD_PLACE, 1, 1, 1, RECORD_CELL_CODES, 1, 1, 0 },
          8 },
        { "a number that does not end", { RECORD_TABLE_DROPPED, 0x80 }, 2 },
        { "a number that does not end",
          { RECORD_TABLE_DROPPED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 },
          11 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *fault = fault_of(cases[i].bytes, cases[i].len);
        ck_assert_ptr_nonnull(fault);
        ck_assert_str_eq(fault, cases[i].fault);
    }
}
END_TEST

static const char *table_fault(const struct table_image *table)
{
    static uint8_t bytes[RECORD_TABLE_MAX];
    size_t len = (size_t)(record_put_table(bytes, RECORD_TABLE_CREATED, table) - bytes);
    const char *fault = fault_of(bytes, len);
    return fault == NULL ? "" : fault;
}

START_TEST(unsound_table_is_a_fault)
{
    struct table_image table = table_of(2);
    ck_assert_str_eq(table_fault(&table), "");
    table.columns[1].id = 1;
    ck_assert_str_eq(table_fault(&table), "columns out of order");
    table.columns[1].id = 1000;
    ck_assert_str_eq(table_fault(&table), "a wrong column id");
    table = table_of(2);
    table.precision = 3;
    ck_assert_str_eq(table_fault(&table), "a wrong precision");
    table.precision = 19;
    ck_assert_str_eq(table_fault(&table), "a wrong precision");
    table = table_of(2);
    table.name.len = 0;
    ck_assert_str_eq(table_fault(&table), "a name that is not valid");
    table = table_of(0);
    ck_assert_str_eq(table_fault(&table), "a wrong number of columns");
    table = table_of(1);
    table.version = 0;
    ck_assert_str_eq(table_fault(&table), "a wrong version of a table");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        records_come_out_as_they_went_in, records_count_on_from_their_place,
        widest_table_fits_its_bound,      every_cut_within_a_record_is_a_fault,
        what_is_out_of_bounds_is_a_fault, unsound_table_is_a_fault,
    };
    return RUN_SUITE("record", tests);
}
