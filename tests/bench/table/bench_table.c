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
#include <math.h>
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
#define KEY_ROOM 16u

static bool no_rollup;

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

static uint64_t hash_of(uint64_t value)
{
    return XXH3_64bits(&value, sizeof value);
}

static struct table *make_table(struct catalog *catalog, const char *name, unsigned columns)
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
                               .no_rollup = no_rollup };
    struct table *table;
    bool created;
    struct error err;
    if (catalog_create(catalog, &spec, false, &table, &created, &err) != ST_OK) {
        fprintf(stderr, "bench_table: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return table;
}

/* A batch of its own memory, filled anew again and again. */
static struct batch_row rows[BATCH];
static struct batch_cell cells[BATCH];
static uint8_t keys[BATCH][KEY_ROOM];
static uint64_t hashes[BATCH];
static struct batch batch = { .rows = rows, .cells = cells };

static void begin_row(uint64_t key)
{
    uint32_t at = batch.row_count++;
    int len = snprintf((char *)keys[at], KEY_ROOM, "%010llu", (unsigned long long)key);
    rows[at] = (struct batch_row){ .key = keys[at],
                                   .key_len = (uint32_t)len,
                                   .first_cell = (uint32_t)batch.value_count };
}

static void add_value(uint32_t column, uint64_t value)
{
    uint64_t at = batch.value_count++;
    hashes[at] = hash_of(value);
    cells[at] = (struct batch_cell){ (const uint8_t *)&hashes[at], 1, column };
    rows[batch.row_count - 1].cell_count++;
}

/* Applies the batch and empties it; the seconds it took. */
static double apply(struct table *table, struct column_set *columns)
{
    struct apply_cursor cursor = { 0 };
    bool done = false;
    batch.column_count = columns->count;
    double begun = now_s();
    while (!done) {
        if (table_apply(table, &batch, columns, &cursor, 4096, &done) != ST_OK)
            abort();
    }
    batch.row_count = 0;
    batch.value_count = 0;
    return now_s() - begun;
}

/* The same rows of 11 columns, under keys that count around. */
static void bench_rows(const char *what, uint32_t key_count)
{
    enum { ROWS = 60000, COLUMNS = 11, BATCH_ROWS = BATCH / COLUMNS };
    struct catalog *catalog = catalog_new(100, 42);
    for (int round = 0; round < 5; round++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", round);
        struct table *table = make_table(catalog, name, COLUMNS);
        struct column_set columns;
        table_find_columns(table, NULL, 0, &columns, NULL);
        size_t before = resident_bytes();
        double seconds = 0;
        for (uint32_t row = 0; row < ROWS; row++) {
            begin_row((uint64_t)row * 7919 % key_count);
            for (uint32_t column = 0; column < COLUMNS; column++)
                add_value(column, (uint64_t)row * COLUMNS + column);
            if (batch.row_count == BATCH_ROWS || row == ROWS - 1)
                seconds += apply(table, &columns);
        }
        printf("%s: %.1f ns a value, %.1f bytes resident a key\n", what,
               seconds / (ROWS * COLUMNS) * 1e9, (double)(resident_bytes() - before) / key_count);
        table_unref(table);
    }
    catalog_free(catalog);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
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
    double at = (double)(next_random(state) >> 11) * 0x1p-53 * zipf->until[zipf->keys - 1];
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
            key_of[batch.row_count] = events[i].key;
            begin_row(events[i].key);
            row_at[place] = (uint16_t)batch.row_count;
        }
        row_of[i] = (uint16_t)(row_at[place] - 1);
        count_of[row_of[i]]++;
    }
    uint64_t *next[BATCH];
    uint64_t *at = hashes;
    for (uint32_t row = 0; row < batch.row_count; row++) {
        next[row] = at;
        rows[row].first_cell = row;
        rows[row].cell_count = 1;
        cells[row] = (struct batch_cell){ (const uint8_t *)at, count_of[row], 0 };
        at += count_of[row];
    }
    for (uint32_t i = 0; i < n; i++)
        *next[row_of[i]]++ = hash_of(events[i].value);
    batch.value_count = n;
}

