/* exact: exact numbers of distinct values of the reference data set, to hold
 * estimates against. */
#ifndef CARDINAL_TESTS_REFERENCE_EXACT_H
#define CARDINAL_TESTS_REFERENCE_EXACT_H

#include "tests/reference/generate.h"

/* The set with its texts numbered: per column 0, 1, .. in bytewise order. */
struct exact {
    uint32_t ids[REFERENCE_COLUMNS][REFERENCE_ROWS];
    uint32_t distinct[REFERENCE_COLUMNS]; /* how many ids a column has */
    /* A row that holds the text of each id. */
    uint32_t rows[REFERENCE_COLUMNS][REFERENCE_ROWS];
};

/* NULL without memory. To be freed with free(). */
struct exact *exact_new(const struct reference *reference);

/* The numbers of distinct values in each column of the rows whose key column
 * has each id: counts[id * REFERENCE_COLUMNS + column]. NULL without memory. To
 * be freed with free(). */
uint32_t *exact_group_by(const struct exact *exact, size_t key_column);

#endif
