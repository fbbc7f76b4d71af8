#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/reference/exact.h"
#include "tests/reference/generate.h"
#include "tests/unit/run_suite.h"

static uint64_t fnv1a(const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t checksum(size_t begin, size_t end)
{
    char *bytes = NULL;
    size_t len = 0;
    struct reference *reference = reference_new();
    ck_assert_ptr_nonnull(reference);
    FILE *file = open_memstream(&bytes, &len);
    reference_write(reference, begin, end, file);
    fclose(file);
    uint64_t sum = fnv1a(bytes, len);
    free(bytes);
    reference_free(reference);
    return sum;
}

START_TEST(files_are_the_same_everywhere)
{
    ck_assert_uint_eq(checksum(0, REFERENCE_SMALL_ROWS), UINT64_C(0x3cad5df8694167f2));
    ck_assert_uint_eq(checksum(REFERENCE_SMALL_ROWS, REFERENCE_ROWS), UINT64_C(0xf255ae41b0c9c2c));
}
END_TEST

START_TEST(columns_have_exactly_the_distinct_texts_told)
{
    static const struct {
        const char *name;
        uint32_t distinct;
    } expected[] = {
        { "k1", 255 },   { "k2", 39388 },  { "k3", 60008 }, { "k4", 60010 },
        { "k5", 9484 },  { "k6", 19815 },  { "k7", 19767 }, { "k8", 60013 },
        { "k9", 59956 }, { "k10", 30579 }, { "k11", 9 },
    };
    struct reference *reference = reference_new();
    struct exact *exact = exact_new(reference);
    ck_assert_ptr_nonnull(exact);
    for (size_t i = 0; i < REFERENCE_COLUMNS; i++) {
        size_t column = reference_find_column(expected[i].name);
        ck_assert_uint_lt(column, REFERENCE_COLUMNS);
        ck_assert_uint_eq(exact->distinct[column], expected[i].distinct);
    }
    free(exact);
    reference_free(reference);
}
END_TEST

static bool is_integer(const char *text, int64_t least, int64_t most)
{
    char again[REFERENCE_TEXT_BYTES];
    int64_t value = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRId64, value);
    return strcmp(again, text) == 0 && value >= least && value <= most;
}

/* "YYYY-MM-DD", with the time "HH:MM:SS" behind it or not; a day that exists. */
static bool is_time(const char *text, bool with_time)
{
    struct tm tm;
    char again[64];
    memset(&tm, 0, sizeof tm);
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (with_time && end != NULL)
        end = strptime(end, " %H:%M:%S", &tm);
    if (end == NULL || *end != '\0')
        return false;
    timegm(&tm); /* changes a 31st of February */
    if (with_time)
        strftime(again, sizeof again, "%Y-%m-%d %H:%M:%S", &tm);
    else
        strftime(again, sizeof again, "%Y-%m-%d", &tm);
    return strcmp(again, text) == 0;
}

static bool is_number(const char *text, size_t digits_before, size_t digits_after)
{
    const char *at = text + (*text == '-');
    size_t before = strspn(at, "0123456789");
    at += before;
    size_t after = *at == '.' ? strspn(at + 1, "0123456789") : 0;
    at += after == 0 ? 0 : 1 + after;
    return *at == '\0' && before >= 1 && before <= digits_before && after <= digits_after;
}

static bool has_type(const char *text, enum reference_type type)
{
    switch (type) {
    case REFERENCE_TINYINT:
        return is_integer(text, INT8_MIN, INT8_MAX);
    case REFERENCE_SMALLINT:
        return is_integer(text, INT16_MIN, INT16_MAX);
    case REFERENCE_INT:
        return is_integer(text, INT32_MIN, INT32_MAX);
    case REFERENCE_BIGINT:
        return is_integer(text, INT64_MIN, INT64_MAX);
    case REFERENCE_DECIMAL:
        return is_number(text, 6, 3);
    case REFERENCE_CHAR:
        return strlen(text) <= 5;
    case REFERENCE_DATE:
        return is_time(text, false);
    case REFERENCE_DATETIME:
        return is_time(text, true);
    case REFERENCE_VARCHAR:
        return strlen(text) <= 20;
    case REFERENCE_DOUBLE:
    case REFERENCE_FLOAT:
        return is_number(text, 9, 9);
    }
    return false;
}

START_TEST(every_value_has_its_columns_type)
{
    struct reference *reference = reference_new();
    for (size_t column = 0; column < REFERENCE_COLUMNS; column++) {
        for (size_t row = 0; row < REFERENCE_ROWS; row++) {
            const char *text = reference_text(reference, row, column);
            ck_assert_msg(has_type(text, reference_columns[column].type), "row %zu %s: '%s'", row,
                          reference_columns[column].name, text);
            ck_assert_ptr_null(strpbrk(text, "\t\n\r\\"));
        }
    }
    reference_free(reference);
}
END_TEST

START_TEST(small_file_has_the_awkward_values)
{
    static const char *const awkward[][2] = {
        { "k7", "" },       { "k7", " " },           { "k5", "-0.000" },
        { "k5", "0.00" },   { "k8", "-0.000" },      { "k8", "0.0" },
        { "k2", "-32768" }, { "k3", "2147483647" },  { "k4", "-9223372036854775808" },
        { "k1", "-128" },   { "k10", "1901-02-28" }, { "k11", "9999-12-31 23:59:59" },
    };
    struct reference *reference = reference_new();
    for (size_t i = 0; i < sizeof awkward / sizeof awkward[0]; i++) {
        size_t column = reference_find_column(awkward[i][0]);
        size_t found = 0;
        for (size_t row = 0; row < REFERENCE_SMALL_ROWS; row++)
            found += strcmp(reference_text(reference, row, column), awkward[i][1]) == 0;
        ck_assert_msg(found > 0, "no '%s' in %s", awkward[i][1], awkward[i][0]);
    }
    reference_free(reference);
}
END_TEST

START_TEST(group_counts_add_up)
{
    struct reference *reference = reference_new();
    struct exact *exact = exact_new(reference);
    size_t k11 = reference_find_column("k11");
    size_t k4 = reference_find_column("k4");
    uint32_t *counts = exact_group_by(exact, k11);
    ck_assert_ptr_nonnull(counts);
    uint32_t sum = 0;
    for (uint32_t id = 0; id < exact->distinct[k11]; id++) {
        ck_assert_uint_eq(counts[(size_t)id * REFERENCE_COLUMNS + k11], 1);
        ck_assert_uint_gt(counts[(size_t)id * REFERENCE_COLUMNS + k4], 6000);
        sum += counts[(size_t)id * REFERENCE_COLUMNS + k4];
    }
    /* Values of the large file's k4 are in one group each; the small one repeats some. */
    ck_assert_uint_ge(sum, exact->distinct[k4]);
    ck_assert_uint_le(sum, REFERENCE_ROWS);
    free(counts);
    free(exact);
    reference_free(reference);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_are_the_same_everywhere,
        columns_have_exactly_the_distinct_texts_told,
        every_value_has_its_columns_type,
        small_file_has_the_awkward_values,
        group_counts_add_up,
    };
    return RUN_SUITE("reference_data", tests);
}
