/* bench_snapshot: what a snapshot costs those who go on writing.
 *
 *     bench_snapshot DIR KEYS VALUES [COLUMNS PRECISION]
 *
 * Makes a table of KEYS keys with VALUES values in each column, kept in DIR (which is
 * made), and has a thread apply batches of 100 values to it, a journal behind them: for a
 * while alone, for a while beside one snapshot after the other, and that ROUNDS times, so
 * that what else the machine does falls on both. Prints of both
 *
 *     batches     how long they took, by the clock
 *     waits       how long the thread stood before the lock of a shard
 *
 * and of the snapshots how long they held a lock (by the clock, and of processor time,
 * which is what is left when nobody else wants the processor), how long they took, and by
 * how much resident memory was larger than before at the most. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/store/keeper.h"
#include "daemon/store/store.h"
#include "daemon/table/catalog.h"
#include "daemon/table/shard.h"

#define BATCH_ROWS 100u
#define FILL_VALUES 1024u /* of one cell that are added at a time */
#define KEY_ROOM 16u
#define ROUNDS 6u
#define ROUND_S 1.5
#define STEPS 16u /* of a histogram, from one power of 2 to the next */
#define BUCKETS (44u * STEPS)
#define PAUSE_NS 5000000u
#define MIB 1048576.0

/* Times in nanoseconds, each known to a sixteenth of a power of 2. */
struct times {
    uint64_t counts[BUCKETS];
    uint64_t count;
    uint64_t most;
    uint64_t pauses; /* of PAUSE_NS and more */
};

static struct store *store;
static struct keeper *keeper;
static struct catalog *catalog;
static struct table *table;
static uint64_t key_count;
static uint32_t column_count = 1;
static atomic_bool stops;
static atomic_size_t most_resident;
static struct times batches[2]; /* alone, beside snapshots */
static struct times waits[2];
static struct times holds;     /* of a lock by a snapshot, by the clock */
static struct times holds_cpu; /* of processor time */
static struct times taken;     /* snapshots */
static uint64_t values_made;
static double seconds[2];
static _Thread_local struct times *waits_here; /* NULL: nobody asks */
static _Thread_local uint64_t held_since = 1;  /* by a snapshot; 1: it holds none */
static _Thread_local uint64_t held_since_cpu = 1;

/* ---- times --------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note(struct times *times, uint64_t ns)
{
    unsigned bucket = ns == 0 ? 0 : (unsigned)(log2((double)ns) * STEPS);
    times->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    times->count++;
    times->most = ns > times->most ? ns : times->most;
    times->pauses += ns >= PAUSE_NS;
}

/* The time that a share of all is no longer than, in microseconds. */
static double quantile_us(const struct times *times, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)times->count);
    uint64_t seen = 0;
    unsigned bucket = 0;
    while (bucket < BUCKETS && (seen += times->counts[bucket]) < rank)
        bucket++;
    double ns = exp2((bucket + 1.0) / STEPS);
    return (ns < (double)times->most ? ns : (double)times->most) * 1e-3;
}

static void print_times(const char *what, const struct times *times)
{
    printf("%-25s %9lu  p50 %7.1f  p99 %7.1f  p99.9 %7.1f  p99.99 %7.1f  max %7.1f us, over 5 ms: "
           "%lu\n",
           what, (unsigned long)times->count, quantile_us(times, 0.5), quantile_us(times, 0.99),
           quantile_us(times, 0.999), quantile_us(times, 0.9999), (double)times->most * 1e-3,
           (unsigned long)times->pauses);
}

/* ---- what is timed, put before the table's own by the linker -------------------- */

void __real_shard_lock(struct shard *shard, enum hold_purpose purpose);
void __wrap_shard_lock(struct shard *shard, enum hold_purpose purpose);
void __real_shard_lock_last(struct shard *shard, enum hold_purpose purpose);
void __wrap_shard_lock_last(struct shard *shard, enum hold_purpose purpose);
void __real_shard_unlock(struct shard *shard);
void __wrap_shard_unlock(struct shard *shard);

