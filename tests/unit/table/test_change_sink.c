/* A table made again from its changes alone. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "tests/unit/run_suite.h"
#include "tests/unit/table/fixture.h"

#define COLUMNS 6u
#define KEYS 300u
#define STEPS 1500u
#define ROW_IDS 65536u

/* Where a follower's knowledge of one stream stands. */
struct followed_row {
    uint8_t key[32];
    size_t key_len;
    bool known;
};

struct follower {
    struct change_sink sink;
    struct catalog *catalog;
    struct table *table;
    uint64_t source_id;
    uint64_t sequences[SHARD_COUNT];
    struct followed_row *rows[SHARD_COUNT];
    uint64_t told;
    uint32_t version;
    unsigned drops;
    bool refuses; /* all changes of tables */
};

static struct followed_row *row_at(struct follower *follower, const struct change_place *place,
                                   uint32_t id)
{
    ck_assert_uint_lt(place->stream, SHARD_COUNT);
    ck_assert_uint_lt(id, ROW_IDS);
    if (follower->rows[place->stream] == NULL)
        follower->rows[place->stream] = calloc(ROW_IDS, sizeof(struct followed_row));
    return &follower->rows[place->stream][id];
}

/* Every change comes next in its stream. */
static struct follower *next_of(struct change_sink *sink, const struct change_place *place)
{
    struct follower *follower = (struct follower *)sink;
    ck_assert_uint_eq(place->table_id, follower->source_id);
    ck_assert_uint_eq(place->sequence, ++follower->sequences[place->stream]);
    follower->told++;
    return follower;
}

static void check_known(struct follower *follower, const struct change_place *place,
                        const struct change_row *row)
{
    const struct followed_row *known = row_at(follower, place, row->id);
    ck_assert(known->known);
    ck_assert_uint_eq(known->key_len, row->key.len);
    ck_assert_int_eq(memcmp(known->key, row->key.data, row->key.len), 0);
}

static void follow_row_new(struct change_sink *sink, const struct change_place *place,
                           const struct change_row *row)
{
    struct followed_row *known = row_at(next_of(sink, place), place, row->id);
    ck_assert(!known->known);
    ck_assert_uint_le(row->key.len, sizeof known->key);
    known->known = true;
    known->key_len = row->key.len;
    memcpy(known->key, row->key.data, row->key.len);
}

static void follow_row_moved(struct change_sink *sink, const struct change_place *place,
                             const struct change_row *row, uint32_t was)
{
    struct follower *follower = next_of(sink, place);
    struct followed_row *from = row_at(follower, place, was);
    struct followed_row *to = row_at(follower, place, row->id);
    ck_assert(from->known && !to->known);
    *to = *from;
    from->known = false;
    check_known(follower, place, row);
}

/* The follower's own cell of that key and column; NULL if the column was dropped. */
static struct cell *own_cell(struct follower *follower, struct bytes_view key, uint32_t column_id,
                             struct shard **shard)
{
    struct table *table = follower->table;
    struct column_set columns;
    struct slot_mask slots = { { 0 } };
    uint32_t at = 0;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    while (at < columns.count && columns.ids[at] != column_id)
        at++;
    if (at == columns.count)
        return NULL;
    struct placed_key placed = { key, shard_set_hash(&table->shards, key) };
    *shard = shard_set_make(&table->shards, shard_number(placed.hash));
    struct row *row = shard_find(*shard, &placed);
    struct cell *cell = row == NULL ? NULL : row_cell(row, columns.slots[at]);
    if (cell != NULL)
        return cell;
    slot_mask_set(&slots, columns.slots[at]);
    unsigned width = atomic_load(&table->schema.width);
    uint32_t ref = row != NULL ? shard_widen(*shard, &placed, &slots, width)
                               : shard_add(*shard, &placed, &slots, width);
    ck_assert_uint_ne(ref, 0);
    return row_cell(pool_at(&(*shard)->rows, ref), columns.slots[at]);
}

static void follow_cell(struct follower *follower, const struct change_place *place,
                        const struct change_cell *changed, const uint32_t *codes)
{
    const struct followed_row *known = row_at(follower, place, changed->row);
    struct shard *shard;
    ck_assert(known->known);
    ck_assert_uint_gt(changed->count, 0);
    struct bytes_view key = { known->key, known->key_len };
    struct cell *cell = own_cell(follower, key, changed->column_id, &shard);
    ck_assert_ptr_nonnull(cell);
    for (uint32_t i = 0; i < changed->count; i++)
        ck_assert_int_eq(cell_replay(cell, &follower->table->shape, codes[i]), ST_OK);
}

