/* Unions over all keys from rollups against those that read every row. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define KEYS 300u
#define COLUMNS 4u
#define STEPS 1000u

static const struct selector all = { .kind = SELECTOR_ALL };
static const struct selector any_prefix = { .kind = SELECTOR_PREFIX };

static struct table *make_table(struct catalog **catalog, unsigned precision, bool no_rollup)
{
    struct bytes_view names[] = { view("c0"), view("c1") };
    struct table_spec spec = { .name = view("t"),
                               .columns = names,
                               .column_count = 2,
                               .precision = precision,
                               .no_rollup = no_rollup };
    struct table *table;
    bool created;
    *catalog = catalog_new(10, 99);
    ck_assert_int_eq(catalog_create(*catalog, &spec, false, &table, &created, NULL), ST_OK);
    return table;
}

/* The union over all keys is what a walk over an empty prefix, which asks every
 * row, says; where one counts tokens and the other registers, within the noise. */
static void check_union(struct table *table)
{
    struct column_set columns;
    struct estimate rolled[COLUMNS_MAX];
    struct estimate walked[COLUMNS_MAX];
    uint64_t rolled_keys;
    uint64_t walked_keys;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &all, &columns, NULL, rolled, &rolled_keys, NULL), ST_OK);
    ck_assert_int_eq(table_union(table, &any_prefix, &columns, NULL, walked, &walked_keys, NULL),
                     ST_OK);
    ck_assert_uint_eq(rolled_keys, walked_keys);
    for (uint32_t i = 0; i < columns.count; i++) {
        double noise = fabs(rolled[i].rse - walked[i].rse) < 1e-4
                           ? 0.0
                           : 6 * fmax(rolled[i].rse, walked[i].rse) * walked[i].value;
        ck_assert_double_le(fabs(rolled[i].value - walked[i].value), noise);
    }
}

struct play {
    struct random random;
    struct catalog *catalog;
    struct table *table;
    struct filler filler;
    uint32_t next_column;
};

static struct bytes_view key_of(uint64_t number, char *text)
{
    int len = sprintf(text, "%s%u", number % 5 == 0 ? "odd/" : "", (unsigned)number);
    return (struct bytes_view){ (const uint8_t *)text, (size_t)len };
}

static void play_apply(struct play *play)
{
    struct column_set columns;
    uint64_t hashes[300];
    char text[32];
    ck_assert_int_eq(table_find_columns(play->table, NULL, 0, &columns, NULL), ST_OK);
    for (uint64_t row = 0; row < 12; row++) {
        uint64_t key = random_below(&play->random, KEYS);
        filler_row(&play->filler, key_of(key, text));
        for (uint32_t i = 0; i < 2; i++) {
            size_t n = 1 + random_below(&play->random, key == 7 ? 300 : 3);
            for (size_t h = 0; h < n; h++)
                hashes[h] = value_hash(random_below(&play->random, 50000));
            filler_cell(&play->filler, (uint32_t)random_below(&play->random, columns.count), hashes,
                        n);
        }
    }
    filler_apply(&play->filler, play->table, &columns, 1 + random_below(&play->random, 600));
}

static void play_delete(struct play *play)
{
    char texts[5][32];
    struct bytes_view list[5];
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 5 };
    uint64_t deleted;
    for (size_t i = 0; i < 5; i++)
        list[i] = key_of(random_below(&play->random, KEYS), texts[i]);
    uint64_t kind = random_below(&play->random, 60);
    if (kind < 10)
        selector = (struct selector){ .kind = SELECTOR_PREFIX, .prefix = list[0] };
    else if (kind == 59)
        selector = all;
    ck_assert_int_eq(table_delete(play->table, &selector, NULL, &deleted, NULL), ST_OK);
}

