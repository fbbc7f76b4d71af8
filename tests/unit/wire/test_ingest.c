#include <stdio.h>
#include <string.h>

#include "cardinal.pb-c.h"
#include "daemon/wire/ingest.h"
#include "proto/names.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/wire/packed.h"

#define MAX_VALUES 100u

static char *names[] = { "users", "pages" };
static uint64_t words[MAX_VALUES + 1];

/* A batch of one row with one cell of three hashes, for tests to change. */
struct fixture {
    Cardinal__V1__Ingest ingest;
    Cardinal__V1__Row row;
    Cardinal__V1__Row *rows[MAX_VALUES + 1];
    Cardinal__V1__Cell cells[3];
    Cardinal__V1__Cell *cell_list[3];
    struct value_hasher hasher;
    struct arena arena;
    struct bytes_view body;
    struct ingest_head head;
    struct batch batch;
    struct error err;
};

static void setup(struct fixture *f)
{
    cardinal__v1__ingest__init(&f->ingest);
    cardinal__v1__row__init(&f->row);
    f->ingest.table = "visits";
    f->ingest.table_id = 7;
    f->ingest.columns = names;
    f->ingest.n_columns = 2;
    f->ingest.rows = f->rows;
    f->ingest.n_rows = 1;
    for (size_t i = 0; i <= MAX_VALUES; i++)
        f->rows[i] = &f->row;
    f->row.key = binary("k1");
    f->row.cells = f->cell_list;
    f->row.n_cells = 1;
    for (size_t i = 0; i < 3; i++) {
        cardinal__v1__cell__init(&f->cells[i]);
        f->cell_list[i] = &f->cells[i];
        f->cells[i].column = (uint32_t)i;
    }
    for (size_t i = 0; i <= MAX_VALUES; i++)
        words[i] = i * UINT64_C(0x0101010101010101);
    f->cells[0].hashes = words;
    f->cells[0].n_hashes = 3;
    value_hasher_init(&f->hasher, HASH_KIND_XXH3, 5);
    arena_init(&f->arena, 4096, INGEST_ARENA_BYTES(MAX_VALUES));
}

static enum status decode(struct fixture *f)
{
    f->body = pack_message(&f->ingest);
    enum status st = ingest_head(f->body, MAX_VALUES, &f->arena, &f->head, &f->err);
    if (st == ST_OK)
        st = ingest_decode(&f->head, &f->hasher, MAX_VALUES, &f->arena, &f->batch, &f->err);
    return st;
}

static void teardown(struct fixture *f)
{
    free_packed(f->body);
    arena_release(&f->arena);
}

static void assert_refused(struct fixture *f, enum status status, const char *text)
{
    ck_assert_int_eq(decode(f), status);
    ck_assert_int_eq(f->err.code, status);
    ck_assert_str_eq(f->err.text, text);
    teardown(f);
}

static uint64_t hash_at(const struct batch_cell *cell, size_t i)
{
    uint64_t hash;
    memcpy(&hash, cell->hashes + 8 * i, sizeof hash);
    return hash;
}

START_TEST(packed_hashes_are_pointed_to_where_they_lie)
{
    struct fixture f;
    setup(&f);
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_view_eq(f.head.table, "visits");
    ck_assert_uint_eq(f.head.table_id, 7);
    ck_assert_view_eq(f.head.columns[1], "pages");
    ck_assert_uint_eq(f.batch.row_count, 1);
    ck_assert_uint_eq(f.batch.column_count, 2);
    ck_assert_uint_eq(f.batch.value_count, 3);
    const struct batch_cell *cell = &f.batch.cells[f.batch.rows[0].first_cell];
    ck_assert_uint_eq(cell->n, 3);
    ck_assert_uint_eq(hash_at(cell, 2), words[2]);
    ck_assert(cell->hashes > f.body.data && cell->hashes < f.body.data + f.body.len);
    ck_assert(f.batch.rows[0].key > f.body.data);
    teardown(&f);
}
END_TEST

