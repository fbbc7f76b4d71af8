/* bench_holds: how long shards are held, by the thread's own clock.
 *
 *     bench_holds KEYS VALUES
 *
 * Fills a table of one column with KEYS keys of VALUES values each, then asks, deletes, rebuilds
 * and empties it, one thread, and prints for each purpose how many holds there were, how many took
 * more than 200 us of processor time, and the longest. `Stats` counts by the machine's clock, in
 * which a thread that is put to sleep holds on; here only what the work itself takes is counted.
 * Each hold costs two looks at the clock, so nothing else is to be timed with this. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/table/catalog.h"
#include "daemon/table/shard.h"
#include "daemon/table/slices.h"

#define BATCH 1000u
#define KEY_ROOM 16u
#define LONG_NS 200000u

static struct {
    uint64_t all;
    uint64_t over;
    uint64_t max_ns;
} holds[HOLD_PURPOSES];
static uint64_t begun_ns;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- put before the table's own by the linker ------------------------------------ */

void __real_shard_lock(struct shard *shard, enum hold_purpose purpose);
void __wrap_shard_lock(struct shard *shard, enum hold_purpose purpose);
void __real_shard_unlock(struct shard *shard);
void __wrap_shard_unlock(struct shard *shard);

/* Of points several are held at one time: counted from the last one on. */
void __wrap_shard_lock(struct shard *shard, enum hold_purpose purpose)
{
    __real_shard_lock(shard, purpose);
    begun_ns = now_ns();
}

void __wrap_shard_unlock(struct shard *shard)
{
    uint64_t ns = now_ns() - begun_ns;
    enum hold_purpose purpose = shard->held_for;
    holds[purpose].all++;
    holds[purpose].over += ns > LONG_NS;
    if (ns > holds[purpose].max_ns)
        holds[purpose].max_ns = ns;
    __real_shard_unlock(shard);
}

/* ---- the table --------------------------------------------------------------------- */

static struct table *table;
static struct column_set columns;
static struct bytes_view *views;
static uint8_t (*keys)[KEY_ROOM];
static const struct selector all = { .kind = SELECTOR_ALL };

static void name_keys(uint32_t count)
{
    views = malloc(count * sizeof *views);
    keys = malloc(count * sizeof *keys);
    if (views == NULL || keys == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        int len = snprintf((char *)keys[i], KEY_ROOM, "%010llu",
                           (unsigned long long)(i * UINT64_C(2654435761) % 10000000000u));
        views[i] = (struct bytes_view){ keys[i], (size_t)len };
    }
}

/* Values first .. of all keys, in batches of 1,000. */
static void fill(uint32_t count, uint32_t values)
{
    static struct batch_row rows[BATCH];
    static struct batch_cell cells[BATCH];
    static uint64_t hashes[BATCH];
    struct batch batch = { .rows = rows, .cells = cells, .column_count = 1 };
    uint64_t total = (uint64_t)count * values;
    for (uint64_t n = 0; n < total; n++) {
        uint32_t at = batch.row_count++;
        struct bytes_view key = views[n % count];
        hashes[at] = XXH3_64bits(&n, sizeof n);
        cells[at] = (struct batch_cell){ (const uint8_t *)&hashes[at], 1, 0 };
        rows[at] = (struct batch_row){
            .key = key.data, .key_len = (uint32_t)key.len, .first_cell = at, .cell_count = 1
        };
        batch.value_count++;
        if (batch.row_count < BATCH && n + 1 < total)
            continue;
        struct apply_cursor cursor = { 0 };
        for (bool done = false; !done;) {
            if (table_apply(table, &batch, &columns, &cursor, 1024, &done) != ST_OK)
                abort();
        }
        batch.row_count = 0;
        batch.value_count = 0;
    }
}

static bool count_key(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    (void)key;
    (void)estimates;
    ++*(uint64_t *)arg;
    return true;
}

static uint32_t take_row(const struct slice_row *row, void *arg)
{
    ++*(uint64_t *)arg;
    return row->count;
}

static void ask(uint32_t count)
{
    struct estimate estimate;
    uint64_t n = 0;
    bool more;
    struct selector list = { .kind = SELECTOR_LIST, .list = views, .list_count = count };
    struct slice slice;
    static struct slices slices;
    table_union(table, &list, &columns, NULL, &estimate, &n, NULL);
    table_scan(table, &all, NULL, count, &columns, NULL, count_key, &n, &more, NULL);
    table_top(table, &all, TOP_KEYS_MAX, &columns, NULL, count_key, &n, NULL);
    table_digest(table, NULL, &n);
    slices_begin(&slices, table);
    while (slices_next(&slices, take_row, &n, &slice))
        continue;
}

static void print_holds(const char *what)
{
    for (unsigned i = 0; i < HOLD_PURPOSES; i++) {
        if (holds[i].all > 0)
            printf("%-8s %-9s %10llu holds %6llu over 200 us, the longest %7.1f us\n", what,
                   hold_purpose_name((enum hold_purpose)i), (unsigned long long)holds[i].all,
                   (unsigned long long)holds[i].over, (double)holds[i].max_ns / 1e3);
    }
    memset(holds, 0, sizeof holds);
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t values = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    struct bytes_view name = { (const uint8_t *)"t", 1 };
    struct bytes_view column = { (const uint8_t *)"c", 1 };
    struct table_spec spec = { .name = name, .columns = &column, .column_count = 1 };
    struct error err;
    bool created;
    uint64_t deleted;
    if (count == 0) {
        fprintf(stderr, "usage: bench_holds KEYS VALUES\n");
        return 2;
    }
    struct catalog *catalog = catalog_new(1, 42);
    if (catalog == NULL || catalog_create(catalog, &spec, false, &table, &created, &err) != ST_OK)
        return EXIT_FAILURE;
    table_find_columns(table, NULL, 0, &columns, NULL);
    name_keys(count);
    fill(count, values);
    print_holds("fill");
    ask(count);
    print_holds("ask");
    struct selector list = { .kind = SELECTOR_LIST, .list = views, .list_count = count / 10 };
    table_delete(table, &list, NULL, &deleted, NULL);
    table_maintain(table, NULL);
    table_pack(table, NULL);
    table_compact(table, NULL);
    print_holds("upkeep");
    table_delete(table, &all, NULL, &deleted, NULL);
    print_holds("empty");
    free(views);
    free(keys);
    table_unref(table);
    catalog_free(catalog);
    return EXIT_SUCCESS;
}
