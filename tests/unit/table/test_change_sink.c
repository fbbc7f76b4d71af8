/* A table made again from its changes alone. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"
#include "tests/unit/table/follower.h"

#define COLUMNS 6u
#define KEYS 300u
#define STEPS 1500u

/* A table that is followed by another, of the same two columns at first. */
struct pair {
    struct random random;
    struct catalog *catalog;
    struct table *table;
    struct follower follower;
    struct filler filler;
    uint32_t next_column;
};

static void pair_init(struct pair *pair, const char *test)
{
    struct bytes_view names[] = { view("c0"), view("c1") };
    memset(pair, 0, sizeof *pair);
    random_init(&pair->random, test);
    follower_init(&pair->follower);
    struct table_spec spec = { .name = view("t"), .columns = names, .column_count = 2 };
    bool created;
    pair->catalog = catalog_new(10, 777); /* keys lie elsewhere than the follower's */
    catalog_set_sink(pair->catalog, &pair->follower.sink);
    ck_assert_int_eq(catalog_create(pair->catalog, &spec, false, &pair->table, &created, NULL),
                     ST_OK);
    ck_assert_uint_eq(pair->follower.source_id, table_id(pair->table));
    pair->next_column = 2;
    filler_init(&pair->filler);
}

static void pair_release(struct pair *pair)
{
    filler_release(&pair->filler);
    table_unref(pair->table);
    catalog_free(pair->catalog);
    follower_release(&pair->follower);
}

static bool compare_key(struct bytes_view key, const struct estimate *estimates, void *arg)
{
    struct pair *pair = arg;
    struct column_set columns;
    struct estimate theirs[COLUMNS_MAX];
    ck_assert_int_eq(table_find_columns(pair->follower.table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert(table_estimate(pair->follower.table, key, &columns, theirs));
    ck_assert_mem_eq(estimates, theirs, columns.count * sizeof *theirs);
    return true;
}

/* The same keys, registers and, to the last digit, estimates. */
static void check_same(struct pair *pair)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    struct column_set columns;
    struct table_info mine;
    struct table_info theirs;
    bool more;
    table_describe(pair->table, &mine);
    table_describe(pair->follower.table, &theirs);
    ck_assert_uint_eq(mine.keys, theirs.keys);
    ck_assert_uint_eq(digest_of(pair->table), digest_of(pair->follower.table));
    ck_assert_int_eq(table_find_columns(pair->table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_scan(pair->table, &all, NULL, 10 * KEYS, &columns, NULL, compare_key,
                                pair, &more, NULL),
                     ST_OK);
    ck_assert(!more);
}

static struct bytes_view name_key(uint64_t number, char *name)
{
    int len = sprintf(name, "%s%u", number % 3 == 0 ? "odd/" : "", (unsigned)number);
    return (struct bytes_view){ (const uint8_t *)name, (size_t)len };
}

/* Adds values to some keys: few to most, thousands to the first ones. */
static void step_apply(struct pair *pair)
{
    struct column_set columns;
    uint64_t hashes[600];
    char name[32];
    ck_assert_int_eq(table_find_columns(pair->table, NULL, 0, &columns, NULL), ST_OK);
    for (uint64_t row = 0; row < 8; row++) {
        uint64_t key = random_below(&pair->random, row == 0 ? 4 : KEYS);
        filler_row(&pair->filler, name_key(key, name));
        for (uint32_t i = 0; i < 2; i++) {
            size_t n = 1 + random_below(&pair->random, key < 4 ? 600 : 20);
            for (size_t h = 0; h < n; h++)
                hashes[h] = value_hash(random_below(&pair->random, 20000));
            filler_cell(&pair->filler, (uint32_t)random_below(&pair->random, columns.count), hashes,
                        n);
        }
    }
    filler_apply(&pair->filler, pair->table, &columns, 1 + random_below(&pair->random, 2000));
}

static void step_delete(struct pair *pair)
{
    char names[2][32];
    struct bytes_view list[2];
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 2 };
    uint64_t deleted;
    for (size_t i = 0; i < 2; i++)
        list[i] = name_key(4 + random_below(&pair->random, KEYS), names[i]);
    uint64_t kind = random_below(&pair->random, 100);
    if (kind < 20)
        selector = (struct selector){ .kind = SELECTOR_PREFIX, .prefix = list[0] };
    else if (kind == 99)
        selector = (struct selector){ .kind = SELECTOR_ALL };
    ck_assert_int_eq(table_delete(pair->table, &selector, NULL, &deleted, NULL), ST_OK);
}

/* Merges some keys into one that may be new, or may be of thousands of values. */
static void step_merge(struct pair *pair)
{
    char names[4][32];
    struct bytes_view list[4];
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 3 };
    uint64_t keys;
    uint64_t changes;
    for (size_t i = 0; i < 4; i++)
        list[i] = name_key(random_below(&pair->random, i % 2 == 0 ? 6 : KEYS), names[i]);
    ck_assert_int_eq(table_merge(pair->table, &selector, list[3], NULL, &keys, &changes, NULL),
                     ST_OK);
}

