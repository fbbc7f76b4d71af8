#include "client/bench/check.h"

#include <math.h>
#include <stdlib.h>

#include "client/bench/link.h"
#include "client/bench/settings.h"

#define SIGMAS 5.0
#define FEW 3.0 /* small counts may be off by as much */

/* Numbers, each as often as it came. */
struct numbers {
    uint64_t *at;
    size_t count;
    size_t capacity;
};

static bool keep(struct numbers *numbers, uint64_t number)
{
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity == 0 ? 1024 : 2 * numbers->capacity;
        uint64_t *at = reallocarray(numbers->at, capacity, sizeof *at);
        if (at == NULL)
            return false;
        numbers->at = at;
        numbers->capacity = capacity;
    }
    numbers->at[numbers->count++] = number;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t count_distinct(struct numbers *numbers)
{
    uint64_t distinct = 0;
    if (numbers->count > 0)
        qsort(numbers->at, numbers->count, sizeof numbers->at[0], compare_numbers);
    for (size_t i = 0; i < numbers->count; i++)
        distinct += i == 0 || numbers->at[i] != numbers->at[i - 1] ? 1 : 0;
    return distinct;
}

/* The numbers that the first key got from one generator. False: no memory. */
static bool replay(struct numbers *numbers, const struct settings *settings, uint32_t index,
                   uint64_t made)
{
    struct generator generator;
    generator_begin(&generator, &settings->workload, index, settings->connections);
    for (uint64_t n = 0; n < made && generator_next(&generator); n++) {
        if (generator.event.rank == 0 && !keep(numbers, generator.event.number))
            return false;
    }
    return true;
}

static uint64_t sum_made(const struct settings *settings, const struct link *links)
{
    uint64_t made = 0;
    for (uint32_t i = 0; i < settings->connections; i++)
        made += links[i].made;
    return made;
}

/* Distinct values of the first key. False: no memory. */
static bool count_exactly(const struct settings *settings, const struct link *links,
                          uint64_t *exact)
{
    struct numbers numbers = { 0 };
    bool whole = true;
    if (settings->workload.kind == WORKLOAD_HOT) {
        *exact = sum_made(settings, links); /* no value comes twice */
        return true;
    }
    for (uint32_t i = 0; whole && i < settings->connections; i++)
        whole = replay(&numbers, settings, i, links[i].made);
    *exact = count_distinct(&numbers);
    free(numbers.at);
    return whole;
}

static void compare(struct check *check, const char *what, uint64_t exact,
                    const cardinal_estimate *estimate)
{
    double bound = SIGMAS * estimate->rse * (double)exact;
    check->what = what;
    check->exact = exact;
    check->estimate = estimate->value;
    check->bound = bound > FEW ? bound : FEW;
    check->right = fabs(estimate->value - (double)exact) <= check->bound;
}

static cardinal_status check_cell(struct check *check, cardinal_client *client, const char *table,
                                  const struct settings *settings, const struct link *links)
{
    char key[WORKLOAD_KEY_BYTES];
    workload_key(key, 0);
    uint64_t exact;
    cardinal_counts *counts;
    if (!count_exactly(settings, links, &exact))
        return CARDINAL_ERR_MEMORY;
    const cardinal_key keys[] = { { key, sizeof key } };
    cardinal_status status = cardinal_count(client, table, keys, 1, NULL, 0, &counts);
    if (status != CARDINAL_OK)
        return status;
    compare(check, "distinct values of the first key", exact, &counts->rows[0].estimates[0]);
    cardinal_counts_free(counts);
    return CARDINAL_OK;
}

/* Of wide and grouped each row has a value of its own in each column. */
static cardinal_status check_union(struct check *check, cardinal_client *client, const char *table,
                                   const struct settings *settings, const struct link *links)
{
    const struct workload *workload = &settings->workload;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < settings->connections; i++)
        rows += (links[i].made + workload->columns - 1) / workload->columns;
    uint64_t keys =
        workload->kind == WORKLOAD_GROUPED && rows > workload->keys ? workload->keys : rows;
    cardinal_union_result *answer;
    cardinal_selector all = cardinal_select_all();
    cardinal_status status = cardinal_union(client, table, &all, NULL, 0, &answer);
    if (status != CARDINAL_OK)
        return status;
    compare(check, "distinct values of the first column", rows, &answer->estimates[0]);
    if (answer->keys != keys) {
        check->what = "keys";
        check->exact = keys;
        check->estimate = (double)answer->keys;
        check->right = false;
    }
    cardinal_union_free(answer);
    return CARDINAL_OK;
}

/* Every answer of point has been looked at already; here, that no key is missing. */
static cardinal_status check_keys(struct check *check, cardinal_client *client, const char *table,
                                  const struct settings *settings)
{
    cardinal_union_result *answer;
    cardinal_selector all = cardinal_select_all();
    cardinal_status status = cardinal_union(client, table, &all, NULL, 0, &answer);
    if (status != CARDINAL_OK)
        return status;
    *check = (struct check){
        .what = "keys",
        .exact = settings->workload.keys,
        .estimate = (double)answer->keys,
        .right = answer->keys == settings->workload.keys,
    };
    cardinal_union_free(answer);
    return CARDINAL_OK;
}

cardinal_status check_run(struct check *check, cardinal_client *client, const char *table,
                          const struct settings *settings, const struct link *links)
{
    cardinal_status status = CARDINAL_OK;
    switch (settings->workload.kind) {
    case WORKLOAD_HOT:
    case WORKLOAD_MANY:
        status = check_cell(check, client, table, settings, links);
        break;
    case WORKLOAD_WIDE:
    case WORKLOAD_GROUPED:
        status = check_union(check, client, table, settings, links);
        break;
    case WORKLOAD_POINT:
        status = check_keys(check, client, table, settings);
        break;
    }
    if (status == CARDINAL_ERR_MEMORY)
        complain("no memory");
    else if (status != CARDINAL_OK)
        complain("%s", cardinal_error(client));
    return status;
}
