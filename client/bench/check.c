#include "client/bench/check.h"

#include <stdlib.h>

#include "client/bench/link.h"
#include "client/bench/result.h"
#include "client/bench/target.h"

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
                    const struct answer *answer)
{
    check->what = what;
    check->exact = exact;
    check->estimate = answer->estimate;
    check->right = result_is_near(answer->estimate, answer->rse, exact);
}

static enum exit_status check_first(struct check *check, struct target *target,
                                    const struct link *links)
{
    struct answer answer;
    uint64_t exact;
    if (!count_exactly(target->settings, links, &exact))
        return no_memory();
    enum exit_status result = target->kind->count_first(target, &answer);
    if (result == EXIT_DONE)
        compare(check, "distinct values of the first key", exact, &answer);
    return result;
}

/* Of wide and grouped each row has a value of its own in each column. */
static uint64_t sum_rows(const struct settings *settings, const struct link *links)
{
    uint32_t columns = settings->workload.columns;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < settings->connections; i++)
        rows += (links[i].made + columns - 1) / columns;
    return rows;
}

static enum exit_status check_all(struct check *check, struct target *target, uint64_t keys,
                                  uint64_t distinct)
{
    struct answer answer;
    enum exit_status result = target->kind->count_all(target, keys, &answer);
    if (result != EXIT_DONE)
        return result;
    compare(check, "distinct values of the first column", distinct, &answer);
    if (answer.keys != keys)
        *check = (struct check){ "keys", keys, (double)answer.keys, false };
    return EXIT_DONE;
}

enum exit_status check_run(struct check *check, struct target *target, const struct link *links)
{
    const struct settings *settings = target->settings;
    const struct workload *workload = &settings->workload;
    uint64_t rows;
    switch (workload->kind) {
    case WORKLOAD_WIDE:
    case WORKLOAD_GROUPED:
        rows = sum_rows(settings, links);
        return check_all(
            check, target,
            workload->kind == WORKLOAD_GROUPED && rows > workload->keys ? workload->keys : rows,
            rows);
    case WORKLOAD_POINT:
    case WORKLOAD_UNION:
    case WORKLOAD_SCAN:
        return check_all(check, target, workload->keys,
                         (uint64_t)workload->keys * workload->per_key);
    case WORKLOAD_HOT:
    case WORKLOAD_MANY:
    case WORKLOAD_MIXED:
        break;
    }
    return check_first(check, target, links);
}
