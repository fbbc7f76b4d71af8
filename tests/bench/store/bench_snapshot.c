/* bench_snapshot: what a snapshot costs those who go on writing.
 *
 *     bench_snapshot DIR KEYS VALUES
 *
 * Makes a table of KEYS keys with VALUES values each, kept in DIR (which is made), and
 * has a thread apply batches of 100 values, a journal behind them, for 3 s; then again
 * while snapshots are taken. Prints the longest batches of both, the time and bytes of
 * the snapshots, and by how much resident memory was larger than before at the most.
 * At last the table is walked as a snapshot does it: the longest processor time under
 * one hold of a lock is what a writer waits for at most, but for the scheduler. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/sketch/dump.h"
#include "daemon/store/keeper.h"
#include "daemon/store/snapshot.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "daemon/table/slices.h"

#define BATCH_ROWS 100u
#define KEY_ROOM 16u
#define QUIET_S 3u
#define SNAPSHOTS 3u
#define LONG_COUNT 3u /* longest batches that are printed */
#define MIB 1048576.0

static struct store *store;
static struct keeper *keeper;
static struct catalog *catalog;
static struct table *table;
static uint64_t key_count;
static atomic_bool stops;
static double longest_ms[LONG_COUNT]; /* descending */
static uint64_t batches;
static atomic_size_t most_resident;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
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

static void demand(enum status status, const struct error *err)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_snapshot: %s\n", err->text);
    exit(EXIT_FAILURE);
}

/* Applies a batch of one value for each of BATCH_ROWS keys. */
static void apply(uint64_t first_key, uint64_t step, uint64_t value)
{
    static _Thread_local struct batch_row rows[BATCH_ROWS];
    static _Thread_local struct batch_cell cells[BATCH_ROWS];
    static _Thread_local char keys[BATCH_ROWS][KEY_ROOM];
    static _Thread_local uint64_t hashes[BATCH_ROWS];
    struct batch batch = { rows, BATCH_ROWS, 1, cells, BATCH_ROWS };
    struct apply_cursor cursor = { 0 };
    struct column_set columns;
    struct error err;
    bool done = false;
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        uint64_t number = (first_key + i * step) % key_count;
        int len = snprintf(keys[i], KEY_ROOM, "key%09u", (unsigned)number);
        uint64_t seed[2] = { number, value };
        hashes[i] = XXH3_64bits(seed, sizeof seed);
        rows[i] = (struct batch_row){ .key = (const uint8_t *)keys[i],
                                      .key_len = (uint32_t)len,
                                      .first_cell = i,
                                      .cell_count = 1 };
        cells[i] =
            (struct batch_cell){ .column = 0, .n = 1, .hashes = (const uint8_t *)&hashes[i] };
    }
    demand(table_find_columns(table, NULL, 0, &columns, &err), &err);
    while (!done) {
        while (store_is_behind(store))
            usleep(100);
        demand(table_apply(table, &batch, &columns, &cursor, BATCH_ROWS, &done), &err);
    }
}

static void note_batch(double ms)
{
    for (unsigned i = 0; i < LONG_COUNT; i++) {
        if (ms > longest_ms[i]) {
            double was = longest_ms[i];
            longest_ms[i] = ms;
            ms = was;
        }
    }
}

static void *ingest(void *arg)
{
    (void)arg;
    for (uint64_t n = 0; !atomic_load(&stops); n++) {
        double begun = now_s();
        apply(n * 7919, 104729, 1000 + n % 50);
        note_batch((now_s() - begun) * 1e3);
        batches++;
    }
    return NULL;
}

static void *watch(void *arg)
{
    (void)arg;
    while (!atomic_load(&stops)) {
        size_t resident = resident_bytes();
        if (resident > atomic_load(&most_resident))
            atomic_store(&most_resident, resident);
        usleep(2000);
    }
    return NULL;
}

static void print_batches(const char *when, double seconds)
{
    printf("%-18s %8.0f batches/s, longest", when, (double)batches / seconds);
    for (unsigned i = 0; i < LONG_COUNT; i++)
        printf(" %.2f ms", longest_ms[i]);
    putchar('\n');
}

