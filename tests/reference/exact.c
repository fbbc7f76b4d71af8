#include "tests/reference/exact.h"

#include <stdlib.h>
#include <string.h>

/* What qsort() compares by: it has no argument for it. */
struct entry {
    const char *text;
    uint32_t row;
};

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->text, ((const struct entry *)b)->text);
}

static int compare_pairs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void number_column(struct exact *exact, const struct reference *reference, size_t column,
                          struct entry *entries)
{
    for (uint32_t row = 0; row < REFERENCE_ROWS; row++)
        entries[row] = (struct entry){ reference_text(reference, row, column), row };
    qsort(entries, REFERENCE_ROWS, sizeof *entries, compare_entries);
    uint32_t next = 0;
    for (uint32_t i = 0; i < REFERENCE_ROWS; i++) {
        if (i == 0 || strcmp(entries[i].text, entries[i - 1].text) != 0)
            exact->rows[column][next++] = entries[i].row;
        exact->ids[column][entries[i].row] = next - 1;
    }
    exact->distinct[column] = next;
}

struct exact *exact_new(const struct reference *reference)
{
    struct exact *exact = calloc(1, sizeof *exact);
    struct entry *entries = calloc(REFERENCE_ROWS, sizeof *entries);
    if (exact != NULL && entries != NULL) {
        for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
            number_column(exact, reference, column, entries);
    } else {
        free(exact);
        exact = NULL;
    }
    free(entries);
    return exact;
}

uint32_t *exact_group_by(const struct exact *exact, size_t key_column)
{
    uint32_t *counts =
        calloc((size_t)exact->distinct[key_column] * REFERENCE_COLUMNS, sizeof *counts);
    uint64_t *pairs = calloc(REFERENCE_ROWS, sizeof *pairs);
    if (counts == NULL || pairs == NULL) {
        free(counts);
        free(pairs);
        return NULL;
    }
    for (size_t column = 0; column < REFERENCE_COLUMNS; column++) {
        for (uint32_t row = 0; row < REFERENCE_ROWS; row++)
            pairs[row] = (uint64_t)exact->ids[key_column][row] << 32 | exact->ids[column][row];
        qsort(pairs, REFERENCE_ROWS, sizeof *pairs, compare_pairs);
        for (uint32_t row = 0; row < REFERENCE_ROWS; row++) {
            if (row == 0 || pairs[row] != pairs[row - 1])
                counts[(pairs[row] >> 32) * REFERENCE_COLUMNS + column]++;
        }
    }
    free(pairs);
    return counts;
}
