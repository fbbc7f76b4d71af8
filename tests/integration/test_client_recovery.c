/* The client library against a daemon that goes away, and tables that change. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "client/include/cardinal.h"
#include "tests/integration/client_proxy.h"
#include "tests/integration/harness/daemon.h"
#include "tests/integration/harness/run_integration.h"

#define CLIENTS 8
#define COLUMN_COUNT 2u
#define TABLE_SEED 7u

static const char *const columns[COLUMN_COUNT] = { "a", "b" };

static cardinal_client *connect_to(const char *address)
{
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client = NULL;
    char *text = NULL;
    options.address = address;
    cardinal_status status = cardinal_connect(&options, &client, &text);
    ck_assert_msg(status == CARDINAL_OK, "%s", text);
    return client;
}

static void make_table(cardinal_client *client, const char *name, uint64_t seed)
{
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = name;
    spec.columns = columns;
    spec.column_count = COLUMN_COUNT;
    spec.seed = seed;
    spec.if_not_exists = true;
    ck_assert_int_eq(cardinal_table_create(client, &spec, NULL, NULL), CARDINAL_OK);
}

static uint64_t digest_of(cardinal_client *client, const char *name)
{
    cardinal_table *table;
    ck_assert_int_eq(cardinal_table_describe(client, name, true, &table), CARDINAL_OK);
    uint64_t digest = table->digest;
    cardinal_table_free(table);
    return digest;
}

/* Value number i of the values that every test here adds: many keys, both
 * columns, all three types. */
static void add_value(cardinal_batch *batch, uint32_t i)
{
    char key[16];
    size_t len = (size_t)snprintf(key, sizeof key, "k%u", i / 7 % 97);
    uint32_t column = i % COLUMN_COUNT;
    cardinal_status status;
    if (i % 3 == 0)
        status = cardinal_batch_int(batch, key, len, column, (int64_t)i - 500);
    else if (i % 3 == 1)
        status = cardinal_batch_double(batch, key, len, column, i / 4.0);
    else
        status = cardinal_batch_string(batch, key, len, column, &i, sizeof i);
    ck_assert_int_eq(status, CARDINAL_OK);
}

/* Adds values [from, to), step apart, in batches of 100. */
static void add_values(cardinal_client *client, const char *table, bool raw, uint32_t from,
                       uint32_t to, uint32_t step)
{
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    cardinal_batch_totals totals;
    cardinal_batch *batch;
    options.max_values = 100;
    options.raw = raw;
    ck_assert_int_eq(cardinal_batch_open(client, table, columns, COLUMN_COUNT, &options, &batch),
                     CARDINAL_OK);
    for (uint32_t i = from; i < to; i += step)
        add_value(batch, i);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_get_totals(batch, &totals);
    ck_assert_uint_eq(totals.values, (to - from + step - 1) / step);
    cardinal_batch_close(batch);
}

START_TEST(raw_and_hashed_values_make_the_same_table)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_UNIX, NULL);
    cardinal_client *client = connect_to(daemon.unix_address);
    make_table(client, "hashed", TABLE_SEED);
    make_table(client, "raw", TABLE_SEED);
    add_values(client, "hashed", false, 0, 5000, 1);
    add_values(client, "raw", true, 0, 5000, 1);
    ck_assert_uint_eq(digest_of(client, "hashed"), digest_of(client, "raw"));
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

/* Adds the same values directly and through a proxy, and compares. */
static void add_through_cuts(size_t requests_max, size_t answers_max)
{
    enum { CUTS = 4 }; /* fewer than the times that a batch is tried again */
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    struct client_proxy proxy = {
        .to = daemon.tcp_address,
        .requests_max = requests_max,
        .answers_max = answers_max,
        .cuts_max = CUTS,
    };
    client_proxy_start(&proxy);
    cardinal_client *direct = connect_to(daemon.tcp_address);
    make_table(direct, "direct", TABLE_SEED);
    make_table(direct, "cut", TABLE_SEED);
    add_values(direct, "direct", false, 0, 20000, 1);
    cardinal_client *client = connect_to(proxy.address);
    add_values(client, "cut", false, 0, 20000, 1);
    ck_assert_int_eq(atomic_load(&proxy.cuts), CUTS);
    ck_assert_uint_eq(digest_of(client, "cut"), digest_of(direct, "direct"));
    cardinal_close(client);
    cardinal_close(direct);
    client_proxy_stop(&proxy);
    daemon_stop(&daemon);
}

START_TEST(batches_cut_off_on_the_way_there_are_sent_again)
{
    add_through_cuts(12345, 0);
}
END_TEST

START_TEST(batches_whose_answers_were_cut_off_are_sent_again)
{
    add_through_cuts(0, 333);
}
END_TEST

