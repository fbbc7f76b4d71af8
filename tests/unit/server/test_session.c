#include "daemon/server/session.h"

#include <stdio.h>
#include <string.h>

#include "daemon/server/call.h"
#include "daemon/table/catalog.h"
#include "tests/integration/harness/requests.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/server/loop_fixture.h"

#define LARGE 8000u /* values of a batch that the pool prepares */

static struct client client;
static struct client other;

static void add_hello_and_table(struct client *to)
{
    client_add_hello(to);
    Cardinal__V1__Request *request = request_create("t");
    request->create_table->if_not_exists = 1;
    client_add(to, request);
}

static void add_scan(struct client *to)
{
    Cardinal__V1__Request *request = request_scan("t", "c");
    request->scan->selector = select_all();
    client_add(to, request);
}

static void add_union(struct client *to)
{
    Cardinal__V1__Request *request = request_union("t", "c");
    request->union_->selector = select_all();
    client_add(to, request);
}

/* One of each kind that matters, as one write. */
static void add_conversation(struct client *to)
{
    add_hello_and_table(to);
    client_add(to, request_add("t", "k", "c", 0, 10));
    client_add(to, request_add("t", "l", "c", 0, LARGE));
    client_add(to, request_count("t", "k", "c"));
    add_scan(to);
    add_union(to);
    client_add(to, request_delete("t", "k"));
    client_add(to, request_list());
    client_add(to, request_describe("t"));
    client_add(to, request_drop("t"));
    client_add(to, request_count("t", "k", "c"));
}

/* Demands of a new connection that the server works. */
static void check_works(void)
{
    client_open(&other);
    add_hello_and_table(&other);
    client_add(&other, request_add("t", "m", "c", 0, 100));
    client_add(&other, request_count("t", "m", "c"));
    client_add(&other, request_drop("t"));
    client_send(&other);
    client_await(&other, other.last_id);
    for (uint64_t id = 1; id <= other.last_id; id++)
        ck_assert_int_eq(client_status(&other, id), ST_OK);
    client_close(&other);
}

START_TEST(session_answers_a_conversation)
{
    fixture_begin();
    client_open(&client);
    add_conversation(&client);
    client_send(&client);
    client_await(&client, client.last_id);
    for (uint64_t id = 1; id < client.last_id; id++)
        ck_assert_int_eq(client_status(&client, id), ST_OK);
    ck_assert_int_eq(client_status(&client, client.last_id), ST_NOT_FOUND);
    client_close(&client);
    check_works();
    fixture_end();
}
END_TEST

/* The estimate that answers request `id` about one key, and whether the key is there. */
static double answered(uint64_t id, bool *found)
{
    Cardinal__V1__Response *response = client_response(&client, id);
    double value = -1;

    ck_assert_ptr_nonnull(response);
    *found = false;
    if (response->body_case == CARDINAL__V1__RESPONSE__BODY_CARDINALITY) {
        ck_assert_uint_eq(response->cardinality->n_columns, 1);
        ck_assert_str_eq(response->cardinality->columns[0], "c");
        ck_assert_uint_eq(response->cardinality->n_keys, 1);
        *found = response->cardinality->keys[0]->found;
        value = response->cardinality->keys[0]->estimates[0];
    }
    cardinal__v1__response__free_unpacked(response, NULL);
    return value;
}

#define POINTS 200u /* of one read: more than are answered together */

START_TEST(session_answers_points_of_one_read_each_in_its_place)
{
    static const char *const tables[] = { "t", "t", "t", "missing", "t" };
    static const char *const keys[] = { "k", "none", "l", "k", "k" };
    static const char *const columns[] = { "c", "c", "c", "c", "missing" };
    static const int statuses[] = { ST_OK, ST_OK, ST_OK, ST_NOT_FOUND, ST_NOT_FOUND };
    static const double values[] = { 1, 0, 2, -1, -1 };
    bool found;

    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    client_add(&client, request_add("t", "k", "c", 0, 1));
    client_add(&client, request_add("t", "l", "c", 0, 2));
    uint64_t before = client.last_id;
    for (unsigned i = 0; i < POINTS; i++) {
        unsigned kind = i % 7 < 5 ? i % 3 : i % 5;
        client_add(&client, request_count(tables[kind], keys[kind], columns[kind]));
    }
    client_send(&client);
    client_await(&client, client.last_id);
    for (unsigned i = 0; i < POINTS; i++) {
        unsigned kind = i % 7 < 5 ? i % 3 : i % 5;
        ck_assert_int_eq(client_status(&client, before + 1 + i), statuses[kind]);
        ck_assert_double_eq_tol(answered(before + 1 + i, &found), values[kind], 0.01);
        ck_assert_int_eq(found, values[kind] > 0);
    }
    ck_assert_uint_eq(stats_read(&loop.stats, COUNTER_REQUESTS + (unsigned)REQUEST_CARDINALITY),
                      POINTS);
    client_close(&client);
    fixture_end();
}
END_TEST

