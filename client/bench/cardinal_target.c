/* The target cardinald, through its client library: what is not load. */
#include <cardinal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/bench/cardinal_link.h"
#include "client/bench/clock.h"
#include "client/bench/target.h"

static enum exit_status failed(const struct cardinal_target *cardinal)
{
    complain("%s", cardinal_error(cardinal->client));
    return EXIT_FAILED;
}

/* A table of a name of its own, so that benches do not disturb one another. */
static enum exit_status make_table(struct cardinal_target *cardinal, uint32_t count)
{
    char names[CARDINAL_COLUMNS_MAX][16];
    const char *columns[CARDINAL_COLUMNS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "c%" PRIu32, i + 1);
        columns[i] = names[i];
    }
    char name[sizeof cardinal->table];
    (void)snprintf(name, sizeof name, "cardinal_bench.%ld.%" PRIu64, (long)getpid(), clock_ns());
    cardinal_table_spec spec = CARDINAL_TABLE_SPEC_INIT;
    spec.name = name;
    spec.columns = columns;
    spec.column_count = count;
    if (cardinal_table_create(cardinal->client, &spec, NULL, NULL) != CARDINAL_OK)
        return failed(cardinal);
    (void)snprintf(cardinal->table, sizeof cardinal->table, "%s", name);
    return EXIT_DONE;
}

static enum exit_status open_target(struct target *target)
{
    struct cardinal_target *cardinal = calloc(1, sizeof *cardinal);
    if (cardinal == NULL)
        return no_memory();
    target->state = cardinal;
    enum exit_status result = cardinal_link_connect(target->settings, &cardinal->client);
    if (result == EXIT_DONE)
        result = make_table(cardinal, target->settings->workload.columns);
    return result;
}

static void close_target(struct target *target)
{
    struct cardinal_target *cardinal = target->state;
    if (cardinal->table[0] != '\0' &&
        cardinal_table_drop(cardinal->client, cardinal->table, true, NULL) != CARDINAL_OK)
        (void)failed(cardinal);
    cardinal_close(cardinal->client);
    free(cardinal);
}

static cardinal_status fill_key(cardinal_batch *batch, const struct workload *workload,
                                uint32_t rank)
{
    struct event event = { 0 };
    cardinal_status status = CARDINAL_OK;
    for (uint32_t i = 0; status == CARDINAL_OK && i < workload->per_key; i++) {
        workload_fill(workload, rank, i, &event);
        status = cardinal_batch_string(batch, event.key, sizeof event.key, 0, event.value,
                                       workload->value_bytes);
    }
    return status;
}

static enum exit_status fill(struct target *target)
{
    struct cardinal_target *cardinal = target->state;
    const struct workload *workload = &target->settings->workload;
    cardinal_batch *batch;
    if (cardinal_batch_open(cardinal->client, cardinal->table, NULL, 0, NULL, &batch) !=
        CARDINAL_OK)
        return failed(cardinal);
    cardinal_status status = CARDINAL_OK;
    for (uint32_t i = 0; status == CARDINAL_OK && i < workload->keys; i++)
        status = fill_key(batch, workload, i);
    if (status == CARDINAL_OK)
        status = cardinal_batch_flush(batch);
    enum exit_status result = status == CARDINAL_OK ? EXIT_DONE : failed(cardinal);
    cardinal_batch_close(batch);
    return result;
}

static enum exit_status read_usage(struct target *target, struct usage *out)
{
    struct cardinal_target *cardinal = target->state;
    cardinal_stats *stats;
    if (cardinal_stats_get(cardinal->client, &stats) != CARDINAL_OK)
        return failed(cardinal);
    out->cpu_ns =
        cardinal_stats_value(stats, "cpu_user_ns") + cardinal_stats_value(stats, "cpu_system_ns");
    out->resident_bytes = cardinal_stats_value(stats, "resident_bytes");
    cardinal_stats_free(stats);
    return EXIT_DONE;
}

static enum exit_status count_first(struct target *target, struct answer *out)
{
    struct cardinal_target *cardinal = target->state;
    char key[WORKLOAD_KEY_BYTES];
    workload_key(key, 0);
    const cardinal_key keys[] = { { key, sizeof key } };
    cardinal_counts *counts;
    if (cardinal_count(cardinal->client, cardinal->table, keys, 1, NULL, 0, &counts) != CARDINAL_OK)
        return failed(cardinal);
    const cardinal_row *row = &counts->rows[0];
    *out = (struct answer){ row->estimates[0].value, row->estimates[0].rse, row->found ? 1 : 0 };
    cardinal_counts_free(counts);
    return EXIT_DONE;
}

static enum exit_status count_all(struct target *target, uint64_t keys, struct answer *out)
{
    struct cardinal_target *cardinal = target->state;
    cardinal_selector all = cardinal_select_all();
    cardinal_union_result *answer;
    (void)keys;
    if (cardinal_union(cardinal->client, cardinal->table, &all, NULL, 0, &answer) != CARDINAL_OK)
        return failed(cardinal);
    *out = (struct answer){ answer->estimates[0].value, answer->estimates[0].rse, answer->keys };
    cardinal_union_free(answer);
    return EXIT_DONE;
}

const struct target_kind target_cardinal = {
    .open = open_target,
    .close = close_target,
    .fill = fill,
    .usage = read_usage,
    .count_first = count_first,
    .count_all = count_all,
    .link_open = cardinal_link_open,
    .link_close = cardinal_link_close,
    .link_send = cardinal_link_send,
    .link_push = cardinal_link_push,
    .link_collect = cardinal_link_collect,
    .link_drain = cardinal_link_drain,
    .link_fd = cardinal_link_fd,
    .link_events = cardinal_link_events,
    .hides_answers = true,
};
