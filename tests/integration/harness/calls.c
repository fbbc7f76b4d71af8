#include "tests/integration/harness/calls.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/requests.h"

#define ADD_MAX 4096u /* values a batch */

Cardinal__V1__Response *call_ok(struct wire *wire, Cardinal__V1__Request *request)
{
    Cardinal__V1__Response *response = wire_call(wire, request);
    ck_assert_msg(response->status == CARDINAL__V1__STATUS__STATUS_OK, "refused with %d: %s",
                  (int)response->status, response->message);
    ck_assert_str_eq(response->message, "");
    ck_assert_int_eq((int)response->body_case, (int)request->body_case);
    return response;
}

void assert_refused(Cardinal__V1__Response *response, Cardinal__V1__Status status, const char *text)
{
    ck_assert_msg(response != NULL, "the daemon hung up instead of answering");
    ck_assert_msg(response->status == status, "status is %d instead of %d: '%s'",
                  (int)response->status, (int)status, response->message);
    ck_assert_int_eq(response->body_case, CARDINAL__V1__RESPONSE__BODY__NOT_SET);
    ck_assert_msg(strstr(response->message, text) != NULL, "'%s' does not say '%s'",
                  response->message, text);
    wire_free(response);
}

void call_refused(struct wire *wire, Cardinal__V1__Request *request, Cardinal__V1__Status status,
                  const char *text)
{
    assert_refused(wire_call(wire, request), status, text);
}

void call_hello(struct wire *wire)
{
    Cardinal__V1__Hello hello = CARDINAL__V1__HELLO__INIT;
    hello.min_version = 1;
    hello.max_version = 1;
    Cardinal__V1__Request request = REQUEST_OF(HELLO, hello, &hello);
    wire_free(call_ok(wire, &request));
}

void call_connect(struct wire *wire, const char *address)
{
    wire_connect_silently(wire, address);
    call_hello(wire);
}

void call_ping(struct wire *wire)
{
    Cardinal__V1__Ping ping = CARDINAL__V1__PING__INIT;
    Cardinal__V1__Request request = REQUEST_OF(PING, ping, &ping);
    wire_free(call_ok(wire, &request));
}

uint64_t call_create(struct wire *wire, const char *table, const char *const *columns,
                     size_t column_count, uint64_t seed)
{
    Cardinal__V1__CreateTable create = CARDINAL__V1__CREATE_TABLE__INIT;
    create.name = (char *)(uintptr_t)table;
    create.columns = (char **)(uintptr_t)columns;
    create.n_columns = column_count;
    create.seed = seed;
    Cardinal__V1__Request request = REQUEST_OF(CREATE_TABLE, create_table, &create);
    Cardinal__V1__Response *response = call_ok(wire, &request);
    ck_assert(response->create_table->created);
    uint64_t id = response->create_table->table->table_id;
    wire_free(response);
    return id;
}

void call_drop(struct wire *wire, const char *table)
{
    Cardinal__V1__DropTable drop = CARDINAL__V1__DROP_TABLE__INIT;
    drop.table = (char *)(uintptr_t)table;
    Cardinal__V1__Request request = REQUEST_OF(DROP_TABLE, drop_table, &drop);
    Cardinal__V1__Response *response = call_ok(wire, &request);
    ck_assert(response->drop_table->dropped);
    wire_free(response);
}

void call_add(struct wire *wire, const char *table, const char *key, const char *column,
              uint64_t first, uint64_t count)
{
    while (count > 0) {
        uint64_t n = count < ADD_MAX ? count : ADD_MAX;
        Cardinal__V1__Request *request = request_add(table, key, column, first, n);
        Cardinal__V1__Response *response = call_ok(wire, request);
        ck_assert_uint_eq(response->ingest->values, n);
        wire_free(response);
        request_free(request);
        first += n;
        count -= n;
    }
}

double call_count(struct wire *wire, const char *table, const char *key, const char *column)
{
    Cardinal__V1__Request *request = request_count(table, key, column);
    Cardinal__V1__Response *response = call_ok(wire, request);
    ck_assert_uint_eq(response->cardinality->n_keys, 1);
    ck_assert_uint_eq(response->cardinality->keys[0]->n_estimates, 1);
    double estimate = response->cardinality->keys[0]->estimates[0];
    ck_assert(response->cardinality->keys[0]->found || estimate == 0);
    wire_free(response);
    request_free(request);
    return estimate;
}

bool call_delete(struct wire *wire, const char *table, const char *key)
{
    Cardinal__V1__Request *request = request_delete(table, key);
    Cardinal__V1__Response *response = call_ok(wire, request);
    uint64_t deleted = response->delete_->deleted;
    ck_assert_uint_le(deleted, 1);
    wire_free(response);
    request_free(request);
    return deleted == 1;
}

static Cardinal__V1__Response *describe(struct wire *wire, const char *table, bool digest)
{
    Cardinal__V1__DescribeTable describe = CARDINAL__V1__DESCRIBE_TABLE__INIT;
    describe.table = (char *)(uintptr_t)table;
    describe.digest = digest;
    Cardinal__V1__Request request = REQUEST_OF(DESCRIBE_TABLE, describe_table, &describe);
    return call_ok(wire, &request);
}

uint64_t call_digest(struct wire *wire, const char *table)
{
    Cardinal__V1__Response *response = describe(wire, table, true);
    uint64_t digest = response->describe_table->digest;
    wire_free(response);
    return digest;
}

uint64_t call_keys(struct wire *wire, const char *table)
{
    Cardinal__V1__Response *response = describe(wire, table, false);
    uint64_t keys = response->describe_table->table->keys;
    wire_free(response);
    return keys;
}

uint64_t call_stat(struct wire *wire, const char *name)
{
    Cardinal__V1__Stats stats = CARDINAL__V1__STATS__INIT;
    Cardinal__V1__Request request = REQUEST_OF(STATS, stats, &stats);
    Cardinal__V1__Response *response = call_ok(wire, &request);
    for (size_t i = 0; i < response->stats->n_stats; i++) {
        if (strcmp(response->stats->stats[i]->name, name) == 0) {
            uint64_t value = response->stats->stats[i]->value;
            wire_free(response);
            return value;
        }
    }
    ck_abort_msg("Stats has no '%s'", name);
}