START_TEST(session_answers_points_after_the_batches_before_them)
{
    bool found;

    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    uint64_t before = client.last_id;
    for (unsigned i = 0; i < 50; i++) {
        client_add(&client, request_add("t", "k", "c", i, 1));
        client_add(&client, request_count("t", "k", "c"));
        client_add(&client, request_count("t", "k", "c"));
    }
    client_send(&client);
    client_await(&client, client.last_id);
    for (unsigned i = 0; i < 50; i++) {
        ck_assert_double_eq_tol(answered(before + 3 * i + 2, &found), i + 1, 0.01);
        ck_assert_double_eq_tol(answered(before + 3 * i + 3, &found), i + 1, 0.01);
    }
    client_close(&client);
    fixture_end();
}
END_TEST

/* What may be said when one allocation failed somewhere before or in it. */
static bool is_excused(int status)
{
    return status == ST_OK || status == ST_RESOURCE_EXHAUSTED || status == ST_NOT_FOUND ||
           status == ST_FAILED_PRECONDITION;
}

START_TEST(session_outlives_every_failed_allocation)
{
    bool failed = true;
    long refused = 0;

    for (long n = 0; failed; n++) {
        fixture_begin();
        memset(&client, 0, sizeof client);
        add_conversation(&client);
        failing_alloc_arm(n);
        client_connect(&client);
        client_send(&client);
        client_await(&client, client.last_id);
        failed = failing_alloc_disarm();
        for (uint64_t id = 1; id < client.last_id && !client.is_closed; id++) {
            ck_assert(is_excused(client_status(&client, id)));
            refused += client_status(&client, id) == ST_RESOURCE_EXHAUSTED;
        }
        client_close(&client);
        check_works();
        fixture_end();
    }
    ck_assert_int_gt(refused, 5);
}
END_TEST

START_TEST(session_answers_what_waits_when_its_deadline_has_come)
{
    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    client_add(&client, request_add("t", "k", "c", 0, 10));
    client_send(&client);
    client_await(&client, 3);
    fixture_hold_pool();
    add_union(&client); /* 4: waits for the pool */
    Cardinal__V1__Request *request = request_delete("t", "k");
    request->deadline_ms = 30;
    client_add(&client, request);                           /* 5: waits for 4 */
    client_add(&client, request_add("t", "k", "c", 10, 5)); /* 6: waits for 4 */
    request = request_add("t", "m", "c", 0, LARGE);
    request->deadline_ms = 40;
    client_add(&client, request);                      /* 7: waits for 6 */
    client_add(&client, request_count("t", "k", "c")); /* 8 */
    client_send(&client);
    client_await(&client, 5);
    ck_assert_int_eq(client_status(&client, 4), -1);
    ck_assert_int_eq(client_status(&client, 5), ST_DEADLINE_EXCEEDED);
    ck_assert_int_eq(client_status(&client, 7), ST_DEADLINE_EXCEEDED);
    fixture_release_pool();
    client_await(&client, 8);
    ck_assert_int_eq(client_status(&client, 4), ST_OK);
    ck_assert_int_eq(client_status(&client, 6), ST_OK);
    ck_assert_int_eq(client_status(&client, 8), ST_OK);
    client_add(&client, request_count("t", "m", "c"));
    client_send(&client);
    client_await(&client, 9);
    ck_assert_int_eq(client_status(&client, 9), ST_OK);
    client_close(&client);
    fixture_end();
}
END_TEST

/* What looks at every table takes as long as there are tables. */
START_TEST(loop_leaves_lists_of_many_tables_to_the_pool)
{
    fixture_begin();
    client_open(&client);
    client_add_hello(&client);
    for (unsigned i = 0; i <= CALL_LOOP_TABLES_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "t%u", i);
        client_add(&client, request_create(name));
    }
    client_send(&client);
    client_await(&client, client.last_id);
    fixture_hold_pool();
    client_add(&client, request_list());
    uint64_t all = client.last_id;
    Cardinal__V1__Request *request = request_list();
    request->list_tables->limit = 1;
    client_add(&client, request);
    uint64_t one = client.last_id;
    client_send(&client);
    client_await(&client, client.last_id - 1);
    ck_assert_int_eq(client_status(&client, all), -1);
    ck_assert_int_eq(client_status(&client, one), ST_OK);
    fixture_release_pool();
    client_await(&client, client.last_id);
    ck_assert_int_eq(client_status(&client, all), ST_OK);
    client_close(&client);
    fixture_end();
}
END_TEST

