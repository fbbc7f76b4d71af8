/* long_requests: a table over which requests take their time, and requests that do. */
#ifndef CARDINAL_TESTS_LONG_REQUESTS_H
#define CARDINAL_TESTS_LONG_REQUESTS_H

#include "tests/integration/harness/wire.h"

#define LONG_TABLE "long"
#define LONG_COLUMN "c"
#define LONG_SETTLE_MS 20000

/* Makes the table, with tens of thousands of keys. */
void long_table_make(struct wire *wire);

/* Sends off a request for the table's digest; deadline_ms 0: it may take any time. */
void long_send_digest(struct wire *wire, uint32_t deadline_ms);

/* Waits until the daemon has taken n digests on. */
void long_await_digests(struct wire *wire, uint64_t n);

#endif
