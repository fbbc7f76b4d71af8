/* What the table's tests share: making tables, filling them, a small generator
 * of random numbers whose seed is printed. */
#ifndef CARDINAL_TESTS_TABLE_FIXTURE_H
#define CARDINAL_TESTS_TABLE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/catalog.h"

struct bytes_view view(const char *text);

/* A table of its own catalog, called "t", with these columns; kind of seeds fixed. */
struct table *fixture_table(struct catalog **catalog, const char *const *columns, size_t count);

/* A batch in the making, which owns its bytes. */
struct filler {
    struct batch batch;
    uint32_t row_room;
    uint32_t cell_count;
    uint32_t cell_room;
    uint64_t *hashes;
    size_t hash_room;
    uint8_t *keys;
    size_t key_bytes;
    size_t key_room;
};

void filler_init(struct filler *filler);
void filler_release(struct filler *filler);

/* Begins a row; its cells follow. */
void filler_row(struct filler *filler, struct bytes_view key);
/* Adds a cell of n hashes to the last row. */
void filler_cell(struct filler *filler, uint32_t column, const uint64_t *hashes, size_t n);

/* Makes the batch fit to be applied; nothing is added until filler_empty(). */
void filler_seal(struct filler *filler, const struct column_set *columns);
void filler_empty(struct filler *filler);

/* Applies all of it, max_values a call, and empties the filler; the changes. */
uint64_t filler_apply(struct filler *filler, struct table *table, struct column_set *columns,
                      size_t max_values);

/* Adds values first .. first + n - 1 (hashed) to one cell of the table. */
void add_values(struct table *table, struct bytes_view key, const char *column, uint64_t first,
                size_t n);

/* A table of columns a and b and keys k00000 .., one value of its own each in a. */
struct table *numbered_table(struct catalog **catalog, uint32_t count);

/* The hash of a value, as the tests count them. */
uint64_t value_hash(uint64_t value);

/* The estimate of one cell; -1 if there is no such key. */
double count_of(struct table *table, struct bytes_view key, const char *column);

uint64_t digest_of(struct table *table);
uint64_t keys_of(struct table *table);

/* A column of the table, and selectors. */
struct column_set column_of(struct table *table, const char *name);
struct selector list_of(const struct bytes_view *keys, size_t count);
struct selector prefix_of(const char *prefix);

/* Numbers from xorshift64*; printed once, so that a failure can be had again. */
struct random {
    uint64_t state;
};
void random_init(struct random *random, const char *test);
uint64_t random_below(struct random *random, uint64_t end);

/* Fails the test unless each rollup is stale, or just what the rows of its group
 * make; how many are stale. Nobody else is at the table. */
uint32_t check_rollups(struct table *table);

/* Fails the test unless what the table says it takes is what a count of every
 * row, cell, segment and leaf gives, and its rollups are right. */
void check_usage(struct table *table);

#endif
