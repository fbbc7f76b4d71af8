#include "tests/reference/generate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef char text[REFERENCE_TEXT_BYTES];

struct reference {
    text cells[REFERENCE_COLUMNS][REFERENCE_ROWS];
};

const struct reference_column reference_columns[REFERENCE_COLUMNS] = {
    { "k1", REFERENCE_TINYINT, 255 },   { "k2", REFERENCE_SMALLINT, 39388 },
    { "k3", REFERENCE_INT, 60008 },     { "k4", REFERENCE_BIGINT, 60010 },
    { "k5", REFERENCE_DECIMAL, 9484 },  { "k6", REFERENCE_CHAR, 19815 },
    { "k10", REFERENCE_DATE, 30579 },   { "k11", REFERENCE_DATETIME, 9 },
    { "k7", REFERENCE_VARCHAR, 19767 }, { "k8", REFERENCE_DOUBLE, 60013 },
    { "k9", REFERENCE_FLOAT, 59956 },
};

static const char *const small_rows[REFERENCE_SMALL_ROWS][REFERENCE_COLUMNS] = {
    { "1", "2004", "7001", "50112233", "310.250", "true", "1996-07-04", "1996-07-04 08:15:00",
      "harbour", "0.5", "7.125" },
    { "-128", "1997", "7001", "50112234", "2871.5", "false", "1901-02-28", "1996-07-04 08:15:00",
      "lantern-x", "31.402", "512.75" },
    { "127", "2004", "7002", "50112236", "61530.875", "false", "2020-02-29", "2001-09-09 01:46:40",
      "qu@rry9", "64210", "2718.0" },
    { "4", "2011", "4088", "-50112238", "450312.640", "false", "4321-12-01", "2018-06-30 23:59:59",
      "marmaladette", "4.08", "-0.002" },
    { "5", "1995", "9120", "-50112234", "310.640", "true", "2018-06-30", "2018-07-01 00:00:01",
      "sevn3t", "-0.000", "-512" },
    { "6", "32767", "4088", "654321", "812045.000", "true", "2016-10-31", "2018-07-01 00:00:01",
      "pebbling", "0.5", "90211" },
    { "7", "-32768", "7002", "8815032", "2.718", "false", "1996-07-04", "1901-01-01 00:00:00",
      "dr1ftw", "0.0", "4417" },
    { "0", "511", "2147483647", "50112251", "-0.456", "true", "1996-07-04", "9999-12-31 23:59:59",
      "harbour7", "650123.875", "21.07" },
    { "9", "2011", "-2147483648", "50112233", "-812.125", "true", "1999-12-31",
      "1996-07-04 08:26:00", "harbour", "0.000", "72.5" },
    { "10", "2011", "9120", "9223372036854775807", "-147.258", "false", "2017-05-19",
      "2014-11-03 17:42:09", "lantern-x", "-654321.25", "0.875" },
    { "11", "2004", "36211", "-9223372036854775808", "0.125", "true", "2017-05-19",
      "1996-07-04 08:26:00", "qu@rry9", "-777.003", "5.625" },
    { "12", "32767", "-2147483648", "9223372036854775807", "310.640", "false", "1999-12-31",
      "2014-11-03 17:42:09", "tindr", "-455.109", "2.718281828" },
    { "13", "-32768", "2147483647", "-9223372036854775808", "200.002", "false", "2017-05-19",
      "2017-05-19 00:00:00", "wrenfold", "0.5", "2.718281827" },
    { "14", "511", "208", "50112233", "-0.000", "false", "2017-05-19", "2017-05-19 00:00:00", "",
      "2.718281828", "3.25" },
    { "15", "2012", "4088", "50112251", "0.00", "true", "9999-01-01", "2017-05-19 00:00:00", " ",
      "2.718281827", "44.25" },
};

/* The splitmix64 sequence. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t random_below(uint64_t *state, uint64_t bound)
{
    assert(bound > 0);
    return next_random(state) % bound;
}

static int64_t random_between(uint64_t *state, int64_t least, int64_t most)
{
    return least + (int64_t)random_below(state, (uint64_t)(most - least) + 1);
}

/* A number of that many decimals; never "-0.000". */
static void put_fixed(char *out, int64_t scaled, int decimals)
{
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    int64_t size = scaled < 0 ? -scaled : scaled;
    snprintf(out, REFERENCE_TEXT_BYTES, "%s%" PRId64 ".%0*" PRId64, scaled < 0 ? "-" : "",
             size / unit, decimals, size % unit);
}

static void put_letters(char *out, uint64_t *state, size_t least, size_t most)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789@-";
    size_t len = (size_t)random_between(state, (int64_t)least, (int64_t)most);
    for (size_t i = 0; i < len; i++)
        out[i] = letters[random_below(state, sizeof letters - 1)];
    out[len] = '\0';
}

static void put_date(char *out, uint64_t *state)
{
    static const int64_t day_1901 = -25202; /* days from 1970-01-01 to 1901-01-01 */
    static const int64_t day_2100 = 47482;
    struct tm date;
    time_t seconds = (time_t)(random_between(state, day_1901, day_2100 - 1) * 86400);
    gmtime_r(&seconds, &date);
    strftime(out, REFERENCE_TEXT_BYTES, "%Y-%m-%d", &date);
}

