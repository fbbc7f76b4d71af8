/* What questions to a table cost. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/table/bench_parts.h"

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
    double begun = bench_now_s();
    for (uint32_t i = 0; i < 100; i++) {
        uint8_t start[KEY_ROOM];
        int len = snprintf((char *)start, sizeof start, "%010llu",
                           (unsigned long long)i * (10000000000u / 101));
        struct bytes_view after = { start, (size_t)len };
        table_scan(table, &all, &after, 1000, columns, NULL, count_visit, &visited, &more, NULL);
    }
    printf("queries: %.1f us a page of 1,000 of %u keys (%llu visited)\n",
           (bench_now_s() - begun) / 100 * 1e6, count, (unsigned long long)visited);
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
            uint64_t key = bench_random(&state) % count * 2654435761u % 10000000000u;
            int len = snprintf((char *)text[i], KEY_ROOM, "%010llu", (unsigned long long)key);
            views[i] = (struct bytes_view){ text[i], (size_t)len };
        }
        double begun = bench_now_s();
        table_estimate_many(table, views, POINTS, columns, estimates, found);
        seconds += bench_now_s() - begun;
    }
    printf("queries: %.1f ns a point of 1,000 a call\n", seconds / (POINTS * ROUNDS) * 1e9);
}

static void time_top(struct table *table, struct column_set *columns)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    static const size_t limits[] = { 20, TOP_KEYS_MAX };
    for (size_t i = 0; i < 2; i++) {
        uint64_t visited = 0;
        double begun = bench_now_s();
        table_top(table, &all, limits[i], columns, NULL, count_visit, &visited, NULL);
        printf("queries: top %zu in %.1f ms\n", limits[i], (bench_now_s() - begun) * 1e3);
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
        uint64_t number = bench_random(&state) % count * 2654435761u % 10000000000u;
        int len = snprintf((char *)text, sizeof text, "%010llu", (unsigned long long)number);
        struct bytes_view key = { text, (size_t)len };
        struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
        uint64_t deleted;
        table_delete(table, &one, NULL, &deleted, NULL);
        if (!table_wants_maintenance(table))
            continue;
        double begun = bench_now_s();
        table_maintain(table, NULL);
        seconds += bench_now_s() - begun;
        stale++;
    }
    printf("queries: %u of %u deletes made a union stale, built anew in %.1f ms each\n", stale,
           (unsigned)DELETES, stale == 0 ? 0.0 : seconds / stale * 1e3);
}

void bench_queries(uint32_t count)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = bench_make_table(catalog, "t", 1);
    struct column_set columns;
    struct estimate estimate;
    uint64_t n;
    double begun = bench_now_s();
    bench_fill(table, count, 1);
    printf("queries: filled %u keys at %.1f ns a key, making them included\n", count,
           (bench_now_s() - begun) / count * 1e9);
    table_find_columns(table, NULL, 0, &columns, NULL);
    time_points(table, &columns, count);
    time_pages(table, &columns, count);
    for (int round = 0; round < 3; round++) {
        begun = bench_now_s();
        table_union(table, &all, &columns, NULL, &estimate, &n, NULL);
        printf("queries: union of %llu keys in %.4f ms, estimate %.0f\n", (unsigned long long)n,
               (bench_now_s() - begun) * 1e3, estimate.value);
    }
    time_top(table, &columns);
    time_maintenance(table, count);
    begun = bench_now_s();
    table_delete(table, &all, NULL, &n, NULL);
    printf("queries: deleted at %.1f ns a key\n", (bench_now_s() - begun) / (double)n * 1e9);
    table_unref(table);
    catalog_free(catalog);
}

static int compare_doubles(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

/* The keys of bench_fill(), listed in no order. */
static void list_keys(struct bytes_view *views, uint8_t (*text)[KEY_ROOM], uint32_t count)
{
    uint64_t state = 4711;
    for (uint32_t i = 0; i < count; i++) {
        int len = snprintf((char *)text[i], KEY_ROOM, "%010llu",
                           (unsigned long long)(i * UINT64_C(2654435761) % 10000000000u));
        views[i] = (struct bytes_view){ text[i], (size_t)len };
    }
    for (uint32_t i = count; i > 1; i--) {
        uint32_t with = (uint32_t)(bench_random(&state) % i);
        struct bytes_view swapped = views[with];
        views[with] = views[i - 1];
        views[i - 1] = swapped;
    }
}

void bench_unions(uint32_t count, uint32_t values)
{
    enum { ROUNDS = 51 };
    struct catalog *catalog = catalog_new(10, 42);
    struct table *table = bench_make_table(catalog, "t", 1);
    struct column_set columns;
    struct estimate estimate;
    uint64_t n;
    double seconds[ROUNDS];
    uint8_t(*text)[KEY_ROOM] = malloc(count * sizeof *text);
    struct bytes_view *views = malloc(count * sizeof *views);
    if (text == NULL || views == NULL)
        abort();
    list_keys(views, text, count);
    bench_fill(table, count, values);
    table_find_columns(table, NULL, 0, &columns, NULL);
    struct selector list = { .kind = SELECTOR_LIST, .list = views, .list_count = count };
    for (int round = 0; round < ROUNDS; round++) {
        double begun = bench_now_s();
        table_union(table, &list, &columns, NULL, &estimate, &n, NULL);
        seconds[round] = bench_now_s() - begun;
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
