#include "tests/integration/reference_table.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/harness/cli.h"
#include "tests/integration/harness/scratch_dir.h"

#define EXACT_MAX 100u       /* distinct values: nothing but the truth */
#define NEAR_EXACT_MAX 3800u /* within NEAR_EXACT_OFF */
#define NEAR_EXACT_OFF 3.0
#define SIGMAS 4.0
#define TOKENS 16777216.0 /* 2^24 of them */
/* Standard error of the improved raw estimator with 2^14 registers. */
#define RSE 0.00812

static void write_rows(const struct reference *reference, const char *path, size_t begin,
                       size_t end)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    reference_write(reference, begin, end, file);
    ck_assert_int_eq(fclose(file), 0);
}

void reference_set_make(struct reference_set *set)
{
    set->reference = reference_new();
    ck_assert_ptr_nonnull(set->reference);
    set->exact = exact_new(set->reference);
    ck_assert_ptr_nonnull(set->exact);
    scratch_path(set->small, sizeof set->small, "small.tsv");
    scratch_path(set->large, sizeof set->large, "large.tsv");
    write_rows(set->reference, set->small, 0, REFERENCE_SMALL_ROWS);
    write_rows(set->reference, set->large, REFERENCE_SMALL_ROWS, REFERENCE_ROWS);
}

void reference_set_release(struct reference_set *set)
{
    free(set->exact);
    reference_free(set->reference);
}

void reference_create(const char *address, const char *table)
{
    struct run run;
    CLI(&run, address, "table", "create", table, "--columns", REFERENCE_FIELDS);
    run_release(&run);
}

void reference_load_start(struct run *run, const char *address, const char *table, const char *key,
                          const char *path)
{
    const char *const words[] = { "--json",         "load",  table, path, "--fields",
                                  REFERENCE_FIELDS, "--key", key,   NULL };
    cli_start(run, address, words);
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsNumber(item), "no number '%s'", name);
    return item->valuedouble;
}

double reference_load(const char *address, const char *table, const char *key, const char *path)
{
    struct run run;
    reference_load_start(&run, address, table, key, path);
    cli_finish(&run);
    cJSON *summary = cJSON_Parse(run.out);
    ck_assert_msg(summary != NULL, "not JSON: '%s'", run.out);
    double values = number_of(summary, "values");
    double seconds = number_of(summary, "seconds");
    ck_assert_double_eq(values, REFERENCE_COLUMNS * number_of(summary, "rows"));
    ck_assert_double_eq(number_of(summary, "bad_rows"), 0);
    cJSON_Delete(summary);
    run_release(&run);
    return seconds > 0 ? values / seconds : 0;
}

/* Holds one estimate against the truth. */
static void check_cell(double estimate, uint32_t exact, struct reference_misses *misses)
{
    double off = fabs(estimate - exact);
    misses->cells++;
    if (exact > NEAR_EXACT_MAX) {
        double sigmas = off / (RSE * exact);
        misses->worst_sigmas = fmax(misses->worst_sigmas, sigmas);
        ck_assert_msg(sigmas <= SIGMAS, "%.0f for %u: %.1f sigmas off", estimate, exact, sigmas);
        return;
    }
    ck_assert_msg(off <= (exact <= EXACT_MAX ? 0 : NEAR_EXACT_OFF), "%.0f for %u", estimate, exact);
    misses->off += off > 0;
    misses->expected_off += exact * (exact - 1.0) / (2 * TOKENS);
}

static void check_object(const cJSON *object, const uint32_t *exact,
                         struct reference_misses *misses)
{
    ck_assert_int_eq(cJSON_GetArraySize(object), REFERENCE_COLUMNS + 1);
    for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
        check_cell(number_of(object, reference_columns[column].name), exact[column], misses);
}

void reference_check_union(const struct reference_set *set, const char *address, const char *table,
                           size_t key_column, struct reference_misses *misses)
{
    struct run run;
    CLI(&run, address, "--json", "union", table, "--all");
    cJSON *object = cJSON_Parse(run.out);
    ck_assert_msg(object != NULL, "not JSON: '%s'", run.out);
    ck_assert_double_eq(number_of(object, "keys"), set->exact->distinct[key_column]);
    check_object(object, set->exact->distinct, misses);
    cJSON_Delete(object);
    run_release(&run);
}

void reference_check_scan(const struct reference_set *set, const char *address, const char *table,
                          size_t key_column, struct reference_misses *misses)
{
    struct run run;
    uint32_t *exact = exact_group_by(set->exact, key_column);
    ck_assert_ptr_nonnull(exact);
    CLI(&run, address, "--json", "scan", table);
    const char *line = run.out;
    /* Ids count the texts in bytewise order, which is the order of the scan. */
    for (uint32_t id = 0; id < set->exact->distinct[key_column]; id++) {
        const char *end = NULL;
        cJSON *object = cJSON_ParseWithOpts(line, &end, 0);
        ck_assert_msg(object != NULL, "key %u is missing or not JSON: '%.100s'", id, line);
        const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "key"));
        ck_assert_pstr_eq(
            key, reference_text(set->reference, set->exact->rows[key_column][id], key_column));
        check_object(object, exact + (size_t)id * REFERENCE_COLUMNS, misses);
        cJSON_Delete(object);
        line = *end == '\n' ? end + 1 : end;
    }
    ck_assert_str_eq(line, "");
    free(exact);
    run_release(&run);
}

void reference_check_misses(const struct reference_misses *misses)
{
    double most = misses->expected_off + SIGMAS * sqrt(misses->expected_off);
    ck_assert_msg((double)misses->off <= most, "%llu of %llu cells are off, %.1f at most",
                  (unsigned long long)misses->off, (unsigned long long)misses->cells, most);
}

char *reference_digest(const char *address, const char *table)
{
    struct run run;
    CLI(&run, address, "--json", "table", "show", table, "--digest");
    cJSON *object = cJSON_Parse(run.out);
    const char *digest = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "digest"));
    ck_assert_ptr_nonnull(digest);
    char *copy = strdup(digest);
    cJSON_Delete(object);
    run_release(&run);
    return copy;
}