/* Events are drawn for many batches together, since that empties caches. */
static void bench_many(void)
{
    enum { KEYS = 100000, EVENTS = 10000000, DRAWN = 250 * BATCH };
    static struct event events[DRAWN];
    struct catalog *catalog = catalog_new(100, 42);
    struct table *table = make_table(catalog, "t", 1);
    struct column_set columns;
    table_find_columns(table, NULL, 0, &columns, NULL);
    struct zipf *zipf = zipf_new(KEYS);
    uint64_t state = 88172645463325252u;
    double seconds = 0;
    for (uint32_t done = 0; done < EVENTS;) {
        for (uint32_t i = 0; i < DRAWN; i++)
            events[i] =
                (struct event){ zipf_draw(zipf, &state), next_random(&state) % 10000000 + 1 };
        for (uint32_t i = 0; i < DRAWN; i += BATCH) {
            group_events(events + i, BATCH);
            seconds += apply(table, &columns);
        }
        done += DRAWN;
        if (done % 2500000 == 0)
            printf("many: %.1f ns a value to event %u\n", seconds / done * 1e9, done);
    }
    free(zipf);
    table_unref(table);
    catalog_free(catalog);
}

static void fill(struct table *table, uint32_t count, uint32_t values)
{
    struct bytes_view name = { (const uint8_t *)"c0", 2 };
    struct column_set columns;
    table_find_columns(table, &name, 1, &columns, NULL);
    for (uint32_t key = 0; key < count; key++) {
        uint64_t number = (uint64_t)key * 2654435761u % 10000000000u;
        for (uint32_t i = 0; i < values; i++) {
            begin_row(number);
            add_value(0, (uint64_t)key * 100000 + i);
            if (batch.row_count == BATCH)
                apply(table, &columns);
        }
    }
    if (batch.row_count > 0)
        apply(table, &columns);
}

static void bench_memory(unsigned columns, uint32_t values, uint32_t count)
{
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = make_table(catalog, "t", columns);
    size_t before = resident_bytes();
    fill(table, count, values);
    heap_purge(0); /* as the daemon does */
    size_t grown = resident_bytes() - before;
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

static bool count_visit(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    (void)key;
    (void)estimates;
    ++*(uint64_t *)arg;
    return true;
}

static void time_pages(struct table *table, struct column_set *columns, uint32_t count)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    uint64_t visited = 0;
    bool more;
    double begun = now_s();
    for (uint32_t i = 0; i < 100; i++) {
        uint8_t start[KEY_ROOM];
        int len = snprintf((char *)start, sizeof start, "%010llu",
                           (unsigned long long)i * (10000000000u / 101));
        struct bytes_view after = { start, (size_t)len };
        table_scan(table, &all, &after, 1000, columns, NULL, count_visit, &visited, &more, NULL);
    }
    printf("queries: %.1f us a page of 1,000 of %u keys (%llu visited)\n",
           (now_s() - begun) / 100 * 1e6, count, (unsigned long long)visited);
}

static void time_points(struct table *table, struct column_set *columns, uint32_t count)
{
    enum { POINTS = 1000, ROUNDS = 500 };
    static uint8_t text[POINTS][KEY_ROOM];
    static struct bytes_view views[POINTS];
    static struct estimate estimates[POINTS];
    static bool found[POINTS];
    uint64_t state = 12345;
    double seconds = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < POINTS; i++) {
            uint64_t key = next_random(&state) % count * 2654435761u % 10000000000u;
            int len = snprintf((char *)text[i], KEY_ROOM, "%010llu", (unsigned long long)key);
            views[i] = (struct bytes_view){ text[i], (size_t)len };
        }
        double begun = now_s();
        table_estimate_many(table, views, POINTS, columns, estimates, found);
        seconds += now_s() - begun;
    }
    printf("queries: %.1f ns a point of 1,000 a call\n", seconds / (POINTS * ROUNDS) * 1e9);
}

static void time_top(struct table *table, struct column_set *columns)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    static const size_t limits[] = { 20, TOP_KEYS_MAX };
    for (size_t i = 0; i < 2; i++) {
        uint64_t visited = 0;
        double begun = now_s();
        table_top(table, &all, limits[i], columns, NULL, count_visit, &visited, NULL);
        printf("queries: top %zu in %.1f ms\n", limits[i], (now_s() - begun) * 1e3);
    }
}

