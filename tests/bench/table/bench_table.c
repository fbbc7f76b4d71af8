/* bench_table: what the table itself costs, without a network.
 *
 *     bench_table wide|grouped|many|memory COLUMNS VALUES [KEYS]|queries KEYS|unions KEYS VALUES
 *                 [no-rollup]
 *
 * wide: 60,000 new keys x 11 columns, one value each, in batches of 1,000
 * values. grouped: the same under 255 keys. many: 10,000,000 events over 100,000 keys, Zipf(1), one
 * column, values uniform in 1..10,000,000, batches of 1,000 grouped by key. memory: resident bytes
 * a key with that many values in one of COLUMNS, 200,000 keys of 10 bytes unless told. queries:
 * points, pages, unions and deletes over KEYS one-value keys. unions: of KEYS listed keys of VALUES
 * values each. no-rollup: of a table that keeps none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "tests/bench/table/bench_parts.h"

/* The same rows of 11 columns, under keys that count around. */
static void time_rows(const char *what, uint32_t key_count)
{
    enum { ROWS = 60000, COLUMNS = 11, BATCH_ROWS = BATCH / COLUMNS };
    struct catalog *catalog = catalog_new(100, 42);
    for (int round = 0; round < 5; round++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", round);
        struct table *table = bench_make_table(catalog, name, COLUMNS);
        struct column_set columns;
        table_find_columns(table, NULL, 0, &columns, NULL);
        size_t before = bench_resident_bytes();
        double seconds = 0;
        for (uint32_t row = 0; row < ROWS; row++) {
            bench_begin_row((uint64_t)row * 7919 % key_count);
            for (uint32_t column = 0; column < COLUMNS; column++)
                bench_add_value(column, (uint64_t)row * COLUMNS + column);
            if (bench_batch.row_count == BATCH_ROWS || row == ROWS - 1)
                seconds += bench_apply(table, &columns);
        }
        printf("%s: %.1f ns a value, %.1f bytes resident a key\n", what,
               seconds / (ROWS * COLUMNS) * 1e9,
               (double)(bench_resident_bytes() - before) / key_count);
        table_unref(table);
    }
    catalog_free(catalog);
}

/* Keys by Zipf's law. */
struct zipf {
    uint32_t keys;
    double until[]; /* sums of the keys' shares */
};

static struct zipf *zipf_new(uint32_t count)
{
    struct zipf *zipf = malloc(sizeof *zipf + count * sizeof zipf->until[0]);
    if (zipf == NULL)
        abort();
    double sum = 0;
    zipf->keys = count;
    for (uint32_t i = 0; i < count; i++)
        zipf->until[i] = sum += 1.0 / (i + 1);
    return zipf;
}