void __wrap_shard_lock(struct shard *shard, enum hold_purpose purpose)
{
    uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    __real_shard_lock(shard, purpose);
    if (waits_here != NULL)
        note(waits_here, clock_ns(CLOCK_MONOTONIC) - begun);
}

/* Only a snapshot locks like this here. */
void __wrap_shard_lock_last(struct shard *shard, enum hold_purpose purpose)
{
    __real_shard_lock_last(shard, purpose);
    held_since = clock_ns(CLOCK_MONOTONIC);
    held_since_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void __wrap_shard_unlock(struct shard *shard)
{
    if (held_since != 1) {
        note(&holds_cpu, clock_ns(CLOCK_THREAD_CPUTIME_ID) - held_since_cpu);
        note(&holds, clock_ns(CLOCK_MONOTONIC) - held_since);
        held_since = 1;
    }
    __real_shard_unlock(shard);
}

/* ---- filling ------------------------------------------------------------------- */

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

static void apply(struct batch *batch)
{
    struct apply_cursor cursor = { 0 };
    struct column_set columns;
    struct error err;
    bool done = false;
    demand(table_find_columns(table, NULL, 0, &columns, &err), &err);
    while (!done) {
        while (store_is_behind(store))
            usleep(100);
        demand(table_apply(table, batch, &columns, &cursor, 1024, &done), &err);
    }
}

static struct batch_row name_row(char key[KEY_ROOM], uint64_t number, uint32_t first_cell)
{
    int len = snprintf(key, KEY_ROOM, "key%09u", (unsigned)number);
    return (struct batch_row){ .key = (const uint8_t *)key,
                               .key_len = (uint32_t)len,
                               .first_cell = first_cell,
                               .cell_count = 1 };
}

static uint64_t hash_of(uint64_t key, uint64_t value)
{
    uint64_t seed[2] = { key, value };
    return XXH3_64bits(seed, sizeof seed);
}

/* Adds values first .. first + n - 1 to one cell. */
static void fill_cell(uint64_t key, uint32_t column, uint64_t first, uint32_t n)
{
    static uint64_t hashes[FILL_VALUES];
    char name[KEY_ROOM];
    struct batch_row row = name_row(name, key, 0);
    struct batch_cell cell = { .column = column, .n = n, .hashes = (const uint8_t *)hashes };
    struct batch batch = { &row, 1, column_count, &cell, 1 };
    for (uint32_t i = 0; i < n; i++)
        hashes[i] = hash_of(key * column_count + column, first + i);
    apply(&batch);
}

/* Adds one value to each of BATCH_ROWS keys. */
static void add_batch(uint64_t first_key, uint64_t step, uint32_t column, uint64_t value)
{
    static _Thread_local struct batch_row rows[BATCH_ROWS];
    static _Thread_local struct batch_cell cells[BATCH_ROWS];
    static _Thread_local char keys[BATCH_ROWS][KEY_ROOM];
    static _Thread_local uint64_t hashes[BATCH_ROWS];
    struct batch batch = { rows, BATCH_ROWS, column_count, cells, BATCH_ROWS };
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        uint64_t key = (first_key + i * step) % key_count;
        hashes[i] = hash_of(key * column_count + column, value);
        rows[i] = name_row(keys[i], key, i);
        cells[i] =
            (struct batch_cell){ .column = column, .n = 1, .hashes = (const uint8_t *)&hashes[i] };
    }
    apply(&batch);
}

static void fill(uint64_t values)
{
    for (uint64_t first = 0; first < values; first += FILL_VALUES) {
        uint32_t n = values - first < FILL_VALUES ? (uint32_t)(values - first) : FILL_VALUES;
        for (uint64_t key = 0; key < key_count; key++) {
            for (uint32_t column = 0; column < column_count; column++)
                fill_cell(key, column, first, n);
        }
    }
}

/* ---- measuring ------------------------------------------------------------------ */