/* How many deletes make a union stale, and what building it anew takes. */
static void time_maintenance(struct table *table, uint32_t count)
{
    enum { DELETES = 1000 };
    uint64_t state = 777;
    uint32_t stale = 0;
    double seconds = 0;
    for (uint32_t i = 0; i < DELETES; i++) {
        uint8_t text[KEY_ROOM];
        uint64_t number = next_random(&state) % count * 2654435761u % 10000000000u;
        int len = snprintf((char *)text, sizeof text, "%010llu", (unsigned long long)number);
        struct bytes_view key = { text, (size_t)len };
        struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
        uint64_t deleted;
        table_delete(table, &one, NULL, &deleted, NULL);
        if (!table_wants_maintenance(table))
            continue;
        double begun = now_s();
        table_maintain(table, NULL);
        seconds += now_s() - begun;
        stale++;
    }
    printf("queries: %u of %u deletes made a union stale, built anew in %.1f ms each\n", stale,
           (unsigned)DELETES, stale == 0 ? 0.0 : seconds / stale * 1e3);
}

static void bench_queries(uint32_t count)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = make_table(catalog, "t", 1);
    struct column_set columns;
    struct estimate estimate;
    uint64_t n;
    double begun = now_s();
    fill(table, count, 1);
    printf("queries: filled %u keys at %.1f ns a key, making them included\n", count,
           (now_s() - begun) / count * 1e9);
    table_find_columns(table, NULL, 0, &columns, NULL);
    time_points(table, &columns, count);
    time_pages(table, &columns, count);
    for (int round = 0; round < 3; round++) {
        begun = now_s();
        table_union(table, &all, &columns, NULL, &estimate, &n, NULL);
        printf("queries: union of %llu keys in %.4f ms, estimate %.0f\n", (unsigned long long)n,
               (now_s() - begun) * 1e3, estimate.value);
    }
    time_top(table, &columns);
    time_maintenance(table, count);
    begun = now_s();
    table_delete(table, &all, NULL, &n, NULL);
    printf("queries: deleted at %.1f ns a key\n", (now_s() - begun) / (double)n * 1e9);
    table_unref(table);
    catalog_free(catalog);
}

static int compare_doubles(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

/* The keys of fill(), listed in no order. */
static void list_keys(struct bytes_view *views, uint8_t (*text)[KEY_ROOM], uint32_t count)
{
    uint64_t state = 4711;
    for (uint32_t i = 0; i < count; i++) {
        int len = snprintf((char *)text[i], KEY_ROOM, "%010llu",
                           (unsigned long long)(i * UINT64_C(2654435761) % 10000000000u));
        views[i] = (struct bytes_view){ text[i], (size_t)len };
    }
    for (uint32_t i = count; i > 1; i--) {
        uint32_t with = (uint32_t)(next_random(&state) % i);
        struct bytes_view swapped = views[with];
        views[with] = views[i - 1];
        views[i - 1] = swapped;
    }
}

static void bench_unions(uint32_t count, uint32_t values)
{
    enum { ROUNDS = 51 };
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = make_table(catalog, "t", 1);
    struct column_set columns;
    struct estimate estimate;
    uint64_t n;
    double seconds[ROUNDS];
    uint8_t(*text)[KEY_ROOM] = malloc(count * sizeof *text);
    struct bytes_view *views = malloc(count * sizeof *views);
    if (text == NULL || views == NULL)
        abort();
    list_keys(views, text, count);
    fill(table, count, values);
    table_find_columns(table, NULL, 0, &columns, NULL);
    struct selector list = { .kind = SELECTOR_LIST, .list = views, .list_count = count };
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now_s();
        table_union(table, &list, &columns, NULL, &estimate, &n, NULL);
        seconds[round] = now_s() - begun;
    }
    qsort(seconds, ROUNDS, sizeof *seconds, compare_doubles);
    printf(
        "unions: %llu listed keys of %u values: %.3f ms at least, %.3f median, %.1f and %.1f ns a "
        "key, estimate %.0f\n",
        (unsigned long long)n, values, seconds[0] * 1e3, seconds[ROUNDS / 2] * 1e3,
        seconds[0] / count * 1e9, seconds[ROUNDS / 2] / count * 1e9, estimate.value);
    free(views);
    free(text);
    table_unref(table);
    catalog_free(catalog);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc > 2 && strcmp(argv[argc - 1], "no-rollup") == 0) {
        no_rollup = true;
        argc--;
    }
    unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned values = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    unsigned count = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 200000;
    if (strcmp(what, "wide") == 0)
        bench_rows(what, 60000);
    else if (strcmp(what, "grouped") == 0)
        bench_rows(what, 255);
    else if (strcmp(what, "many") == 0)
        bench_many();
    else if (strcmp(what, "memory") == 0 && n >= 1 && n <= COLUMNS_MAX && count >= 1)
        bench_memory(n, values, count);
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
