#include "client/bench/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/bench/link.h"
#include "client/bench/settings.h"

#define SIGMAS 5.0
#define FEW 3.0 /* small counts may be off by as much */

/* Which numbers below a bound have been seen. */
struct seen {
    uint64_t *words;
    uint64_t count;
};

static void see(struct seen *seen, uint64_t number)
{
    uint64_t bit = UINT64_C(1) << (number % 64);
    if (seen->words[number / 64] & bit)
        return;
    seen->words[number / 64] |= bit;
    seen->count++;
}

/* Runs the generators again and counts the distinct numbers of the events that the
 * check is about: those of the key of rank 0, in column 0. False: no memory. */
static bool count_exactly(const struct settings *settings, const struct link *links,
                          uint64_t *exact)
{
    struct seen seen = { calloc(settings->workload.values / 64 + 1, sizeof(uint64_t)), 0 };
    if (seen.words == NULL)
        return false;
    for (uint32_t i = 0; i < settings->connections; i++) {
        struct generator generator;
        generator_begin(&generator, &settings->workload, i, settings->connections);
        for (uint64_t n = 0; n < links[i].made && generator_next(&generator); n++) {
            if (generator.event.rank == 0 && generator.event.column == 0)
                see(&seen, generator.event.number);
        }
    }
    free(seen.words);
    *exact = seen.count;
    return true;
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