static void follow_cells_changed(struct change_sink *sink, const struct change_place *place,
                                 const struct change_cell *cells, size_t n, const uint32_t *codes)
{
    struct change_place next = *place;
    ck_assert_uint_gt(n, 0);
    for (size_t i = 0; i < n; i++, next.sequence++) {
        follow_cell(next_of(sink, &next), &next, &cells[i], codes);
        codes += cells[i].count;
    }
}

static void follow_cell_merged(struct change_sink *sink, const struct change_place *place,
                               const struct change_row *row, uint32_t column_id,
                               const struct cell *from, const struct sketch_shape *shape)
{
    struct follower *follower = next_of(sink, place);
    struct shard *shard;
    check_known(follower, place, row);
    ck_assert_uint_eq(shape->precision, follower->table->shape.precision);
    struct cell *cell = own_cell(follower, row->key, column_id, &shard);
    ck_assert_ptr_nonnull(cell);
    ck_assert_int_eq(cell_merge(cell, from, &follower->table->shape), ST_OK);
}

static void follow_row_removed(struct change_sink *sink, const struct change_place *place,
                               const struct change_row *row)
{
    struct follower *follower = next_of(sink, place);
    struct bytes_view key = row->key;
    struct selector one = { .kind = SELECTOR_LIST, .list = &key, .list_count = 1 };
    uint64_t deleted;
    check_known(follower, place, row);
    row_at(follower, place, row->id)->known = false;
    ck_assert_int_eq(table_delete(follower->table, &one, NULL, &deleted, NULL), ST_OK);
}

static bool image_has(const struct table_image *image, uint32_t column_id)
{
    for (uint32_t i = 0; i < image->column_count; i++) {
        if (image->columns[i].id == column_id)
            return true;
    }
    return false;
}

static enum status follow_table_altered(struct change_sink *sink, const struct table_image *image)
{
    struct follower *follower = (struct follower *)sink;
    struct table_info info;
    ck_assert_uint_eq(image->id, follower->source_id);
    if (follower->refuses)
        return ST_RESOURCE_EXHAUSTED;
    ck_assert_uint_eq(image->version, ++follower->version);
    table_describe(follower->table, &info);
    for (uint32_t i = 0; i < info.column_count; i++) {
        struct table *table;
        struct bytes_view name = view(info.columns[i].name);
        struct table_change change = { .drop = &name, .drop_count = 1 };
        if (image_has(image, info.columns[i].id))
            continue;
        ck_assert_int_eq(catalog_alter(follower->catalog, view("t"), &change, &table, NULL), ST_OK);
        table_unref(table);
        follower->told++;
    }
    for (uint32_t i = 0; i < image->column_count; i++) {
        struct table *table;
        struct table_change change = { .add = &image->columns[i].name, .add_count = 1 };
        if (image->columns[i].id <= info.columns[info.column_count - 1].id)
            continue;
        ck_assert_int_eq(catalog_alter(follower->catalog, view("t"), &change, &table, NULL), ST_OK);
        table_unref(table);
    }
    return ST_OK;
}

static enum status follow_table_created(struct change_sink *sink, const struct table_image *image)
{
    struct follower *follower = (struct follower *)sink;
    if (follower->refuses)
        return ST_RESOURCE_EXHAUSTED;
    ck_assert_uint_eq(follower->source_id, 0);
    follower->source_id = image->id;
    follower->version = image->version;
    ck_assert_uint_eq(image->column_count, 2);
    return ST_OK;
}

static enum status follow_table_dropped(struct change_sink *sink, uint64_t table_id)
{
    struct follower *follower = (struct follower *)sink;
    ck_assert_uint_eq(table_id, follower->source_id);
    follower->drops++;
    return follower->refuses ? ST_RESOURCE_EXHAUSTED : ST_OK;
}

static const struct change_sink follower_sink = {
    .row_new = follow_row_new,
    .row_moved = follow_row_moved,
    .cells_changed = follow_cells_changed,
    .cell_merged = follow_cell_merged,
    .row_removed = follow_row_removed,
    .table_created = follow_table_created,
    .table_altered = follow_table_altered,
    .table_dropped = follow_table_dropped,
};

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
    static const char *const columns[] = { "c0", "c1" };
    struct bytes_view names[] = { view("c0"), view("c1") };
    memset(pair, 0, sizeof *pair);
    random_init(&pair->random, test);
    pair->follower.sink = follower_sink;
    pair->follower.table = fixture_table(&pair->follower.catalog, columns, 2);
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
    table_unref(pair->follower.table);
    catalog_free(pair->follower.catalog);
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        free(pair->follower.rows[i]);
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
