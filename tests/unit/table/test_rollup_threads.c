/* Rollups while ingest, deletes, alterations, unions and rebuilds go on at once. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define WRITERS 2u
#define KEYS 400u
#define ROUNDS 12u
#define BATCHES 40u

/* libcheck's assertions are for the main thread; these abort. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

struct stage {
    struct catalog *catalog;
    struct table *table;
    uint64_t round;
    atomic_uint writing; /* writers at work */
};

struct writer {
    struct stage *stage;
    uint64_t number;
};

static const struct selector all = { .kind = SELECTOR_ALL };

static struct bytes_view key_of(uint64_t number, char *text)
{
    int len = snprintf(text, 16, "k%03u", (unsigned)number);
    return (struct bytes_view){ (const uint8_t *)text, (size_t)len };
}

static void write_batch(struct stage *stage, struct random *random)
{
    enum { ROWS = 20 };
    static const char *const names[] = { "a", "b" };
    struct batch_row rows[ROWS];
    struct batch_cell cells[ROWS];
    uint64_t hashes[ROWS][8];
    char texts[ROWS][16];
    struct batch batch = { rows, ROWS, 1, cells, ROWS * 8 };
    struct bytes_view name = view(names[random_below(random, 2)]);
    struct column_set columns;
    struct apply_cursor cursor = { 0 };
    if (table_find_columns(stage->table, &name, 1, &columns, NULL) != ST_OK)
        return; /* b comes and goes */
    for (uint32_t i = 0; i < ROWS; i++) {
        struct bytes_view key = key_of(random_below(random, KEYS), texts[i]);
        for (uint32_t h = 0; h < 8; h++)
            hashes[i][h] = value_hash(random_below(random, 100000));
        cells[i] = (struct batch_cell){ (const uint8_t *)hashes[i], 8, 0 };
        rows[i] = (struct batch_row){
            .key = key.data, .key_len = (uint32_t)key.len, .first_cell = i, .cell_count = 1
        };
    }
    for (bool done = false; !done;)
        MUST(table_apply(stage->table, &batch, &columns, &cursor, 50, &done) == ST_OK);
}

static void *write_all(void *arg)
{
    struct writer *writer = arg;
    struct stage *stage = writer->stage;
    struct random random = { (stage->round * WRITERS + writer->number + 1) *
                             UINT64_C(0x9e3779b97f4a7c15) };
    for (uint32_t i = 0; i < BATCHES; i++) {
        write_batch(stage, &random);
        if (i % 4 != 0)
            continue;
        char text[16];
        struct bytes_view key = key_of(random_below(&random, KEYS), text);
        struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
        uint64_t deleted;
        MUST(table_delete(stage->table, &one, NULL, &deleted, NULL) == ST_OK);
    }
    atomic_fetch_sub(&stage->writing, 1);
    return NULL;
}

static void *maintain(void *arg)
{
    struct stage *stage = arg;
    while (atomic_load(&stage->writing) > 0)
        MUST(table_maintain(stage->table, NULL) == ST_OK);
    return NULL;
}

/* Drops and adds column b, and asks for unions meanwhile. */
static void *alter_and_ask(void *arg)
{
    struct stage *stage = arg;
    struct bytes_view name = view("b");
    bool there = true;
    while (atomic_load(&stage->writing) > 0 || !there) {
        struct table_change change = { 0 };
        struct table *table;
        struct column_set columns;
        struct estimate estimates[2];
        uint64_t keys;
        change.drop = change.add = &name;
        *(there ? &change.drop_count : &change.add_count) = 1;
        MUST(table_find_columns(stage->table, NULL, 0, &columns, NULL) == ST_OK);
        MUST(catalog_alter(stage->catalog, view("t"), &change, &table, NULL) == ST_OK);
        table_unref(table);
        there = !there;
        MUST(table_union(stage->table, &all, &columns, NULL, estimates, &keys, NULL) == ST_OK);
    }
    return NULL;
}

static void check_union(struct table *table)
{
    static const struct selector any_prefix = { .kind = SELECTOR_PREFIX };
    struct column_set columns;
    struct estimate rolled[2];
    struct estimate walked[2];
    uint64_t keys[2];
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &all, &columns, NULL, rolled, &keys[0], NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &any_prefix, &columns, NULL, walked, &keys[1], NULL),
                     ST_OK);
    ck_assert_uint_eq(keys[0], keys[1]);
    for (uint32_t i = 0; i < columns.count; i++)
        ck_assert_double_eq_tol(rolled[i].value, walked[i].value, walked[i].value * 0.2 + 0.01);
}

static void play_round(struct stage *stage, bool alters)
{
    pthread_t threads[WRITERS + 2];
    struct writer writers[WRITERS];
    uint32_t n = 0;
    atomic_store(&stage->writing, WRITERS);
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ stage, i };
        ck_assert_int_eq(pthread_create(&threads[n++], NULL, write_all, &writers[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[n++], NULL, maintain, stage), 0);
    if (alters)
        ck_assert_int_eq(pthread_create(&threads[n++], NULL, alter_and_ask, stage), 0);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

START_TEST(rollups_are_right_whenever_it_is_quiet)
{
    struct bytes_view names[] = { view("a"), view("b") };
    struct table_spec spec = {
        .name = view("t"), .columns = names, .column_count = 2, .precision = 9
    };
    struct stage stage = { .catalog = catalog_new(10, 4242) };
    bool created;
    ck_assert_int_eq(catalog_create(stage.catalog, &spec, false, &stage.table, &created, NULL),
                     ST_OK);
    for (stage.round = 0; stage.round < ROUNDS; stage.round++) {
        play_round(&stage, stage.round % 2 == 1);
        check_usage(stage.table);
        check_union(stage.table);
        if (stage.round % 3 == 2) {
            ck_assert_int_eq(table_maintain(stage.table, NULL), ST_OK);
            ck_assert_uint_eq(check_rollups(stage.table), 0);
            check_union(stage.table);
        }
    }
    table_unref(stage.table);
    catalog_free(stage.catalog);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rollups_are_right_whenever_it_is_quiet,
    };
    return RUN_SUITE("rollup_threads", tests);
}
