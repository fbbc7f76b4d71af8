#include "tests/unit/table/follower.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/table/fixture.h"

#define ROW_IDS 65536u

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

void follower_init(struct follower *follower)
{
    static const char *const columns[] = { "c0", "c1" };
    memset(follower, 0, sizeof *follower);
    follower->sink = follower_sink;
    follower->table = fixture_table(&follower->catalog, columns, 2);
}

void follower_release(struct follower *follower)
{
    table_unref(follower->table);
    catalog_free(follower->catalog);
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        free(follower->rows[i]);
}
