/* generate: the reference data set, a small and a large file of 11 typed
 * columns whose numbers of distinct values are known exactly.
 *
 * The same on every machine and in every run. The 15 rows of the small file are
 * awkward: an empty and a one-space string, -0.000 beside 0.00, extreme
 * integers, repeats, dates of the years 1901 and 9999. The 60,000 of the large
 * one are drawn at random so that the two files together have the numbers of
 * distinct texts that reference_columns tells.
 *
 * Thread safety: read-only once made. */
#ifndef CARDINAL_TESTS_REFERENCE_GENERATE_H
#define CARDINAL_TESTS_REFERENCE_GENERATE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REFERENCE_SMALL_ROWS 15u
#define REFERENCE_LARGE_ROWS 60000u
#define REFERENCE_ROWS (REFERENCE_SMALL_ROWS + REFERENCE_LARGE_ROWS)
#define REFERENCE_COLUMNS 11u
#define REFERENCE_TEXT_BYTES 24u /* of the longest value, its NUL included */

enum reference_type {
    REFERENCE_TINYINT,
    REFERENCE_SMALLINT,
    REFERENCE_INT,
    REFERENCE_BIGINT,
    REFERENCE_DECIMAL, /* (9,3) */
    REFERENCE_CHAR,    /* (5) */
    REFERENCE_DATE,
    REFERENCE_DATETIME,
    REFERENCE_VARCHAR, /* (20) */
    REFERENCE_DOUBLE,
    REFERENCE_FLOAT,
};

struct reference_column {
    const char *name;
    enum reference_type type;
    uint32_t distinct; /* texts in both files together */
};

/* In the order of the files' fields. */
extern const struct reference_column reference_columns[REFERENCE_COLUMNS];

/* Their names, separated by commas. */
#define REFERENCE_FIELDS "k1,k2,k3,k4,k5,k6,k10,k11,k7,k8,k9"

struct reference;

/* NULL without memory. */
struct reference *reference_new(void);
void reference_free(struct reference *reference); /* accepts NULL */

/* One value: rows count from 0, first those of the small file. */
const char *reference_text(const struct reference *reference, size_t row, size_t column);

/* Writes rows begin .. end - 1, fields separated by tabs. */
void reference_write(const struct reference *reference, size_t begin, size_t end, FILE *out);

/* The index of the column called name, REFERENCE_COLUMNS if there is none. */
size_t reference_find_column(const char *name);

#endif