static uint32_t zipf_draw(const struct zipf *zipf, uint64_t *state)
{
    double at = (double)(bench_random(state) >> 11) * 0x1p-53 * zipf->until[zipf->keys - 1];
    uint32_t low = 0;
    for (uint32_t high = zipf->keys - 1; low < high;) {
        uint32_t middle = (low + high) / 2;
        if (zipf->until[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct event {
    uint32_t key;
    uint64_t value;
};

/* Makes a batch of the events, a row for each key as clients do. */
static void group_events(const struct event *events, uint32_t n)
{
    enum { PLACES = 4096 };
    static uint16_t row_at[PLACES]; /* row + 1, 0: free */
    uint16_t row_of[BATCH];
    uint32_t key_of[BATCH];
    uint32_t count_of[BATCH] = { 0 };
    memset(row_at, 0, sizeof row_at);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = events[i].key * 2654435761u >> 20;
        while (row_at[place] != 0 && key_of[row_at[place] - 1] != events[i].key)
            place = (place + 1) % PLACES;
        if (row_at[place] == 0) {
            key_of[bench_batch.row_count] = events[i].key;
            bench_begin_row(events[i].key);
            row_at[place] = (uint16_t)bench_batch.row_count;
        }
        row_of[i] = (uint16_t)(row_at[place] - 1);
        count_of[row_of[i]]++;
    }
    uint64_t *next[BATCH];
    uint64_t *at = batch_hashes;
    for (uint32_t row = 0; row < bench_batch.row_count; row++) {
        next[row] = at;
        batch_rows[row].first_cell = row;
        batch_rows[row].cell_count = 1;
        batch_cells[row] = (struct batch_cell){ (const uint8_t *)at, count_of[row], 0 };
        at += count_of[row];
    }
    for (uint32_t i = 0; i < n; i++)
        *next[row_of[i]]++ = bench_hash(events[i].value);
    bench_batch.value_count = n;
}

/* Events are drawn for many batches together, since that empties caches. */
static void time_many(void)
{
    enum { KEYS = 100000, EVENTS = 10000000, DRAWN = 250 * BATCH };
    static struct event events[DRAWN];
    struct catalog *catalog = catalog_new(100, 42);
    struct table *table = bench_make_table(catalog, "t", 1);
    struct column_set columns;
    table_find_columns(table, NULL, 0, &columns, NULL);
    struct zipf *zipf = zipf_new(KEYS);
    uint64_t state = 88172645463325252u;
    double seconds = 0;
    for (uint32_t done = 0; done < EVENTS;) {
        for (uint32_t i = 0; i < DRAWN; i++)
            events[i] =
                (struct event){ zipf_draw(zipf, &state), bench_random(&state) % 10000000 + 1 };
        for (uint32_t i = 0; i < DRAWN; i += BATCH) {
            group_events(events + i, BATCH);
            seconds += bench_apply(table, &columns);
        }
        done += DRAWN;
        if (done % 2500000 == 0)
            printf("many: %.1f ns a value to event %u\n", seconds / done * 1e9, done);
    }
    free(zipf);
    table_unref(table);
    catalog_free(catalog);
}

static void time_memory(unsigned columns, uint32_t values, uint32_t count)
{
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = bench_make_table(catalog, "t", columns);
    size_t before = bench_resident_bytes();
    bench_fill(table, count, values);
    heap_purge(0); /* as the daemon does */
    size_t grown = bench_resident_bytes() - before;
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    size_t accounted = usage.row_bytes + usage.index_bytes + usage.rollup_bytes;
    for (unsigned state = 0; state < CELL_STATE_COUNT; state++)
        accounted += usage.cell_bytes[state];
    printf("memory: %u values a key, %u keys, %u columns: %.1f resident, %.1f accounted bytes a "
           "key (rows %.1f, indices %.1f, rollups %.1f)\n",
           values, count, columns, (double)grown / count, (double)accounted / count,
           (double)usage.row_bytes / count, (double)usage.index_bytes / count,
           (double)usage.rollup_bytes / count);
    printf("memory: the heap holds %.1f bytes a key, %.1f free, %.1f in blocks\n",
           (double)heap_held_bytes() / count, (double)heap_idle_bytes() / count,
           (double)heap_used_bytes() / count);
    table_unref(table);
    catalog_free(catalog);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc > 2 && strcmp(argv[argc - 1], "no-rollup") == 0) {
        bench_no_rollup = true;
        argc--;
    }
    unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned values = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    unsigned count = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 200000;
    if (strcmp(what, "wide") == 0)
        time_rows(what, 60000);
    else if (strcmp(what, "grouped") == 0)
        time_rows(what, 255);
    else if (strcmp(what, "many") == 0)
        time_many();
    else if (strcmp(what, "memory") == 0 && n >= 1 && n <= COLUMNS_MAX && count >= 1)
        time_memory(n, values, count);
    else if (strcmp(what, "queries") == 0 && n >= 1)
        bench_queries(n);
    else if (strcmp(what, "unions") == 0 && n >= 1)
        bench_unions(n, values);
    else {
        fprintf(stderr, "usage: bench_table wide|grouped|many|memory COLUMNS VALUES [KEYS]|"
                        "queries KEYS|unions KEYS VALUES\n");
        return 2;
    }
    return EXIT_SUCCESS;
}