static void play_alter(struct play *play)
{
    struct table_info info;
    struct table_change change = { 0 };
    struct table *table;
    char text[16];
    table_describe(play->table, &info);
    bool adds = info.column_count == 1 ||
                (info.column_count < COLUMNS && random_below(&play->random, 2) == 0);
    snprintf(text, sizeof text, "c%u", adds ? play->next_column++ : 0);
    struct bytes_view name = view(text);
    if (adds) {
        change = (struct table_change){ .add = &name, .add_count = 1 };
    } else {
        name = view(info.columns[random_below(&play->random, info.column_count)].name);
        change = (struct table_change){ .drop = &name, .drop_count = 1 };
    }
    ck_assert_int_eq(catalog_alter(play->catalog, view("t"), &change, &table, NULL), ST_OK);
    table_unref(table);
}

/* Merges some keys into another, or brings in registers without tokens. */
static void play_merge(struct play *play)
{
    char texts[3][32];
    struct bytes_view list[3];
    struct selector selector = { .kind = SELECTOR_LIST, .list = list, .list_count = 3 };
    const struct sketch_shape *shape = table_shape(play->table);
    uint8_t ranks[1u << 10] = { 0 };
    struct column_set columns;
    struct cell cell = { 0 };
    uint64_t keys;
    uint64_t changes;
    bool changed;
    for (size_t i = 0; i < 3; i++)
        list[i] = key_of(random_below(&play->random, KEYS), texts[i]);
    if (random_below(&play->random, 2) == 0) {
        ck_assert_int_eq(table_merge(play->table, &selector, list[0], NULL, &keys, &changes, NULL),
                         ST_OK);
        return;
    }
    for (uint32_t i = 0; i < 3; i++)
        ranks[random_below(&play->random, shape->registers)] =
            (uint8_t)(1 + random_below(&play->random, 12));
    ck_assert_int_eq(cell_from_registers(&cell, shape, ranks), ST_OK);
    ck_assert_int_eq(table_find_columns(play->table, NULL, 0, &columns, NULL), ST_OK);
    columns.count = 1;
    ck_assert_int_eq(table_import(play->table, list[0], &columns, &cell, &changed, NULL), ST_OK);
    cell_release(&cell);
}

/* How often, of all steps, nothing was stale: else little would be tested. */
static uint32_t play_steps(struct play *play)
{
    uint32_t fresh = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t kind = random_below(&play->random, 100);
        if (kind < 60)
            play_apply(play);
        else if (kind < 75)
            play_delete(play);
        else if (kind < 77)
            play_alter(play);
        else if (kind < 82)
            play_merge(play);
        else
            ck_assert_int_eq(table_maintain(play->table, NULL), ST_OK);
        fresh += check_rollups(play->table) == 0;
        check_union(play->table);
    }
    return fresh;
}

static void play_at(unsigned precision, const char *test)
{
    struct play play = { .next_column = 2 };
    random_init(&play.random, test);
    filler_init(&play.filler);
    play.table = make_table(&play.catalog, precision, false);
    uint32_t fresh = play_steps(&play);
    ck_assert_uint_gt(fresh, STEPS / 10);
    check_usage(play.table);
    filler_release(&play.filler);
    table_unref(play.table);
    catalog_free(play.catalog);
}

START_TEST(unions_are_right_after_every_operation)
{
    play_at(5, "rollups_of_registers");
}
END_TEST

START_TEST(unions_of_tokens_are_right_after_every_operation)
{
    play_at(10, "rollups_of_tokens");
}
END_TEST

START_TEST(a_table_without_rollups_answers_alike)
{
    struct catalog *catalogs[2];
    struct table *tables[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct table_info info;
        char text[32];
        tables[i] = make_table(&catalogs[i], 14, i == 1);
        for (uint64_t key = 0; key < 200; key++)
            add_values(tables[i], key_of(key, text), "c0", key * 50, 100);
        table_describe(tables[i], &info);
        ck_assert(info.rollup == (i == 0));
        check_union(tables[i]);
    }
    ck_assert_ptr_null(tables[1]->rollups);
    ck_assert(!table_wants_maintenance(tables[1]));
    ck_assert_int_eq(table_maintain(tables[1], NULL), ST_OK);
    for (uint32_t i = 0; i < 2; i++) {
        table_unref(tables[i]);
        catalog_free(catalogs[i]);
    }
}
END_TEST