START_TEST(raw_values_are_hashed_by_their_type)
{
    struct fixture f;
    ProtobufCBinaryData strings[] = { binary("5"), binary("") };
    int64_t ints[] = { 5, INT64_MIN };
    double doubles[] = { 5.0 };
    setup(&f);
    f.ingest.table_id = 0;
    f.cells[0].n_hashes = 0;
    f.cells[0].strings = strings;
    f.cells[0].n_strings = 2;
    f.cells[0].ints = ints;
    f.cells[0].n_ints = 2;
    f.cells[0].doubles = doubles;
    f.cells[0].n_doubles = 1;
    ck_assert_int_eq(decode(&f), ST_OK);
    const struct batch_cell *cell = &f.batch.cells[0];
    ck_assert_uint_eq(cell->n, 5);
    ck_assert_uint_eq(hash_at(cell, 0), value_hash_bytes(&f.hasher, "5", 1));
    ck_assert_uint_eq(hash_at(cell, 1), value_hash_bytes(&f.hasher, "", 0));
    ck_assert_uint_eq(hash_at(cell, 2), value_hash_int(&f.hasher, 5));
    ck_assert_uint_eq(hash_at(cell, 3), value_hash_int(&f.hasher, INT64_MIN));
    ck_assert_uint_eq(hash_at(cell, 4), value_hash_double(&f.hasher, 5.0));
    teardown(&f);
}
END_TEST

START_TEST(hashes_need_a_table_id)
{
    struct fixture f;
    setup(&f);
    f.ingest.table_id = 0;
    assert_refused(&f, ST_FAILED_PRECONDITION,
                   "batch with hashes but no table_id that says whose they are");
}
END_TEST

START_TEST(rows_without_values_are_left_out)
{
    struct fixture f;
    setup(&f);
    f.cells[0].n_hashes = 0;
    f.row.n_cells = 2;
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_uint_eq(f.batch.row_count, 0);
    ck_assert_uint_eq(f.batch.value_count, 0);
    teardown(&f);
}
END_TEST

START_TEST(empty_cells_are_left_out)
{
    struct fixture f;
    setup(&f);
    f.row.n_cells = 2;
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_uint_eq(f.batch.rows[0].cell_count, 1);
    teardown(&f);
}
END_TEST

START_TEST(batch_without_rows_is_refused)
{
    struct fixture f;
    setup(&f);
    f.ingest.n_rows = 0;
    assert_refused(&f, ST_INVALID_ARGUMENT, "batch without rows");
}
END_TEST

START_TEST(columns_are_checked)
{
    struct fixture f;
    char *twice[] = { "users", "users" };
    char *bad[] = { "users", "1st" };
    setup(&f);
    f.ingest.n_columns = 0;
    assert_refused(&f, ST_INVALID_ARGUMENT, "batch without columns");
    setup(&f);
    f.ingest.columns = twice;
    assert_refused(&f, ST_INVALID_ARGUMENT, "column 'users' is there twice");
    setup(&f);
    f.ingest.columns = bad;
    assert_refused(&f, ST_INVALID_ARGUMENT,
                   "invalid column name '1st': must match [A-Za-z_][A-Za-z0-9_.-]*");
}
END_TEST

START_TEST(column_index_out_of_range_is_refused)
{
    struct fixture f;
    setup(&f);
    f.cells[0].column = 2;
    assert_refused(&f, ST_INVALID_ARGUMENT,
                   "row 1: column index 2 out of range, the batch has 2 columns");
}
END_TEST

START_TEST(column_twice_in_a_row_is_refused)
{
    struct fixture f;
    setup(&f);
    f.row.n_cells = 2;
    f.cells[1].column = 0;
    assert_refused(&f, ST_INVALID_ARGUMENT, "row 1: column 'users' is there twice");
}
END_TEST

START_TEST(column_may_come_again_in_the_next_row)
{
    struct fixture f;
    setup(&f);
    f.ingest.n_rows = 3;
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_uint_eq(f.batch.row_count, 3);
    ck_assert_uint_eq(f.batch.value_count, 9);
    teardown(&f);
}
END_TEST

START_TEST(longest_key_is_taken_and_a_longer_one_refused)
{
    struct fixture f;
    static char key[KEY_MAX_BYTES + 2];
    memset(key, 'k', KEY_MAX_BYTES);
    setup(&f);
    f.row.key = binary(key);
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_uint_eq(f.batch.rows[0].key_len, KEY_MAX_BYTES);
    teardown(&f);
    key[KEY_MAX_BYTES] = 'k';
    setup(&f);
    f.row.key = binary(key);
    assert_refused(&f, ST_INVALID_ARGUMENT, "row 1: key of 1025 bytes, 1024 at most");
}
END_TEST

