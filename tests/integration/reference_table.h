/* reference_table: a table made of the reference data set by the command line
 * program, held against the exact answers. */
#ifndef CARDINAL_TESTS_REFERENCE_TABLE_H
#define CARDINAL_TESTS_REFERENCE_TABLE_H

#include "tests/integration/harness/process.h"
#include "tests/reference/exact.h"

/* The data set in memory and in files of the test's folder. */
struct reference_set {
    struct reference *reference;
    struct exact *exact;
    char small[160];
    char large[160];
};

void reference_set_make(struct reference_set *set);
void reference_set_release(struct reference_set *set);

/* How far the estimates of one table, or of several, are from the truth. */
struct reference_misses {
    uint64_t cells;      /* compared, those of unions too */
    uint64_t off;        /* of those near-exact, how many are not exact */
    double expected_off; /* how many of them 24-bit tokens let be expected */
    double worst_sigmas; /* of those that are estimated */
};

/* Creates a table of the 11 columns. */
void reference_create(const char *address, const char *table);

/* Starts loading a file, keyed by the column called key; end it with cli_finish(). */
void reference_load_start(struct run *run, const char *address, const char *table, const char *key,
                          const char *path);

/* Loads a file; returns values a second. */
double reference_load(const char *address, const char *table, const char *key, const char *path);

/* Demands that the union over all keys is right: exact up to 100, within 3 up
 * to 3,800, within 4 standard errors above. */
void reference_check_union(const struct reference_set *set, const char *address, const char *table,
                           size_t key_column, struct reference_misses *misses);

/* Scans the table, keyed by a column, and demands the same of every cell, and
 * all keys in bytewise order. */
void reference_check_scan(const struct reference_set *set, const char *address, const char *table,
                          size_t key_column, struct reference_misses *misses);

/* Demands that there are no more near misses than 4 sigma above what is expected. */
void reference_check_misses(const struct reference_misses *misses);

/* The digest as the command line tells it; to be freed with free(). */
char *reference_digest(const char *address, const char *table);

#endif
