#include "tests/integration/long_requests.h"

#include <check.h>
#include <stdio.h>

#include "tests/integration/harness/calls.h"
#include "tests/integration/harness/process.h"
#include "tests/integration/harness/requests.h"

#define KEYS 60000u

static void add_keys(struct wire *wire, uint32_t first, uint32_t count)
{
    Cardinal__V1__Request *request = request_add(LONG_TABLE, "first", LONG_COLUMN, 0, 1);
    char key[32];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "key-%08u", (unsigned)(first + i));
        append_row(request->ingest, key, 0);
    }
    wire_free(call_ok(wire, request));
    request_free(request);
}

void long_table_make(struct wire *wire)
{
    static const char *const columns[] = { LONG_COLUMN };

    call_create(wire, LONG_TABLE, columns, 1, 0);
    for (uint32_t i = 0; i < KEYS; i += 10000)
        add_keys(wire, i, 10000);
}

void long_send_digest(struct wire *wire, uint32_t deadline_ms)
{
    Cardinal__V1__Request *request = request_describe(LONG_TABLE);

    request->describe_table->digest = true;
    request->deadline_ms = deadline_ms;
    wire_send(wire, request);
    request_free(request);
}

void long_await_digests(struct wire *wire, uint64_t n)
{
    int64_t deadline = now_ms() + LONG_SETTLE_MS;

    while (call_stat(wire, "requests.describe_table") < n)
        ck_assert_int_lt(now_ms(), deadline);
}
