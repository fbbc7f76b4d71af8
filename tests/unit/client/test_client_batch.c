/* What a batch sends, and when. */
#include <check.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "client/lib/clock.h"
#include "proto/value_hash.h"
#include "tests/unit/client/batch_scene.h"
#include "tests/unit/run_suite.h"

START_TEST(values_are_hashed_under_the_table)
{
    struct value_hasher hasher;
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "k", 2, "five"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, -5), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_double(batch, "k", 1, 2, -0.0), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_hash(batch, "k", 1, 2, 99), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    value_hasher_init(&hasher, HASH_KIND_XXH3, FAKE_SEED);
    ck_assert_str_eq(seen.first->table, "t");
    ck_assert_uint_eq(seen.first->table_id, FAKE_TABLE_ID);
    ck_assert_uint_eq(seen.first->n_columns, FAKE_COLUMNS);
    ck_assert_str_eq(seen.first->columns[2], "c");
    ck_assert_uint_eq(seen.first->n_rows, 1);
    const Cardinal__V1__Row *row = seen.first->rows[0];
    ck_assert_uint_eq(row->key.len, 1);
    ck_assert_uint_eq(row->n_cells, 2);
    ck_assert_uint_eq(row->cells[0]->column, 2);
    ck_assert_uint_eq(row->cells[0]->n_hashes, 3);
    ck_assert_uint_eq(row->cells[0]->hashes[0], value_hash_bytes(&hasher, "five", 4));
    ck_assert_uint_eq(row->cells[0]->hashes[1], value_hash_double(&hasher, 0.0));
    ck_assert_uint_eq(row->cells[0]->hashes[2], 99);
    ck_assert_uint_eq(row->cells[1]->column, 0);
    ck_assert_uint_eq(row->cells[1]->n_hashes, 1);
    ck_assert_uint_eq(row->cells[1]->hashes[0], value_hash_int(&hasher, -5));
    forget_seen();
}
END_TEST

START_TEST(raw_values_travel_as_they_are)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.raw = true;
    start();
    cardinal_batch *batch = open_batch(&options);
    ck_assert_int_eq(cardinal_batch_string(batch, "", 0, 1, "a\0b", 3), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_string(batch, "", 0, 1, "", 0), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "", 0, 1, INT64_MIN), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "", 0, 1, INT64_MAX), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "", 0, 1, -1), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_double(batch, "", 0, 1, 0.5), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_hash(batch, "", 0, 1, 1), CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.first->table_id, 0);
    const Cardinal__V1__Row *row = seen.first->rows[0];
    ck_assert_uint_eq(row->key.len, 0);
    ck_assert_uint_eq(row->n_cells, 1);
    const Cardinal__V1__Cell *cell = row->cells[0];
    ck_assert_uint_eq(cell->column, 1);
    ck_assert_uint_eq(cell->n_strings, 2);
    ck_assert_uint_eq(cell->strings[0].len, 3);
    ck_assert_mem_eq(cell->strings[0].data, "a\0b", 3);
    ck_assert_uint_eq(cell->strings[1].len, 0);
    ck_assert_uint_eq(cell->n_ints, 3);
    ck_assert_int_eq(cell->ints[0], INT64_MIN);
    ck_assert_int_eq(cell->ints[1], INT64_MAX);
    ck_assert_int_eq(cell->ints[2], -1);
    ck_assert_uint_eq(cell->n_doubles, 1);
    ck_assert_double_eq(cell->doubles[0], 0.5);
    forget_seen();
}
END_TEST

START_TEST(values_of_a_key_share_a_row)
{
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "x", 0, "1"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "x", 1, "2"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "y", 0, "3"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "x", 0, "4"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "", 0, "5"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.first->n_rows, 3);
    ck_assert_uint_eq(seen.first->rows[0]->n_cells, 2);
    ck_assert_uint_eq(seen.first->rows[0]->cells[0]->n_hashes, 2);
    ck_assert_uint_eq(seen.first->rows[2]->key.len, 0);
    forget_seen();
}
END_TEST

START_TEST(repeated_values_are_counted_but_sent_once)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 10; /* of those sent */
    options.max_age_ms = 1000000;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i % 9), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(totals.batches, 1);
    ck_assert_uint_eq(totals.values, 1000);
    ck_assert_uint_eq(seen.values[0], 9);
    forget_seen();
}
END_TEST