START_TEST(limits_on_values_and_rows_are_exact)
{
    struct fixture f;
    setup(&f);
    f.cells[0].n_hashes = MAX_VALUES;
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_uint_eq(f.batch.value_count, MAX_VALUES);
    teardown(&f);
    setup(&f);
    f.cells[0].n_hashes = MAX_VALUES + 1;
    assert_refused(&f, ST_TOO_LARGE, "batch of more than 100 values");
    setup(&f);
    f.ingest.n_rows = MAX_VALUES + 1;
    f.cells[0].n_hashes = 0;
    assert_refused(&f, ST_TOO_LARGE, "batch of more than 100 rows");
}
END_TEST

START_TEST(values_of_all_kinds_count_together)
{
    struct fixture f;
    int64_t ints[] = { 1 };
    setup(&f);
    f.cells[0].n_hashes = MAX_VALUES;
    f.cells[0].ints = ints;
    f.cells[0].n_ints = 1;
    assert_refused(&f, ST_TOO_LARGE, "batch of more than 100 values");
}
END_TEST

START_TEST(unknown_ack_is_refused)
{
    struct fixture f;
    setup(&f);
    f.ingest.ack = CARDINAL__V1__ACK__ACK_DURABLE;
    ck_assert_int_eq(decode(&f), ST_OK);
    ck_assert_int_eq(f.head.ack, ACK_DURABLE);
    teardown(&f);
    setup(&f);
    f.ingest.ack = (Cardinal__V1__Ack)9;
    assert_refused(&f, ST_INVALID_ARGUMENT, "unknown ack 9");
}
END_TEST

START_TEST(malformed_rows_tell_the_byte)
{
    struct fixture f;
    setup(&f);
    struct bytes_view whole = pack_message(&f.ingest);
    uint8_t *bytes = (uint8_t *)(uintptr_t)whole.data;
    bytes[whole.len - 25] = 0x7f; /* the length of the run of hashes */
    ck_assert_int_eq(ingest_head(whole, MAX_VALUES, &f.arena, &f.head, &f.err), ST_OK);
    ck_assert_int_eq(ingest_decode(&f.head, &f.hasher, MAX_VALUES, &f.arena, &f.batch, &f.err),
                     ST_MALFORMED);
    char text[ERROR_TEXT_MAX];
    snprintf(text, sizeof text, "malformed message: a length that goes past the end at byte %zu",
             whole.len - 25);
    ck_assert_str_eq(f.err.text, text);
    free_packed(whole);
    arena_release(&f.arena);
}
END_TEST

START_TEST(full_arena_and_failing_allocations_are_a_status)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct fixture f;
        int64_t ints[] = { 1, 2 };
        setup(&f);
        f.cells[0].ints = ints;
        f.cells[0].n_ints = 2;
        arena_init(&f.arena, 16, INGEST_ARENA_BYTES(MAX_VALUES));
        f.body = pack_message(&f.ingest);
        failing_alloc_arm(n);
        enum status st = ingest_head(f.body, MAX_VALUES, &f.arena, &f.head, &f.err);
        if (st == ST_OK)
            st = ingest_decode(&f.head, &f.hasher, MAX_VALUES, &f.arena, &f.batch, &f.err);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(st, failed ? ST_RESOURCE_EXHAUSTED : ST_OK);
        teardown(&f);
    }
    struct fixture f;
    setup(&f);
    arena_init(&f.arena, 16, 64);
    assert_refused(&f, ST_RESOURCE_EXHAUSTED, "out of memory");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        packed_hashes_are_pointed_to_where_they_lie,
        raw_values_are_hashed_by_their_type,
        hashes_need_a_table_id,
        rows_without_values_are_left_out,
        empty_cells_are_left_out,
        batch_without_rows_is_refused,
        columns_are_checked,
        column_index_out_of_range_is_refused,
        column_twice_in_a_row_is_refused,
        column_may_come_again_in_the_next_row,
        longest_key_is_taken_and_a_longer_one_refused,
        limits_on_values_and_rows_are_exact,
        values_of_all_kinds_count_together,
        unknown_ack_is_refused,
        malformed_rows_tell_the_byte,
        full_arena_and_failing_allocations_are_a_status,
    };
    return RUN_SUITE("ingest", tests);
}