static void fill(struct table *table, uint64_t first, uint64_t keys)
{
    char text[32];
    for (uint64_t key = first; key < first + keys; key++)
        add_values(table, key_of(key, text), "c0", key * 10, 20);
}

START_TEST(maintenance_makes_fresh_what_deletes_made_stale)
{
    struct catalog *catalog;
    struct table *table = make_table(&catalog, 8, false);
    char text[32];
    fill(table, 0, 300);
    ck_assert(!table_wants_maintenance(table));
    ck_assert_uint_eq(check_rollups(table), 0);
    struct bytes_view key = key_of(17, text);
    struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t deleted;
    for (uint64_t i = 0; !table_wants_maintenance(table); i++) {
        ck_assert_uint_lt(i, 300);
        key = key_of(i, text);
        ck_assert_int_eq(table_delete(table, &one, NULL, &deleted, NULL), ST_OK);
    }
    ck_assert_uint_eq(check_rollups(table), 1);
    check_union(table);
    ck_assert_int_eq(table_maintain(table, NULL), ST_OK);
    ck_assert(!table_wants_maintenance(table));
    ck_assert_uint_eq(check_rollups(table), 0);
    check_union(table);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

static enum status cancel(void *arg)
{
    (void)arg;
    return ST_CANCELLED;
}

START_TEST(maintenance_that_is_stopped_leaves_what_it_began_stale)
{
    const struct task stopped = { cancel, NULL };
    struct catalog *catalog;
    struct table *table = make_table(&catalog, 8, false);
    uint64_t deleted;
    struct selector prefix = { .kind = SELECTOR_PREFIX, .prefix = view("odd/") };
    fill(table, 0, 300);
    ck_assert_int_eq(table_delete(table, &prefix, NULL, &deleted, NULL), ST_OK);
    ck_assert_int_eq(table_maintain(table, &stopped), ST_CANCELLED);
    ck_assert(table_wants_maintenance(table));
    ck_assert_uint_gt(check_rollups(table), 0);
    check_union(table);
    ck_assert_int_eq(table_maintain(table, NULL), ST_OK);
    ck_assert_uint_eq(check_rollups(table), 0);
    table_unref(table);
    catalog_free(catalog);
}
END_TEST

/* Adds values with allocation n failing; whether one did. */
static bool add_failing(struct table *table, long n)
{
    struct column_set columns;
    struct filler filler;
    struct apply_cursor cursor = { 0 };
    uint64_t hashes[200];
    char text[32];
    enum status status = ST_OK;
    filler_init(&filler);
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (uint64_t key = 0; key < 70; key++) {
        for (uint64_t i = 0; i < 200; i++)
            hashes[i] = value_hash(key * 100 + i);
        filler_row(&filler, key_of(key, text));
        filler_cell(&filler, (uint32_t)key % 2, hashes, 200);
    }
    filler_seal(&filler, &columns);
    failing_alloc_arm(n);
    for (bool done = false; !done && status == ST_OK;)
        status = table_apply(table, &filler.batch, &columns, &cursor, 4096, &done);
    bool failed = failing_alloc_disarm();
    filler_release(&filler);
    return failed;
}

START_TEST(without_memory_rollups_are_stale_not_wrong)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct catalog *catalog;
        struct table *table = make_table(&catalog, 8, false);
        failed = add_failing(table, n);
        check_rollups(table);
        check_union(table);
        ck_assert_int_eq(table_maintain(table, NULL), ST_OK);
        ck_assert_uint_eq(check_rollups(table), 0);
        table_unref(table);
        catalog_free(catalog);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unions_are_right_after_every_operation,
        unions_of_tokens_are_right_after_every_operation,
        a_table_without_rollups_answers_alike,
        maintenance_makes_fresh_what_deletes_made_stale,
        maintenance_that_is_stopped_leaves_what_it_began_stale,
        without_memory_rollups_are_stale_not_wrong,
    };
    return RUN_SUITE("rollups", tests);
}