START_TEST(batch_is_sent_at_its_number_of_values)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 10;
    options.max_age_ms = 1000000;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 25; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(totals.batches, 3);
    ck_assert_uint_eq(totals.values, 25);
    ck_assert_uint_eq(totals.failed_batches, 0);
    ck_assert_uint_eq(seen.values[0], 10);
    ck_assert_uint_eq(seen.values[1], 10);
    ck_assert_uint_eq(seen.values[2], 5);
}
END_TEST

START_TEST(batch_is_sent_at_its_age)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    struct timespec pause = { .tv_nsec = 10000000 };
    cardinal_batch_totals totals = { 0 };
    options.max_age_ms = 200;
    start();
    cardinal_batch *batch = open_batch(&options);
    int64_t began = clock_ms();
    ck_assert_int_eq(add(batch, "k", 0, "v"), CARDINAL_OK);
    while (totals.values == 0 && clock_ms() < began + 10000) {
        nanosleep(&pause, NULL);
        ck_assert_int_eq(cardinal_poll(client), CARDINAL_OK);
        cardinal_batch_get_totals(batch, &totals);
    }
    ck_assert_int_ge(clock_ms() - began, 180); /* less a tick of the coarse clock */
    ck_assert_uint_eq(totals.values, 1);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

/* Adds a value that makes a batch; does the client want to write after that? */
static bool add_is_held(cardinal_batch *batch, const char *value)
{
    ck_assert_int_eq(add(batch, "k", 0, value), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_send(batch), CARDINAL_OK);
    return (cardinal_events(client) & POLLOUT) != 0;
}

START_TEST(batches_in_quick_succession_are_held_until_the_window_is_full)
{
    static const char *const values[] = { "1", "2", "3" };
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_in_flight = 4;
    start();
    cardinal_batch *batch = open_batch(&options);
    bool held = false;
    ck_assert(!add_is_held(batch, "0"));                 /* it follows none */
    for (int round = 0; round < 100 && !held; round++) { /* one may be slow */
        ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
        for (int i = 0; i < 3; i++)
            held = add_is_held(batch, values[i]);
    }
    ck_assert(held);
    ck_assert(!add_is_held(batch, "4"));
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_ge(seen.ingests, 5);
    forget_seen();
}
END_TEST

START_TEST(polling_writes_what_is_held)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    seen.silent = UINT_MAX;
    options.max_in_flight = 200;
    start();
    cardinal_batch *batch = open_batch(&options);
    bool held = false;
    for (int i = 0; i < 3 && !held; i++)
        held = add_is_held(batch, "v");
    ck_assert_int_eq(cardinal_poll(client), CARDINAL_OK);
    ck_assert_int_eq(cardinal_events(client), POLLIN);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(batch_never_exceeds_the_frame)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    static char value[300000]; /* the server takes frames of 1 MiB */
    options.raw = true;
    options.max_age_ms = 1000000;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(cardinal_batch_string(batch, "k", 1, 0, value, sizeof value), CARDINAL_OK);
    static char huge[1 << 20];
    ck_assert_int_eq(cardinal_batch_string(batch, "k", 1, 0, huge, sizeof huge),
                     CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.ingests, 4);
    ck_assert_uint_le(seen.max_body, 1u << 20);
}
END_TEST

START_TEST(wrong_use_is_refused_and_takes_nothing)
{
    cardinal_batch_options unset = { 0 };
    static char key[1025];
    const char *twice[] = { "a", "a" };
    const char *unknown[] = { "z" };
    cardinal_batch *batch = NULL;
    start();
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, &unset, &batch), CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_open(client, "t", twice, 2, NULL, &batch), CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_open(client, "t", unknown, 1, NULL, &batch),
                     CARDINAL_NOT_FOUND);
    ck_assert_ptr_null(batch);
    batch = open_batch(NULL);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, FAKE_COLUMNS, 1), CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_int(batch, key, sizeof key, 0, 1), CARDINAL_ERR_USAGE);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.ingests, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_are_hashed_under_the_table,
        raw_values_travel_as_they_are,
        values_of_a_key_share_a_row,
        repeated_values_are_counted_but_sent_once,
        batch_is_sent_at_its_number_of_values,
        batch_is_sent_at_its_age,
        batches_in_quick_succession_are_held_until_the_window_is_full,
        polling_writes_what_is_held,
        batch_never_exceeds_the_frame,
        wrong_use_is_refused_and_takes_nothing,
    };
    return RUN_SUITE("client_batch", tests);
}
