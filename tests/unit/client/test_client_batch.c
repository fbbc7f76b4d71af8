#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/include/cardinal.h"
#include "client/lib/clock.h"
#include "proto/value_hash.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/run_suite.h"

#define KEEP_MAX 64

/* What the server has seen. */
struct seen {
    unsigned ingests;
    size_t max_body;
    uint64_t values[KEEP_MAX]; /* of each ingest */
    Cardinal__V1__Ingest *first;
    Cardinal__V1__Status refuse_with; /* ingests, from the first connection on */
    unsigned refuse;                  /* so many of them */
    unsigned silent;                  /* or leaves so many unanswered */
};

static struct seen seen;
static struct fake_server server;
static cardinal_client *client;

static Cardinal__V1__Ingest *copy_of(const Cardinal__V1__Ingest *ingest)
{
    size_t size = cardinal__v1__ingest__get_packed_size(ingest);
    uint8_t *packed = malloc(size + 1);
    cardinal__v1__ingest__pack(ingest, packed);
    Cardinal__V1__Ingest *copy = cardinal__v1__ingest__unpack(NULL, size, packed);
    free(packed);
    return copy;
}

static enum fake_action record(const Cardinal__V1__Request *request, struct fake_reply *reply,
                               int connection, void *arg)
{
    struct seen *into = arg;
    (void)connection;
    if (request->body_case != CARDINAL__V1__REQUEST__BODY_INGEST)
        return FAKE_ANSWER;
    size_t size = cardinal__v1__ingest__get_packed_size(request->ingest);
    if (size > into->max_body)
        into->max_body = size;
    if (into->ingests < KEEP_MAX)
        into->values[into->ingests] = reply->ingest.values;
    if (into->ingests++ == 0) /* to be freed by forget_seen() */
        into->first = copy_of(request->ingest);
    if (into->refuse > 0) {
        into->refuse--;
        return fake_error(reply, into->refuse_with, "refused by the test");
    }
    if (into->silent > 0) {
        into->silent--;
        return FAKE_SILENCE;
    }
    return FAKE_ANSWER;
}

static void start(void)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    fake_server_start(&server, record, &seen);
    options.address = server.address;
    options.request_timeout_ms = 2000;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
}

static void stop(void)
{
    cardinal_close(client);
    fake_server_stop(&server);
}

static void forget_seen(void)
{
    cardinal__v1__ingest__free_unpacked(seen.first, NULL);
}

static cardinal_batch *open_batch(const cardinal_batch_options *options)
{
    cardinal_batch *batch = NULL;
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, options, &batch), CARDINAL_OK);
    return batch;
}

static cardinal_status add(cardinal_batch *batch, const char *key, uint32_t column,
                           const char *value)
{
    return cardinal_batch_string(batch, key, strlen(key), column, value, strlen(value));
}

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

START_TEST(full_batch_fails_when_told_so)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_values = 2;
    options.max_in_flight = 1;
    options.when_full = CARDINAL_FULL_FAIL;
    seen.silent = 1;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 4), CARDINAL_ERR_FULL);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 5), CARDINAL_ERR_FULL);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(full_batch_waits_for_answers)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 1;
    options.max_in_flight = 2;
    start();
    cardinal_batch *batch = open_batch(&options);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, i), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.batches, 50);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(held_bytes_are_bounded)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.max_bytes = 4096;
    options.max_in_flight = 100;
    options.when_full = CARDINAL_FULL_FAIL;
    options.max_age_ms = 1000000;
    seen.silent = 1000;
    start();
    cardinal_batch *batch = open_batch(&options);
    int taken = 0;
    while (cardinal_batch_int(batch, "k", 1, 0, taken) == CARDINAL_OK)
        taken++;
    ck_assert_int_lt(taken, 4096 / 8);
    ck_assert_int_gt(taken, 4096 / 8 / 2);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(refused_batch_is_handed_back_and_may_be_retried)
{
    cardinal_batch_totals totals;
    seen.refuse = 1;
    seen.refuse_with = CARDINAL__V1__STATUS__STATUS_RESOURCE_EXHAUSTED;
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "k", 0, "1"), CARDINAL_OK);
    ck_assert_int_eq(add(batch, "k", 0, "2"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(cardinal_error(client), "refused by the test");
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK); /* told once */
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_ptr_null(cardinal_batch_failed(batch));
    ck_assert_int_eq(cardinal_failed_status(failed), CARDINAL_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(cardinal_failed_message(failed), "refused by the test");
    ck_assert_uint_eq(cardinal_failed_values(failed), 2);
    ck_assert_int_eq(cardinal_batch_retry(batch, failed), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, 2);
    ck_assert_uint_eq(totals.batches, 2);
    ck_assert_uint_eq(totals.failed_batches, 1);
    cardinal_batch_close(batch);
    stop();
    ck_assert_uint_eq(seen.ingests, 2);
    ck_assert_uint_eq(seen.values[1], 2);
}
END_TEST

START_TEST(failure_is_told_by_a_later_add_that_takes_its_value)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    options.max_values = 1;
    options.max_in_flight = 1;
    seen.refuse = 1;
    seen.refuse_with = CARDINAL__V1__STATUS__STATUS_FAILED_PRECONDITION;
    start();
    cardinal_batch *batch = open_batch(&options);
    ck_assert_int_eq(cardinal_batch_int(batch, "k", 1, 0, 1), CARDINAL_OK);
    cardinal_status status = CARDINAL_OK;
    int added = 1;
    while (status == CARDINAL_OK && added < 5)
        status = cardinal_batch_int(batch, "k", 1, 0, ++added);
    ck_assert_int_eq(status, CARDINAL_FAILED_PRECONDITION);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, (uint64_t)added - 1);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
}
END_TEST

START_TEST(unanswered_batch_times_out_and_is_handed_back)
{
    seen.silent = 1;
    start();
    cardinal_batch *batch = open_batch(NULL);
    ck_assert_int_eq(add(batch, "k", 0, "1"), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_ERR_TIMEOUT);
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_int_eq(cardinal_batch_retry(batch, failed), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    stop();
    forget_seen();
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
        batch_never_exceeds_the_frame,
        full_batch_fails_when_told_so,
        full_batch_waits_for_answers,
        held_bytes_are_bounded,
        refused_batch_is_handed_back_and_may_be_retried,
        failure_is_told_by_a_later_add_that_takes_its_value,
        unanswered_batch_times_out_and_is_handed_back,
        wrong_use_is_refused_and_takes_nothing,
    };
    return RUN_SUITE("client_batch", tests);
}
