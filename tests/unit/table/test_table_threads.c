/* Threads that ingest, ask, scan, delete, alter, drop and describe at once. What
 * the ingesting threads wrote must be there in the end, as if loaded by one. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define WRITERS 3u
#define ROUNDS 40u
#define KEYS 3000u

static const char *const columns_abc[] = { "a", "b", "c" };

struct shared {
    struct catalog *catalog;
    struct table *table;
    atomic_bool stop;
};

struct writer {
    struct shared *shared;
    uint32_t number;
};

/* Rows of round r, the same for every writer: they overlap on purpose. */
static void fill_round(struct filler *filler, uint32_t round)
{
    for (uint32_t i = 0; i < 150; i++) {
        uint32_t which = (round * 7919 + i * 31) % KEYS;
        uint64_t hashes[30];
        char key[32];
        for (uint32_t h = 0; h < 30; h++)
            hashes[h] = value_hash((uint64_t)(round % 10) * 100 + h);
        snprintf(key, sizeof key, "kept %u", which);
        filler_row(filler, view(key));
        filler_cell(filler, i % 2, hashes, 1 + i % 30);
    }
}

static void *write_rounds(void *arg)
{
    struct writer *writer = arg;
    struct table *table = writer->shared->table;
    struct column_set columns;
    struct filler filler;
    struct bytes_view names[] = { view("a"), view("b") };
    ck_assert_int_eq(table_find_columns(table, names, 2, &columns, NULL), ST_OK);
    filler_init(&filler);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t hash = value_hash(i);
        char key[32];
        fill_round(&filler, writer->number % 2 == 0 ? i : ROUNDS - 1 - i);
        snprintf(key, sizeof key, "passing %u %u", writer->number, i);
        filler_row(&filler, view(key));
        filler_cell(&filler, 0, &hash, 1);
        filler_apply(&filler, table, &columns, 300);
    }
    filler_release(&filler);
    return NULL;
}

static bool in_order(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    uint8_t *last = arg; /* its length first */
    struct bytes_view before = { last + 1, last[0] };
    (void)estimates;
    if (last[0] != 0)
        ck_assert_int_lt(key_compare(before, key), 0);
    last[0] = (uint8_t)key.len;
    memcpy(last + 1, key.data, key.len);
    return true;
}

static void *ask_all(void *arg)
{
    struct shared *shared = arg;
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view("kept 1") };
    while (!atomic_load(&shared->stop)) {
        struct column_set columns;
        struct estimate estimates[COLUMNS_MAX];
        struct table_info info;
        uint8_t last[64] = { 0 };
        uint64_t keys;
        uint64_t digest;
        bool more;
        table_find_columns(shared->table, NULL, 0, &columns, NULL);
        table_estimate(shared->table, view("kept 7"), &columns, estimates);
        ck_assert_int_eq(
            table_union(shared->table, &prefix, &columns, NULL, estimates, &keys, NULL), ST_OK);
        ck_assert_uint_le(keys, 1111);
        ck_assert_int_eq(
            table_scan(shared->table, &all, NULL, 500, &columns, NULL, in_order, last, &more, NULL),
            ST_OK);
        ck_assert_int_eq(table_digest(shared->table, NULL, &digest), ST_OK);
        table_describe(shared->table, &info);
    }
    return NULL;
}

static void *delete_passing(void *arg)
{
    struct shared *shared = arg;
    struct selector passing = { .kind = SELECTOR_PREFIX, .prefix = view("passing") };
    while (!atomic_load(&shared->stop)) {
        uint64_t deleted;
        ck_assert_int_eq(table_delete(shared->table, &passing, NULL, &deleted, NULL), ST_OK);
    }
    return NULL;
}

/* Columns come and go beside those that are written, one of them written to. */
static void *alter_columns(void *arg)
{
    struct shared *shared = arg;
    struct bytes_view name = view("x");
    struct table_change add = { &name, 1, NULL, 0, { NULL, 0 } };
    struct table_change drop = { NULL, 0, &name, 1, { NULL, 0 } };
    while (!atomic_load(&shared->stop)) {
        struct table *table;
        struct table *other;
        bool created;
        struct bytes_view other_columns[] = { view("a") };
        struct table_spec spec = { .name = view("other"),
                                   .columns = other_columns,
                                   .column_count = 1 };
        ck_assert_int_eq(catalog_alter(shared->catalog, view("t"), &add, &table, NULL), ST_OK);
        add_values(table, view("kept 0"), "x", 0, 20);
        add_values(table, view("only x"), "x", 0, 20);
        ck_assert_int_eq(catalog_alter(shared->catalog, view("t"), &drop, &other, NULL), ST_OK);
        table_unref(other);
        table_unref(table);
        ck_assert_int_eq(catalog_create(shared->catalog, &spec, false, &other, &created, NULL),
                         ST_OK);
        add_values(other, view("k"), "a", 0, 20);
        ck_assert_int_eq(catalog_drop(shared->catalog, view("other"), NULL), ST_OK);
        add_values(other, view("k"), "a", 20, 20);
        table_unref(other);
    }
    return NULL;
}

/* What is left once the passing keys are gone, loaded by one thread. */
static uint64_t serial_digest(void)
{
    struct catalog *catalog;
    struct table *table = fixture_table(&catalog, columns_abc, 3);
    struct column_set columns;
    struct filler filler;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    filler_init(&filler);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        fill_round(&filler, round);
        filler_apply(&filler, table, &columns, 100000);
    }
    uint64_t digest = digest_of(table);
    filler_release(&filler);
    table_unref(table);
    catalog_free(catalog);
    return digest;
}

START_TEST(table_serves_threads_of_every_kind_at_once)
{
    static void *(*const others[])(void *) = { ask_all, delete_passing, alter_columns };
    struct shared shared;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS + 3];
    shared.table = fixture_table(&shared.catalog, columns_abc, 3);
    atomic_init(&shared.stop, false);
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ &shared, i };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_rounds, &writers[i]), 0);
    }
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[WRITERS + i], NULL, others[i], &shared), 0);
    for (uint32_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&shared.stop, true);
    for (uint32_t i = 0; i < 3; i++)
        pthread_join(threads[WRITERS + i], NULL);
    struct selector passing = { .kind = SELECTOR_PREFIX, .prefix = view("passing") };
    uint64_t deleted;
    ck_assert_int_eq(table_delete(shared.table, &passing, NULL, &deleted, NULL), ST_OK);
    check_usage(shared.table);
    ck_assert_uint_eq(digest_of(shared.table), serial_digest());
    table_unref(shared.table);
    catalog_free(shared.catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        table_serves_threads_of_every_kind_at_once,
    };
    return RUN_SUITE("table_threads", tests);
}