static void *ingest(void *arg)
{
    unsigned side = *(unsigned *)arg;
    waits_here = &waits[side];
    for (uint64_t n = 0; !atomic_load(&stops); n++) {
        uint64_t begun = clock_ns(CLOCK_MONOTONIC);
        add_batch(n * 7919, 104729, (uint32_t)(n % column_count), (1u << 30) + values_made++ / 64);
        note(&batches[side], clock_ns(CLOCK_MONOTONIC) - begun);
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

/* Snapshots, one after the other, for a while. */
static void take_snapshots(void)
{
    uint64_t until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(ROUND_S * 1e9);
    do {
        struct kept kept;
        struct error err;
        uint64_t begun = clock_ns(CLOCK_MONOTONIC);
        demand(keeper_take(keeper, NULL, &kept, &err), &err);
        note(&taken, clock_ns(CLOCK_MONOTONIC) - begun);
    } while (clock_ns(CLOCK_MONOTONIC) < until);
}

/* A round of one side; the memory that was taken beyond what there was before. */
static size_t run_round(unsigned side)
{
    pthread_t threads[2];
    size_t before = resident_bytes();
    uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    atomic_store(&stops, false);
    atomic_store(&most_resident, before);
    pthread_create(&threads[0], NULL, ingest, &side);
    pthread_create(&threads[1], NULL, watch, NULL);
    if (side == 0)
        usleep((useconds_t)(ROUND_S * 1e6));
    else
        take_snapshots();
    atomic_store(&stops, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    seconds[side] += (double)(clock_ns(CLOCK_MONOTONIC) - begun) * 1e-9;
    return atomic_load(&most_resident) - before;
}

static void measure(void)
{
    size_t most[2] = { 0, 0 };
    for (unsigned round = 0; round < 2 * ROUNDS; round++) {
        size_t more = run_round(round % 2);
        most[round % 2] = more > most[round % 2] ? more : most[round % 2];
    }
    print_times("batches alone", &batches[0]);
    print_times("batches beside snapshots", &batches[1]);
    print_times("waits alone", &waits[0]);
    print_times("waits beside snapshots", &waits[1]);
    print_times("holds, by the clock", &holds);
    print_times("holds, processor time", &holds_cpu);
    print_times("snapshots", &taken);
    printf("batches a second             alone %.0f, beside snapshots %.0f\n",
           (double)batches[0].count / seconds[0], (double)batches[1].count / seconds[1]);
    printf("resident memory              %.1f MiB; in a round at most %.1f MiB more alone, "
           "%.1f MiB beside snapshots\n",
           (double)resident_bytes() / MIB, (double)most[0] / MIB, (double)most[1] / MIB);
}

static void make_table(uint8_t precision)
{
    static char names[COLUMNS_MAX][KEY_ROOM];
    struct bytes_view columns[COLUMNS_MAX];
    struct table_spec spec = { .name = { (const uint8_t *)"t", 1 },
                               .columns = columns,
                               .column_count = column_count,
                               .precision = precision };
    struct error err;
    bool created;
    for (uint32_t i = 0; i < column_count; i++) {
        int len = snprintf(names[i], KEY_ROOM, "c%u", i);
        columns[i] = (struct bytes_view){ (const uint8_t *)names[i], (size_t)len };
    }
    demand(catalog_create(catalog, &spec, false, &table, &created, &err), &err);
}

int main(int argc, char **argv)
{
    struct error err;
    if (argc != 4 && argc != 6) {
        fputs("usage: bench_snapshot DIR KEYS VALUES [COLUMNS PRECISION]\n", stderr);
        return 2;
    }
    const struct store_options options = { .path = argv[1], .flush_interval_ms = 1000 };
    key_count = strtoull(argv[2], NULL, 10);
    if (argc == 6)
        column_count = (uint32_t)strtoul(argv[4], NULL, 10);
    demand(store_open(&options, &store, &err), &err);
    catalog = catalog_new(1, 12345);
    demand(keeper_new(store, catalog, 0, &keeper, &err), &err);
    demand(store_start(store, &err), &err);
    catalog_set_sink(catalog, store_sink(store));
    make_table(argc == 6 ? (uint8_t)strtoul(argv[5], NULL, 10) : 0);
    fill(strtoull(argv[3], NULL, 10));
    measure();
    catalog_set_sink(catalog, NULL);
    keeper_stop(keeper);
    store_close(store);
    keeper_free(keeper);
    table_unref(table);
    catalog_free(catalog);
    return EXIT_SUCCESS;
}