static void snapshots(void)
{
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        struct kept kept;
        struct error err;
        double begun = now_s();
        demand(keeper_take(keeper, NULL, &kept, &err), &err);
        printf("snapshot           %8.2f s, %.1f MiB, %lu keys\n", now_s() - begun,
               (double)kept.bytes / MIB, (unsigned long)kept.keys);
    }
}

/* Runs the work with a thread that ingests beside it. */
static void beside_ingest(const char *when, void (*work)(void))
{
    pthread_t threads[2];
    memset(longest_ms, 0, sizeof longest_ms);
    batches = 0;
    atomic_store(&stops, false);
    size_t before = resident_bytes();
    atomic_store(&most_resident, before);
    double begun = now_s();
    pthread_create(&threads[0], NULL, ingest, NULL);
    pthread_create(&threads[1], NULL, watch, NULL);
    work();
    double seconds = now_s() - begun;
    atomic_store(&stops, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    print_batches(when, seconds);
    printf("%-18s %8.1f MiB resident before, at most %.1f MiB more\n", when, (double)before / MIB,
           (double)(atomic_load(&most_resident) - before) / MIB);
}

/* Dumps under a shard's lock, as much as a snapshot does. */
struct dumping {
    uint8_t *room;
    size_t used;
};

static bool dump_row(const struct slice_row *row, void *arg)
{
    struct dumping *dumping = arg;
    const struct sketch_shape *shape = table_shape(table);
    if (dumping->used > 0 &&
        dumping->used + cell_dump_bound(row->cells, shape) > SNAPSHOT_SLICE_BYTES)
        return false;
    memcpy(dumping->room + dumping->used, row->key.data, row->key.len);
    dumping->used += row->key.len;
    dumping->used += cell_dump(row->cells, shape, dumping->room + dumping->used);
    return true;
}

static double thread_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void time_slices(void)
{
    struct dumping dumping = {
        malloc(SNAPSHOT_SLICE_BYTES + cell_dump_max(table_shape(table)) + KEY_ROOM), 0
    };
    struct slices *walk = malloc(sizeof *walk);
    struct slice slice;
    double sum = 0;
    double longest = 0;
    uint64_t count = 0;
    bool more = true;
    if (dumping.room == NULL || walk == NULL)
        abort();
    for (slices_begin(walk, table); more; count++) {
        double begun = thread_us();
        dumping.used = 0;
        more = slices_next(walk, dump_row, &dumping, &slice);
        double us = thread_us() - begun;
        sum += us;
        longest = us > longest ? us : longest;
    }
    printf("slices             %8lu, %.1f us in the mean, at most %.1f us of processor time\n",
           (unsigned long)count, sum / (double)count, longest);
    free(walk);
    free(dumping.room);
}

static void rest(void)
{
    sleep(QUIET_S);
}

int main(int argc, char **argv)
{
    const struct bytes_view column = { (const uint8_t *)"c", 1 };
    const struct table_spec spec = { .name = { (const uint8_t *)"t", 1 },
                                     .columns = &column,
                                     .column_count = 1 };
    struct error err;
    bool created;
    if (argc != 4) {
        fputs("usage: bench_snapshot DIR KEYS VALUES\n", stderr);
        return 2;
    }
    const struct store_options options = { .path = argv[1], .flush_interval_ms = 1000 };
    key_count = strtoull(argv[2], NULL, 10);
    demand(store_open(&options, &store, &err), &err);
    catalog = catalog_new(1, 12345);
    demand(keeper_new(store, catalog, 0, &keeper, &err), &err);
    demand(store_start(store, &err), &err);
    catalog_set_sink(catalog, store_sink(store));
    demand(catalog_create(catalog, &spec, false, &table, &created, &err), &err);
    for (uint64_t value = 0; value < strtoull(argv[3], NULL, 10); value++) {
        for (uint64_t key = 0; key < key_count; key += BATCH_ROWS)
            apply(key, 1, value);
    }
    beside_ingest("without snapshots", rest);
    beside_ingest("with snapshots", snapshots);
    time_slices();
    catalog_set_sink(catalog, NULL);
    keeper_stop(keeper);
    store_close(store);
    keeper_free(keeper);
    table_unref(table);
    catalog_free(catalog);
    return EXIT_SUCCESS;
}
