/* bench_rounds: what is resident of a full table, and of one that was filled and had
 * a random half of its keys deleted in turn.
 *
 *     bench_rounds KEYS ROUNDS VALUES
 *
 * One column, VALUES in each key, in batches of 1,000. What the daemon does with what
 * deletes leave behind is done after each round; the last look is 10 s later, when
 * every allocator has given back what it means to. bench_rounds_malloc is the same
 * upon malloc(), to hold the daemon's heap against other allocators. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/memory/heap.h"
#include "daemon/table/catalog.h"

#define BATCH 1000u
#define KEY_BYTES 10u
#define SETTLE_SECONDS 10u

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2)
        abort();
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static struct table *make_table(struct catalog *catalog)
{
    struct bytes_view column = { (const uint8_t *)"c", 1 };
    struct table_spec spec = { .name = column, .columns = &column, .column_count = 1 };
    struct table *table;
    bool created;
    if (catalog_create(catalog, &spec, false, &table, &created, NULL) != ST_OK)
        abort();
    return table;
}

static struct bytes_view name_key(uint8_t text[KEY_BYTES + 1], uint32_t number)
{
    snprintf((char *)text, KEY_BYTES + 1, "%010u", number * 2654435761u);
    return (struct bytes_view){ text, KEY_BYTES };
}

/* A batch that is applied when it is full, and what that took. */
struct filler {
    struct table *table;
    struct column_set columns;
    struct batch batch;
    struct batch_row rows[BATCH];
    struct batch_cell cells[BATCH];
    uint64_t hashes[BATCH];
    uint8_t keys[BATCH][KEY_BYTES + 1];
    double seconds;
};

static void apply(struct filler *filler)
{
    struct apply_cursor cursor = { 0 };
    bool done = false;
    filler->batch.rows = filler->rows;
    filler->batch.cells = filler->cells;
    filler->batch.column_count = 1;
    double begun = now_s();
    while (!done) {
        if (table_apply(filler->table, &filler->batch, &filler->columns, &cursor, 4096, &done) !=
            ST_OK)
            abort();
    }
    filler->seconds += now_s() - begun;
    filler->batch.row_count = 0;
    filler->batch.value_count = 0;
}

static void add_value(struct filler *filler, uint32_t key, uint64_t value)
{
    uint32_t at = filler->batch.row_count++;
    struct bytes_view name = name_key(filler->keys[at], key);
    filler->hashes[at] = XXH3_64bits(&value, sizeof value);
    filler->cells[at] = (struct batch_cell){ (const uint8_t *)&filler->hashes[at], 1, 0 };
    filler->rows[at] = (struct batch_row){
        .key = name.data, .key_len = KEY_BYTES, .first_cell = at, .cell_count = 1
    };
    filler->batch.value_count++;
    if (filler->batch.row_count == BATCH)
        apply(filler);
}

/* Every key gets its values, if it has not got them; the seconds a value took. */
static double fill(struct table *table, uint32_t keys, uint32_t values)
{
    static struct filler filler;
    memset(&filler, 0, sizeof filler);
    filler.table = table;
    table_find_columns(table, NULL, 0, &filler.columns, NULL);
    for (uint32_t key = 0; key < keys; key++) {
        for (uint32_t i = 0; i < values; i++)
            add_value(&filler, key, (uint64_t)key * values + i);
    }
    apply(&filler);
    return filler.seconds / ((double)keys * values);
}

static bool coin(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d) >> 63 != 0;
}

static void delete_half(struct table *table, uint32_t keys, uint64_t *state)
{
    for (uint32_t at = 0; at < keys; at++) {
        uint8_t text[KEY_BYTES + 1];
        struct bytes_view key = name_key(text, at);
        struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
        uint64_t deleted;
        if (coin(state))
            table_delete(table, &one, NULL, &deleted, NULL);
    }
    table_pack(table, NULL);
    if (heap_compact() > 0)
        table_compact(table, NULL);
    heap_purge(0);
}

/* Resident bytes a key. */
static double bytes_a_key(struct table *table, size_t before)
{
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    return (double)(resident_bytes() - before) / (double)usage.keys;
}

int main(int argc, char **argv)
{
    uint32_t keys = argc == 4 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t rounds = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    uint32_t values = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    uint64_t state = 88172645463325252u;
    if (keys == 0 || values == 0) {
        fprintf(stderr, "usage: bench_rounds KEYS ROUNDS VALUES\n");
        return 2;
    }
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = make_table(catalog);
    size_t before = resident_bytes();
    double seconds = fill(table, keys, values);
    heap_purge(0);
    double full = bytes_a_key(table, before);
    printf("filled at %.0f ns a value: %.1f bytes resident a key\n", seconds * 1e9, full);
    for (uint32_t round = 0; round < rounds; round++) {
        fill(table, keys, values);
        delete_half(table, keys, &state);
    }
    if (rounds > 0) {
        sleep(SETTLE_SECONDS);
        double left = bytes_a_key(table, before);
        printf("after %u rounds: %.1f bytes resident a key that is left, %.3f times as many\n",
               rounds, left, left / full);
    }
    table_unref(table);
    catalog_free(catalog);
    return EXIT_SUCCESS;
}
