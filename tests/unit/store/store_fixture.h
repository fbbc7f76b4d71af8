/* A store in a scratch directory, and a look at what it writes.
 *
 * What goes wrong fails the test. */
#ifndef CARDINAL_TESTS_STORE_FIXTURE_H
#define CARDINAL_TESTS_STORE_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store/store.h"
#include "tests/unit/store/scratch.h"

struct store_fixture {
    struct scratch scratch;
    struct store *store;
    struct change_sink *sink;
    atomic_uint changes; /* that the store told of */
    atomic_uint wishes;
    uint64_t flush_interval_ms; /* of the next that is started */
};

extern struct store_fixture fixture;

/* Makes the directory, arms a failpoint unless it is NULL, and starts the store. */
void fixture_start(const char *failpoint);

/* Starts a store, after the one before was closed. */
void fixture_start_again(void);
void fixture_stop(void);

struct bytes_view fixture_view(const char *text);

/* Appends a new row of a stream, as its change number sequence. */
void fixture_append(uint32_t stream, uint64_t sequence, const char *key);

enum store_outcome fixture_wait(uint64_t ticket);

/* Syncs what was appended. */
enum store_outcome fixture_sync(void);

/* What a segment holds, as text: for each record the op's number, and a key or a
 * table's name. */
void fixture_read_segment(uint64_t number, char *out, size_t size, uint32_t *flags);
void fixture_check_segment(uint64_t number, const char *records, uint32_t flags);
bool fixture_has_segment(uint64_t number);

#endif
