#include "tests/bench/table/bench_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

bool bench_no_rollup;

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

size_t bench_resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2)
        abort();
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

uint64_t bench_hash(uint64_t value)
{
    return XXH3_64bits(&value, sizeof value);
}

struct table *bench_make_table(struct catalog *catalog, const char *name, unsigned columns)
{
    static char names[COLUMNS_MAX][8];
    struct bytes_view views[COLUMNS_MAX];
    for (unsigned i = 0; i < columns; i++) {
        int len = snprintf(names[i], sizeof names[i], "c%u", i);
        views[i] = (struct bytes_view){ (const uint8_t *)names[i], (size_t)len };
    }
    struct table_spec spec = { .name = { (const uint8_t *)name, strlen(name) },
                               .columns = views,
                               .column_count = columns,
                               .no_rollup = bench_no_rollup };
    struct table *table;
    bool created;
    struct error err;
    if (catalog_create(catalog, &spec, false, &table, &created, &err) != ST_OK) {
        fprintf(stderr, "bench_table: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return table;
}

struct batch_row batch_rows[BATCH];
struct batch_cell batch_cells[BATCH];
static uint8_t batch_keys[BATCH][KEY_ROOM];
uint64_t batch_hashes[BATCH];
struct batch bench_batch = { .rows = batch_rows, .cells = batch_cells };

void bench_begin_row(uint64_t key)
{
    uint32_t at = bench_batch.row_count++;
    int len = snprintf((char *)batch_keys[at], KEY_ROOM, "%010llu", (unsigned long long)key);
    batch_rows[at] = (struct batch_row){ .key = batch_keys[at],
                                         .key_len = (uint32_t)len,
                                         .first_cell = (uint32_t)bench_batch.value_count };
}

void bench_add_value(uint32_t column, uint64_t value)
{
    uint64_t at = bench_batch.value_count++;
    batch_hashes[at] = bench_hash(value);
    batch_cells[at] = (struct batch_cell){ (const uint8_t *)&batch_hashes[at], 1, column };
    batch_rows[bench_batch.row_count - 1].cell_count++;
}

double bench_apply(struct table *table, struct column_set *columns)
{
    struct apply_cursor cursor = { 0 };
    bool done = false;
    bench_batch.column_count = columns->count;
    double begun = bench_now_s();
    while (!done) {
        if (table_apply(table, &bench_batch, columns, &cursor, 4096, &done) != ST_OK)
            abort();
    }
    bench_batch.row_count = 0;
    bench_batch.value_count = 0;
    return bench_now_s() - begun;
}

uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

void bench_fill(struct table *table, uint32_t count, uint32_t values)
{
    struct bytes_view name = { (const uint8_t *)"c0", 2 };
    struct column_set columns;
    table_find_columns(table, &name, 1, &columns, NULL);
    for (uint32_t key = 0; key < count; key++) {
        uint64_t number = (uint64_t)key * 2654435761u % 10000000000u;
        for (uint32_t i = 0; i < values; i++) {
            bench_begin_row(number);
            bench_add_value(0, (uint64_t)key * 100000 + i);
            if (bench_batch.row_count == BATCH)
                bench_apply(table, &columns);
        }
    }
    if (bench_batch.row_count > 0)
        bench_apply(table, &columns);
}