/* Adds a column, or drops one. */
static void step_alter(struct pair *pair)
{
    struct table_info info;
    struct table_change change = { 0 };
    struct table *table;
    char text[16];
    table_describe(pair->table, &info);
    bool adds = info.column_count == 1 ||
                (info.column_count < COLUMNS && random_below(&pair->random, 2) == 0);
    if (adds)
        snprintf(text, sizeof text, "c%u", pair->next_column++);
    struct bytes_view name =
        view(adds ? text : info.columns[random_below(&pair->random, info.column_count)].name);
    if (adds)
        change = (struct table_change){ .add = &name, .add_count = 1 };
    else
        change = (struct table_change){ .drop = &name, .drop_count = 1 };
    ck_assert_int_eq(catalog_alter(pair->catalog, view("t"), &change, &table, NULL), ST_OK);
    table_unref(table);
}

START_TEST(a_table_is_what_its_changes_make)
{
    struct pair *pair = malloc(sizeof *pair);
    pair_init(pair, "change_sink");
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t kind = random_below(&pair->random, 100);
        if (kind < 75)
            step_apply(pair);
        else if (kind < 85)
            step_merge(pair);
        else if (kind < 97)
            step_delete(pair);
        else
            step_alter(pair);
        if (step % 100 == 99)
            check_same(pair);
    }
    check_same(pair);
    pair_release(pair);
    free(pair);
}
END_TEST

START_TEST(values_that_change_nothing_are_not_told)
{
    struct pair *pair = malloc(sizeof *pair);
    pair_init(pair, "change_sink_repeats");
    add_values(pair->table, view("k"), "c0", 0, 30000);
    uint64_t told = pair->follower.told;
    add_values(pair->table, view("k"), "c0", 0, 30000);
    ck_assert_uint_eq(pair->follower.told, told);
    struct bytes_view key = view("k");
    struct selector itself = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t keys;
    uint64_t changes;
    ck_assert_int_eq(table_merge(pair->table, &itself, key, NULL, &keys, &changes, NULL), ST_OK);
    ck_assert_uint_eq(pair->follower.told, told);
    check_same(pair);
    pair_release(pair);
    free(pair);
}
END_TEST

START_TEST(change_of_tables_that_cannot_be_told_does_not_take_place)
{
    struct pair *pair = malloc(sizeof *pair);
    pair_init(pair, "change_sink_refuses");
    pair->follower.refuses = true;
    struct bytes_view name = view("more");
    struct table_spec spec = { .name = name, .columns = &name, .column_count = 1 };
    struct table_change change = { .add = &name, .add_count = 1, .rename_to = name };
    struct table *table;
    struct error err;
    bool created;
    ck_assert_int_eq(catalog_create(pair->catalog, &spec, false, &table, &created, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(catalog_alter(pair->catalog, view("t"), &change, &table, &err),
                     ST_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(catalog_drop(pair->catalog, view("t"), &err), ST_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(catalog_count(pair->catalog), 1);
    check_same(pair);
    pair->follower.refuses = false;
    ck_assert_int_eq(catalog_alter(pair->catalog, view("t"), &change, &table, &err), ST_OK);
    table_unref(table);
    ck_assert_int_eq(catalog_drop(pair->catalog, name, &err), ST_OK);
    ck_assert_uint_eq(pair->follower.drops, 2);
    pair_release(pair);
    free(pair);
}
END_TEST

START_TEST(rows_from_before_the_sink_are_told_with_their_first_change)
{
    struct pair *pair = malloc(sizeof *pair);
    pair_init(pair, "change_sink_late");
    catalog_set_sink(pair->catalog, NULL);
    for (int i = 0; i < 3; i++)
        add_values(pair->table, view(i == 0 ? "a" : i == 1 ? "b" : "c"), "c0", 0, 10);
    ck_assert_uint_eq(pair->follower.told, 0);
    catalog_set_sink(pair->catalog, &pair->follower.sink);
    add_values(pair->table, view("a"), "c0", 0, 10);
    ck_assert_uint_eq(pair->follower.told, 0);
    add_values(pair->table, view("a"), "c0", 0, 11);
    ck_assert_uint_eq(pair->follower.told, 2);
    add_values(pair->table, view("b"), "c0", 0, 12);
    ck_assert_uint_eq(pair->follower.told, 4);
    add_values(pair->table, view("b"), "c0", 0, 13);
    ck_assert_uint_eq(pair->follower.told, 5);
    pair_release(pair);
    free(pair);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_is_what_its_changes_make,
        values_that_change_nothing_are_not_told,
        change_of_tables_that_cannot_be_told_does_not_take_place,
        rows_from_before_the_sink_are_told_with_their_first_change,
    };
    return RUN_SUITE("change_sink", tests);
}
