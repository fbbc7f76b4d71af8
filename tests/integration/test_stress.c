/* Many clients at once doing everything, and what must be true after. Worth
 * most under the sanitizers. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/requests.h"
#include "tests/integration/harness/run_integration.h"
#include "tests/integration/harness/scene.h"

enum {
    CLIENTS = 8,
    STEPS = 250,
    OWN_KEYS = 20,       /* of each client, in the shared table */
    COMMON_VALUES = 300, /* that each client adds to the key of all */
    STEP_VALUES = 40,
};

static const char *const columns[] = { "c", "d" };

struct client {
    pthread_t thread;
    const char *address;
    unsigned number;
    uint64_t random;
    uint64_t common_sent;
    uint64_t own[OWN_KEYS]; /* values that each own key holds: 0 .. own[i] - 1 */
    struct wire wire;
};

static uint64_t next_random(struct client *client)
{
    uint64_t x = client->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return client->random = x;
}

static void own_key(char out[32], const struct client *client, unsigned key)
{
    snprintf(out, 32, "client%u/%u", client->number, key);
}

static void add_to_own(struct client *client)
{
    char name[32];
    unsigned key = (unsigned)(next_random(client) % OWN_KEYS);
    own_key(name, client, key);
    call_add(&client->wire, "shared", name, "c", client->own[key], STEP_VALUES);
    client->own[key] += STEP_VALUES;
}

static void check_own(struct client *client)
{
    char name[32];
    unsigned key = (unsigned)(next_random(client) % OWN_KEYS);
    own_key(name, client, key);
    double estimate = call_count(&client->wire, "shared", name, "c");
    ck_assert_double_eq_tol(estimate, (double)client->own[key], 1);
}

static void delete_own(struct client *client)
{
    char name[32];
    unsigned key = (unsigned)(next_random(client) % OWN_KEYS);
    own_key(name, client, key);
    ck_assert_int_eq(call_delete(&client->wire, "shared", name), client->own[key] > 0);
    client->own[key] = 0;
}