static void put_random(char *out, enum reference_type type, uint64_t *state)
{
    switch (type) {
    case REFERENCE_TINYINT:
        snprintf(out, REFERENCE_TEXT_BYTES, "%" PRId64, random_between(state, -128, 127));
        break;
    case REFERENCE_SMALLINT:
        snprintf(out, REFERENCE_TEXT_BYTES, "%" PRId64, random_between(state, -32768, 32767));
        break;
    case REFERENCE_INT:
        snprintf(out, REFERENCE_TEXT_BYTES, "%" PRId32, (int32_t)next_random(state));
        break;
    case REFERENCE_BIGINT:
        snprintf(out, REFERENCE_TEXT_BYTES, "%" PRId64, (int64_t)next_random(state));
        break;
    case REFERENCE_DECIMAL:
        put_fixed(out, random_between(state, -999999999, 999999999), 3);
        break;
    case REFERENCE_CHAR:
        put_letters(out, state, 3, 5);
        break;
    case REFERENCE_DATE:
    case REFERENCE_DATETIME: /* all in the small file */
        put_date(out, state);
        break;
    case REFERENCE_VARCHAR:
        put_letters(out, state, 4, 20);
        break;
    case REFERENCE_DOUBLE:
        put_fixed(out, random_between(state, -999999999999999, 999999999999999), 6);
        break;
    case REFERENCE_FLOAT:
        put_fixed(out, random_between(state, -999999, 999999), 3);
        break;
    }
}

/* The distinct values of one column, and a hash index over them. */
#define SLOT_COUNT 262144u

struct pool {
    text values[REFERENCE_ROWS];
    uint32_t count;
    uint32_t slots[SLOT_COUNT]; /* 1 + index into values; 0: free */
};

/* Takes a value in unless it is there. */
static void pool_add(struct pool *pool, const char *value)
{
    uint64_t state = 0;
    for (const char *at = value; *at != '\0'; at++)
        state = (state ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    uint64_t slot = next_random(&state) % SLOT_COUNT;
    for (; pool->slots[slot] != 0; slot = (slot + 1) % SLOT_COUNT) {
        if (strcmp(pool->values[pool->slots[slot] - 1], value) == 0)
            return;
    }
    snprintf(pool->values[pool->count], REFERENCE_TEXT_BYTES, "%s", value);
    pool->slots[slot] = ++pool->count;
}

/* Fills the large file's part of a column: every value that the small file does
 * not have once, for the rest any value, all in random order. */
static void fill_large(text *cells, const struct pool *pool, uint32_t small_count, uint64_t *state)
{
    uint32_t fresh = pool->count - small_count;
    /* A column of few values draws from all of them, as the small file does. */
    uint32_t first = pool->count < 1000 ? 0 : small_count;
    for (uint32_t row = 0; row < REFERENCE_LARGE_ROWS; row++) {
        uint32_t value = row < fresh ? small_count + row
                                     : first + (uint32_t)random_below(state, pool->count - first);
        memcpy(cells[row], pool->values[value], REFERENCE_TEXT_BYTES);
    }
    for (uint32_t row = REFERENCE_LARGE_ROWS - 1; row > 0; row--) {
        uint32_t other = (uint32_t)random_below(state, row + 1);
        text kept;
        memcpy(kept, cells[row], sizeof kept);
        memcpy(cells[row], cells[other], sizeof kept);
        memcpy(cells[other], kept, sizeof kept);
    }
}

static void fill_column(struct reference *reference, size_t column, struct pool *pool)
{
    uint64_t state = UINT64_C(0xca4d1a1) + column;
    memset(pool, 0, sizeof *pool);
    for (size_t row = 0; row < REFERENCE_SMALL_ROWS; row++) {
        const char *value = small_rows[row][column];
        snprintf(reference->cells[column][row], REFERENCE_TEXT_BYTES, "%s", value);
        pool_add(pool, value);
    }
    uint32_t small_count = pool->count;
    while (pool->count < reference_columns[column].distinct) {
        text value;
        put_random(value, reference_columns[column].type, &state);
        pool_add(pool, value);
    }
    fill_large(reference->cells[column] + REFERENCE_SMALL_ROWS, pool, small_count, &state);
}

struct reference *reference_new(void)
{
    struct reference *reference = calloc(1, sizeof *reference);
    struct pool *pool = malloc(sizeof *pool);
    if (reference != NULL && pool != NULL) {
        for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
            fill_column(reference, column, pool);
    } else {
        free(reference);
        reference = NULL;
    }
    free(pool);
    return reference;
}

void reference_free(struct reference *reference)
{
    free(reference);
}

const char *reference_text(const struct reference *reference, size_t row, size_t column)
{
    return reference->cells[column][row];
}

void reference_write(const struct reference *reference, size_t begin, size_t end, FILE *out)
{
    for (size_t row = begin; row < end; row++) {
        for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
            fprintf(out, "%s%s", column == 0 ? "" : "\t", reference->cells[column][row]);
        putc('\n', out);
    }
}

size_t reference_find_column(const char *name)
{
    size_t column = 0;
    while (column < REFERENCE_COLUMNS && strcmp(reference_columns[column].name, name) != 0)
        column++;
    return column;
}