START_TEST(daemon_that_lost_its_table_hands_the_batch_back)
{
    struct daemon daemon;
    cardinal_batch *batch;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    cardinal_client *client = connect_to(daemon.tcp_address);
    make_table(client, "t", TABLE_SEED);
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, NULL, &batch), CARDINAL_OK);
    add_value(batch, 1);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_NOT_FOUND);
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_uint_eq(cardinal_failed_values(failed), 1);
    ck_assert_ptr_nonnull(strstr(cardinal_failed_message(failed), "'t'"));
    cardinal_failed_free(failed);
    cardinal_batch_close(batch);
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(raw_batch_survives_a_table_made_anew)
{
    struct daemon daemon;
    cardinal_batch *batch;
    cardinal_batch_options options = CARDINAL_BATCH_OPTIONS_INIT;
    options.raw = true;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    cardinal_client *client = connect_to(daemon.tcp_address);
    make_table(client, "t", TABLE_SEED);
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, &options, &batch), CARDINAL_OK);
    add_value(batch, 1);
    ck_assert_int_eq(cardinal_table_drop(client, "t", false, NULL), CARDINAL_OK);
    make_table(client, "t", TABLE_SEED + 1);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_OK);
    cardinal_batch_close(batch);
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(hashes_for_a_table_made_anew_are_handed_back)
{
    struct daemon daemon;
    cardinal_batch *batch;
    cardinal_table *table;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    cardinal_client *client = connect_to(daemon.tcp_address);
    make_table(client, "t", TABLE_SEED);
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, NULL, &batch), CARDINAL_OK);
    add_value(batch, 1);
    ck_assert_int_eq(cardinal_table_drop(client, "t", false, NULL), CARDINAL_OK);
    make_table(client, "t", TABLE_SEED + 1);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_FAILED_PRECONDITION);
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_int_eq(cardinal_failed_status(failed), CARDINAL_FAILED_PRECONDITION);
    ck_assert_int_eq(cardinal_batch_retry(batch, failed), CARDINAL_OK);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_FAILED_PRECONDITION);
    ck_assert_int_eq(cardinal_table_describe(client, "t", false, &table), CARDINAL_OK);
    ck_assert_uint_eq(table->keys, 0);
    cardinal_table_free(table);
    cardinal_batch_close(batch);
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

START_TEST(daemon_gone_for_good_is_a_connect_error)
{
    struct daemon daemon;
    cardinal_batch *batch;
    cardinal_options options = CARDINAL_OPTIONS_INIT;
    cardinal_client *client = NULL;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    options.address = daemon.tcp_address;
    options.retries = 2;
    ck_assert_int_eq(cardinal_connect(&options, &client, NULL), CARDINAL_OK);
    make_table(client, "t", TABLE_SEED);
    ck_assert_int_eq(cardinal_batch_open(client, "t", NULL, 0, NULL, &batch), CARDINAL_OK);
    add_value(batch, 1);
    daemon_kill(&daemon);
    ck_assert_int_eq(cardinal_batch_flush(batch), CARDINAL_ERR_CONNECT);
    cardinal_failed *failed = cardinal_batch_failed(batch);
    ck_assert_ptr_nonnull(failed);
    ck_assert_ptr_nonnull(strstr(cardinal_failed_message(failed), daemon.tcp_address));
    cardinal_failed_free(failed);
    cardinal_batch_close(batch);
    cardinal_close(client);
}
END_TEST

START_TEST(table_changes_survive_an_idle_connection_that_broke)
{
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_TCP, NULL);
    cardinal_client *client = connect_to(daemon.tcp_address);
    make_table(client, "t", TABLE_SEED);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    make_table(client, "t", TABLE_SEED); /* seen to be broken before anything is sent */
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

struct worker {
    const char *address;
    uint32_t number;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    cardinal_client *client = connect_to(worker->address);
    cardinal_selector all = cardinal_select_all();
    cardinal_union_result *result;
    add_values(client, "many", worker->number % 2 == 0, worker->number, 20000, CLIENTS);
    ck_assert_int_eq(cardinal_union(client, "many", &all, NULL, 0, &result), CARDINAL_OK);
    ck_assert_uint_gt(result->keys, 0);
    cardinal_union_free(result);
    cardinal_close(client);
    return NULL;
}

START_TEST(clients_in_threads_make_the_same_table_as_one)
{
    const char *const options[] = { "--threads", "4", NULL };
    struct worker workers[CLIENTS];
    struct daemon daemon;
    daemon_start(&daemon, DAEMON_TCP, options);
    cardinal_client *client = connect_to(daemon.tcp_address);
    make_table(client, "one", TABLE_SEED);
    make_table(client, "many", TABLE_SEED);
    add_values(client, "one", false, 0, 20000, 1);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        workers[i].address = daemon.tcp_address;
        workers[i].number = i;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        pthread_join(workers[i].thread, NULL);
    ck_assert_uint_eq(digest_of(client, "many"), digest_of(client, "one"));
    cardinal_close(client);
    daemon_stop(&daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        raw_and_hashed_values_make_the_same_table,
        batches_cut_off_on_the_way_there_are_sent_again,
        batches_whose_answers_were_cut_off_are_sent_again,
        daemon_that_lost_its_table_hands_the_batch_back,
        raw_batch_survives_a_table_made_anew,
        hashes_for_a_table_made_anew_are_handed_back,
        daemon_gone_for_good_is_a_connect_error,
        table_changes_survive_an_idle_connection_that_broke,
        clients_in_threads_make_the_same_table_as_one,
    };
    return RUN_INTEGRATION("client_recovery", tests);
}