/* Several adds and counts on their way at once, to one key. */
static void pipeline_own(struct client *client)
{
    enum { DEPTH = 10 };
    char name[32];
    double expected[2 * DEPTH];
    unsigned key = (unsigned)(next_random(client) % OWN_KEYS);
    own_key(name, client, key);
    uint64_t first = client->wire.last_id + 1;
    for (size_t i = 0; i < DEPTH; i++) {
        Cardinal__V1__Request *add = request_add("shared", name, "c", client->own[key], 3);
        Cardinal__V1__Request *count = request_count("shared", name, "c");
        wire_send(&client->wire, add);
        wire_send(&client->wire, count);
        request_free(add);
        request_free(count);
        client->own[key] += 3;
        expected[2 * i + 1] = (double)client->own[key];
    }
    for (size_t i = 0; i < (size_t)2 * DEPTH; i++) {
        Cardinal__V1__Response *response = wire_receive(&client->wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_msg(response->status == 0, "%s", response->message);
        ck_assert_uint_lt(response->id - first, (size_t)2 * DEPTH);
        if (response->body_case == CARDINAL__V1__RESPONSE__BODY_CARDINALITY)
            ck_assert_double_eq_tol(response->cardinality->keys[0]->estimates[0],
                                    expected[response->id - first], 1);
        wire_free(response);
    }
}

static void add_to_common(struct client *client)
{
    uint64_t n = COMMON_VALUES - client->common_sent;
    n = n < STEP_VALUES ? n : STEP_VALUES;
    uint64_t first = (uint64_t)client->number * COMMON_VALUES + client->common_sent;
    call_add(&client->wire, "shared", "all", "d", first, n);
    client->common_sent += n;
}

static int compare_bytes(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void scan_shared(struct client *client)
{
    Cardinal__V1__Request *request = request_scan("shared", NULL);
    request->scan->selector = select_all();
    request->scan->limit = 50;
    Cardinal__V1__Response *response = call_ok(&client->wire, request);
    const Cardinal__V1__ScanReply *page = response->scan;
    for (size_t i = 1; i < page->n_keys; i++)
        ck_assert_int_lt(compare_bytes(page->keys[i - 1]->key, page->keys[i]->key), 0);
    wire_free(response);
    request_free(request);
}

/* How many own keys there are, and how many values the fullest holds. */
static uint64_t survey_own(const struct client *client, uint64_t *most)
{
    uint64_t keys = 0;
    *most = 0;
    for (unsigned i = 0; i < OWN_KEYS; i++) {
        keys += client->own[i] > 0;
        *most = client->own[i] > *most ? client->own[i] : *most;
    }
    return keys;
}

static void union_of_own(struct client *client)
{
    char prefix[32];
    uint64_t most;
    uint64_t keys = survey_own(client, &most);
    snprintf(prefix, sizeof prefix, "client%u/", client->number);
    Cardinal__V1__Request *request = request_union("shared", "c");
    request->union_->selector = select_prefix(prefix);
    Cardinal__V1__Response *response = call_ok(&client->wire, request);
    ck_assert_uint_eq(response->union_->keys, keys);
    ck_assert_double_eq_tol(response->union_->estimates[0], (double)most, 1);
    wire_free(response);
    request_free(request);
}

/* While others add and delete: the union of all holds what is ours at least. */
static void union_of_all(struct client *client)
{
    uint64_t most;
    uint64_t keys = survey_own(client, &most);
    Cardinal__V1__Request *request = request_union("shared", "c");
    request->union_->selector = select_all();
    Cardinal__V1__Response *response = call_ok(&client->wire, request);
    ck_assert_uint_ge(response->union_->keys, keys);
    ck_assert_double_ge(response->union_->estimates[0], (double)most - 1);
    wire_free(response);
    request_free(request);
}

static void top_of_own(struct client *client)
{
    char prefix[32];
    uint64_t most;
    uint64_t keys = survey_own(client, &most);
    snprintf(prefix, sizeof prefix, "client%u/", client->number);
    Cardinal__V1__Request *request = request_top("shared", "c", 5);
    request->top->selector = select_prefix(prefix);
    Cardinal__V1__Response *response = call_ok(&client->wire, request);
    const Cardinal__V1__TopReply *top = response->top;
    ck_assert_uint_eq(top->n_keys, keys < 5 ? keys : 5);
    for (size_t i = 1; i < top->n_keys; i++)
        ck_assert_double_ge(top->keys[i - 1]->estimates[0], top->keys[i]->estimates[0]);
    if (keys > 0)
        ck_assert_double_eq_tol(top->keys[0]->estimates[0], (double)most, 1);
    wire_free(response);
    request_free(request);
}

static void read_stats(struct client *client)
{
    uint64_t before = call_stat(&client->wire, "requests.stats");
    ck_assert_uint_gt(call_stat(&client->wire, "requests.stats"), before);
}

/* A table of its own from birth to death. */
static void live_a_table(struct client *client)
{
    char name[32];
    char renamed[32];
    snprintf(name, sizeof name, "own%u", client->number);
    snprintf(renamed, sizeof renamed, "renamed%u", client->number);
    call_create(&client->wire, name, columns, 2, next_random(client));
    call_add(&client->wire, name, "k", "c", 0, STEP_VALUES);
    Cardinal__V1__Request *alter = request_alter(name);
    append_text(&alter->alter_table->add_columns, &alter->alter_table->n_add_columns, "e");
    append_text(&alter->alter_table->drop_columns, &alter->alter_table->n_drop_columns, "d");
    set_text(&alter->alter_table->rename_to, renamed);
    wire_free(call_ok(&client->wire, alter));
    request_free(alter);
    call_add(&client->wire, renamed, "k", "e", 0, 3);
    ck_assert_double_eq_tol(call_count(&client->wire, renamed, "k", "c"), STEP_VALUES, 0.1);
    ck_assert_double_eq_tol(call_count(&client->wire, renamed, "k", "e"), 3, 0.1);
    call_drop(&client->wire, renamed);
}

/* A table that all of them make, fill and drop at the same time. */
static void fight_for_a_table(struct client *client)
{
    Cardinal__V1__Request *requests[] = {
        request_create("contested"),
        request_add("contested", "k", "c", next_random(client), STEP_VALUES),
        request_count("contested", "k", "c"),
        request_drop("contested"),
    };
    size_t count = sizeof requests / sizeof requests[0];
    for (size_t i = 0; i < count; i++) {
        wire_send(&client->wire, requests[i]);
        request_free(requests[i]);
    }
    for (size_t i = 0; i < count; i++) {
        Cardinal__V1__Response *response = wire_receive(&client->wire);
        ck_assert_ptr_nonnull(response);
        ck_assert_msg(response->status == CARDINAL__V1__STATUS__STATUS_OK ||
                          response->status == CARDINAL__V1__STATUS__STATUS_NOT_FOUND ||
                          response->status == CARDINAL__V1__STATUS__STATUS_ALREADY_EXISTS,
                      "%s", response->message);
        wire_free(response);
    }
}

static void take_digest(struct client *client)
{
    call_digest(&client->wire, "shared");
}

/* Comes and goes in the middle of something. */
static void hang_up(struct client *client)
{
    struct wire rude;
    call_connect(&rude, client->address);
    Cardinal__V1__Request *request = request_scan("shared", NULL);
    request->scan->selector = select_all();
    for (int i = 0; i < 5; i++)
        wire_send(&rude, request);
    request_free(request);
    wire_close(&rude);
}

static void *run_client(void *arg)
{
    static void (*const acts[])(struct client *) = {
        pipeline_own, add_to_own,   add_to_own,        check_own,    check_own,   delete_own,
        scan_shared,  union_of_own, fight_for_a_table, live_a_table, take_digest, hang_up,
        union_of_all, union_of_all, top_of_own,        read_stats,
    };
    struct client *client = arg;
    call_connect(&client->wire, client->address);
    for (int step = 0; step < STEPS; step++) {
        if (client->common_sent < COMMON_VALUES && step % 20 == 0)
            add_to_common(client);
        acts[next_random(client) % (sizeof acts / sizeof acts[0])](client);
    }
    wire_close(&client->wire);
    return NULL;
}

/* What the clients left, put into another table by one client alone. */
static void replay(struct wire *wire, const struct client *clients)
{
    char name[32];
    call_create(wire, "replayed", columns, 2, 5);
    call_add(wire, "replayed", "all", "d", 0, (uint64_t)CLIENTS * COMMON_VALUES);
    for (unsigned i = 0; i < CLIENTS; i++) {
        for (unsigned key = 0; key < OWN_KEYS; key++) {
            own_key(name, &clients[i], key);
            call_add(wire, "replayed", name, "c", 0, clients[i].own[key]);
        }
    }
}

START_TEST(eight_clients_at_once_leave_what_one_would)
{
    const char *const options[] = { "--threads", "4", NULL };
    static struct client clients[CLIENTS];
    struct daemon daemon;
    struct wire wire;
    daemon_start(&daemon, DAEMON_TCP | DAEMON_UNIX, options);
    call_connect(&wire, daemon.tcp_address);
    call_create(&wire, "shared", columns, 2, 5);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].address = i % 2 == 0 ? daemon.tcp_address : daemon.unix_address;
        clients[i].number = i;
        clients[i].random = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    double common = call_count(&wire, "shared", "all", "d");
    ck_assert_double_eq_tol(common, CLIENTS * COMMON_VALUES, 3);
    replay(&wire, clients);
    ck_assert_uint_eq(call_keys(&wire, "shared"), call_keys(&wire, "replayed"));
    ck_assert_uint_eq(call_digest(&wire, "shared"), call_digest(&wire, "replayed"));
    ck_assert_uint_eq(call_stat(&wire, "errors.internal"), 0);
    wire_close(&wire);
    daemon_stop(&daemon);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        eight_clients_at_once_leave_what_one_would,
    };
    return RUN_INTEGRATION("stress", tests);
}