/* Turns given to connections so far. */
static uint64_t turns(void)
{
    struct delay_sum sum = { .all = 0 };

    delay_add_to(&loop.turn_time, &sum);
    return sum.all;
}

/* A connection with much to do gets one turn at a time, and one that asks little is
 * looked at between any two of those, however many wait. */
START_TEST(loop_lets_who_asks_little_wait_for_few_lengthy_turns)
{
    enum { BUSY = 7, BATCHES = 6, VALUES = 2000, ROUNDS = 16 };
    static struct client busy[BUSY];
    unsigned waited = 0;

    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    client_send(&client);
    client_await(&client, 2);
    for (unsigned i = 0; i < BUSY; i++) {
        client_open(&busy[i]);
        client_add_hello(&busy[i]);
        for (unsigned batch = 0; batch < BATCHES; batch++)
            client_add(&busy[i], request_add("t", "k", "c", i * 10000, VALUES));
        client_send(&busy[i]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t before = turns();
        client_add(&client, request_count("t", "k", "c"));
        client_send(&client);
        client_await(&client, client.last_id);
        waited += turns() - before > BUSY; /* for all of them */
    }
    /* Half, until it is known who takes long. With a sanitizer every turn does. */
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    ck_assert_uint_le(waited, ROUNDS / 2);
#endif
    for (unsigned i = 0; i < BUSY; i++) {
        client_await(&busy[i], busy[i].last_id);
        client_close(&busy[i]);
    }
    client_close(&client);
    fixture_end();
}
END_TEST

START_TEST(session_answers_a_large_batch_when_its_deadline_has_come)
{
    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    client_send(&client);
    client_await(&client, 2);
    fixture_hold_pool();
    Cardinal__V1__Request *request = request_add("t", "m", "c", 0, LARGE);
    request->deadline_ms = 30;
    client_add(&client, request);
    client_add(&client, request_describe("t"));
    client_send(&client);
    client_await(&client, 3);
    ck_assert_int_eq(client_status(&client, 3), ST_DEADLINE_EXCEEDED);
    fixture_release_pool();
    client_await(&client, 4);
    ck_assert_int_eq(client_status(&client, 4), ST_OK);
    client_close(&client);
    ck_assert_uint_eq(stats_read(&loop.stats, COUNTER_VALUES), 0);
    fixture_end();
}
END_TEST

static void give_back(uv_idle_t *idle)
{
    table_unref(idle->data);
    uv_close((uv_handle_t *)idle, NULL);
}

START_TEST(loop_leaves_a_dropped_table_to_the_pool)
{
    static const struct bytes_view name = { (const uint8_t *)"t", 1 };
    struct table *table = NULL;
    uv_idle_t idle;

    fixture_begin();
    client_open(&client);
    add_hello_and_table(&client);
    client_send(&client);
    client_await(&client, 2);
    ck_assert_int_eq(catalog_find(context.catalog, name, &table, NULL), ST_OK);
    ck_assert_int_eq(catalog_drop(context.catalog, name, NULL), ST_OK);
    fixture_hold_pool();
    uv_idle_init(&loop.uv, &idle);
    idle.data = table;
    uv_idle_start(&idle, give_back);
    fixture_serve_ms(5);
    ck_assert_uint_eq(loop.jobs, 1);
    fixture_release_pool();
    while (loop.jobs > 0)
        fixture_serve_ms(1);
    client_close(&client);
    fixture_end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        session_answers_a_conversation,
        session_answers_points_of_one_read_each_in_its_place,
        session_answers_points_after_the_batches_before_them,
        session_outlives_every_failed_allocation,
        session_answers_what_waits_when_its_deadline_has_come,
        session_answers_a_large_batch_when_its_deadline_has_come,
        loop_lets_who_asks_little_wait_for_few_lengthy_turns,
        loop_leaves_a_dropped_table_to_the_pool,
        loop_leaves_lists_of_many_tables_to_the_pool,
    };

    return RUN_SUITE("session", tests);
}
