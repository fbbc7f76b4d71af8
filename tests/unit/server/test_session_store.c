/* Sessions whose writes go to a store. */
#include <stdlib.h>
#include <string.h>

#include "daemon/server/session.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "tests/integration/harness/requests.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/server/loop_fixture.h"
#include "tests/unit/store/scratch.h"

static struct client client;
static struct scratch scratch;

static void poke(void *arg)
{
    (void)arg;
    loop_poke(&loop);
}

/* A store that is open, and that all changes go to from here on. */
static void open_store(void)
{
    struct error err;
    scratch_init(&scratch);
    const struct store_options options = { .path = scratch.path };
    ck_assert_int_eq(store_open(&options, &context.store, &err), ST_OK);
    store_listen(context.store, poke, NULL);
    catalog_set_sink(context.catalog, store_sink(context.store));
}

static void start_store(void)
{
    struct error err;
    ck_assert_int_eq(store_start(context.store, &err), ST_OK);
}

/* The loop ends first: answers that it holds wait for the store. */
static void end(void)
{
    struct store *store = context.store;
    client_close(&client);
    fixture_end();
    store_close(store);
    scratch_release(&scratch);
}

static void add_table(void)
{
    client_add_hello(&client);
    client_add(&client, request_create("t"));
}

/* Appends until there is no more room. */
static void fill_journal(void)
{
    static uint8_t key[KEY_MAX_BYTES];
    struct change_sink *sink = store_sink(context.store);
    struct change_place place = { .table_id = 1, .sequence = 1 };
    const struct change_row row = { 1, { key, sizeof key } };
    for (; !store_is_behind(context.store); place.sequence++) {
        place.stream = (uint32_t)(place.sequence % 64);
        sink->row_new(sink, &place, &row);
    }
}

/* Serves until a batch waits for room. */
static void await_pause(void)
{
    for (int i = 0; i < 10000 && stats_read(&loop.stats, COUNTER_JOURNAL_PAUSES) == 0; i++)
        fixture_serve_ms(1);
    ck_assert_uint_eq(stats_read(&loop.stats, COUNTER_JOURNAL_PAUSES), 1);
}

static uint64_t keys_of_table(void)
{
    struct bytes_view name = { (const uint8_t *)"t", 1 };
    struct table *table;
    struct table_info info;
    ck_assert_int_eq(catalog_find(context.catalog, name, &table, NULL), ST_OK);
    table_describe(table, &info);
    table_unref(table);
    return info.keys;
}

START_TEST(batch_waits_until_the_journal_has_room)
{
    fixture_begin();
    client_open(&client);
    add_table();
    client_send(&client);
    client_await(&client, 2);
    open_store();
    fill_journal();
    Cardinal__V1__Request *request = request_add("t", "k", "c", 0, 10);
    request->deadline_ms = 50; /* to be begun, which it is */
    client_add(&client, request);
    client_add(&client, request_count("t", "k", "c"));
    client_send(&client);
    await_pause();
    fixture_serve_ms(60);
    ck_assert_int_eq(client_status(&client, 3), -1);
    start_store();
    client_await(&client, 4);
    ck_assert_int_eq(client_status(&client, 3), ST_OK);
    ck_assert_int_eq(client_status(&client, 4), ST_OK);
    end();
}
END_TEST

START_TEST(batch_of_a_client_that_is_gone_waits_for_room_and_is_applied)
{
    fixture_begin();
    client_open(&client);
    add_table();
    client_send(&client);
    client_await(&client, 2);
    open_store();
    fill_journal();
    client_add(&client, request_add("t", "k", "c", 0, 10));
    client_send(&client);
    await_pause();
    client_close(&client);
    fixture_serve_ms(20);
    start_store();
    client_open(&client);
    client_add_hello(&client);
    client_send(&client);
    client_await(&client, 1);
    for (int i = 0; i < 10000 && keys_of_table() == 0; i++)
        fixture_serve_ms(1);
    ck_assert_uint_eq(keys_of_table(), 1);
    end();
}
END_TEST

static void add_ping(void)
{
    Cardinal__V1__Request *request = request_list();
    cardinal__v1__list_tables__free_unpacked(request->list_tables, NULL);
    request->body_case = CARDINAL__V1__REQUEST__BODY_PING;
    request->ping = calloc(1, sizeof *request->ping);
    ck_assert_ptr_nonnull(request->ping);
    cardinal__v1__ping__init(request->ping);
    client_add(&client, request);
}

START_TEST(what_needs_tables_is_refused_until_they_are_there)
{
    fixture_begin();
    atomic_store(&context.is_ready, false);
    client_open(&client);
    add_table();                                            /* 1, 2 */
    client_add(&client, request_add("t", "k", "c", 0, 10)); /* 3 */
    client_add(&client, request_count("t", "k", "c"));      /* 4 */
    add_ping();                                             /* 5 */
    client_send(&client);
    client_await(&client, 5);
    ck_assert_int_eq(client_status(&client, 1), ST_OK);
    for (uint64_t id = 2; id <= 4; id++)
        ck_assert_int_eq(client_status(&client, id), ST_NOT_READY);
    ck_assert_int_eq(client_status(&client, 5), ST_OK);
    atomic_store(&context.is_ready, true);
    client_add(&client, request_create("t"));
    client_send(&client);
    client_await(&client, 6);
    ck_assert_int_eq(client_status(&client, 6), ST_OK);
    client_close(&client);
    fixture_end();
}
END_TEST

START_TEST(answer_is_held_until_the_store_has_synced)
{
    fixture_begin();
    client_open(&client);
    open_store();
    add_table();
    client_add(&client, request_add("t", "k", "c", 0, 10));
    client_send(&client);
    fixture_serve_ms(30);
    ck_assert_int_eq(client_status(&client, 2), -1);
    client_await(&client, 2); /* hello, and the batch, which overtakes the table */
    ck_assert_int_eq(client_status(&client, 3), ST_OK);
    start_store();
    client_await(&client, 3);
    ck_assert_int_eq(client_status(&client, 2), ST_OK);
    end();
}
END_TEST

/* What may be said when one allocation failed somewhere before or in it. */
static bool is_excused(int status)
{
    return status == ST_OK || status == ST_RESOURCE_EXHAUSTED || status == ST_NOT_FOUND ||
           status == ST_FAILED_PRECONDITION || status == ST_UNAVAILABLE;
}

START_TEST(durable_session_outlives_every_failed_allocation)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        fixture_begin();
        open_store();
        start_store();
        memset(&client, 0, sizeof client);
        add_table();
        Cardinal__V1__Request *request = request_add("t", "k", "c", 0, 10);
        request->ingest->ack = CARDINAL__V1__ACK__ACK_DURABLE;
        client_add(&client, request);
        client_add(&client, request_delete("t", "k"));
        client_add(&client, request_drop("t"));
        failing_alloc_arm(n);
        client_connect(&client);
        client_send(&client);
        client_await(&client, client.last_id);
        failed = failing_alloc_disarm();
        for (uint64_t id = 1; id <= client.last_id && !client.is_closed; id++)
            ck_assert(is_excused(client_status(&client, id)));
        end();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        batch_waits_until_the_journal_has_room,
        batch_of_a_client_that_is_gone_waits_for_room_and_is_applied,
        what_needs_tables_is_refused_until_they_are_there,
        answer_is_held_until_the_store_has_synced,
        durable_session_outlives_every_failed_allocation,
    };
    return RUN_SUITE("session_store", tests);
}
