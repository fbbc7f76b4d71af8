#include "daemon/table/slices.h"

#include <assert.h>
#include <string.h>

#include "daemon/table/table_impl.h"

#define AHEAD 8u /* rows fetched ahead */

void slices_begin(struct slices *slices, struct table *table)
{
    slices->table = table;
    slices->shard = 0;
    slices->begun = false;
    slices->last_column = SLICE_WHOLE_ROW;
    slices->columns.count = 0;
    slices->columns.schema_version = 0; /* of no schema: looked up at the first slice */
}

/* Brings the columns to what they are, with the shard locked, so that no cell of
 * the row is of a column that came later. */
static void refresh_columns(struct slices *slices)
{
    struct schema *schema = &slices->table->schema;
    if (atomic_load(&schema->version) == slices->columns.schema_version)
        return;
    enum status status = schema_find(schema, NULL, 0, &slices->columns, NULL);
    assert(status == ST_OK);
    (void)status;
}

/* The row's cells that are in use, of columns beyond one, as copies of their words. */
static struct slice_row row_of(struct slices *slices, const struct row *row, uint32_t beyond)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < slices->columns.count; i++) {
        const struct cell *cell = row_cell(row, slices->columns.slots[i]);
        if (cell == NULL || cell->word == 0 || slices->columns.ids[i] <= beyond)
            continue;
        slices->ids[count] = slices->columns.ids[i];
        slices->cells[count++] = *cell;
    }
    return (struct slice_row){ row_key(row), beyond > 0, count, slices->ids, slices->cells };
}

/* The column beyond which the row, the first of a slice, is to be taken; 0: all of it. */
static uint32_t column_before(const struct slices *slices, const struct row *row)
{
    struct bytes_view last = { slices->last, slices->last_len };
    bool is_rest = slices->begun && slices->last_column != SLICE_WHOLE_ROW &&
                   key_compare(row_key(row), last) == 0;
    return is_rest ? slices->last_column : 0;
}

/* Where the walk stands, with the rows to come asked for. */
static struct order_place find_place(const struct slices *slices, const struct shard *shard)
{
    struct bytes_view last = { slices->last, slices->last_len };
    bool is_beyond = slices->begun && slices->last_column == SLICE_WHOLE_ROW;
    struct order_place place = order_seek(&shard->order, &shard->rows, last, is_beyond);
    for (uint32_t i = 0; i < AHEAD; i++)
        order_prefetch(&shard->order, &shard->rows, &place, i);
    return place;
}

/* The walk stands behind the cell of that column of the row. */
static void stand_behind(struct slices *slices, const struct row *row, uint32_t column)
{
    slices->last_len = row_key_len(row);
    memcpy(slices->last, row->key, slices->last_len);
    slices->last_column = column;
    slices->begun = true;
}

/* Calls visit with as many of the row's cells as there is room for; how many it took. */
static uint32_t offer(const struct slice_row *row, uint32_t room, slice_visit *visit, void *arg)
{
    struct slice_row offered = *row;
    if (offered.count > room)
        offered.count = room;
    return visit(&offered, arg);
}

/* Takes visit over rows from where the walk stands; whether that was all of them. */
static bool take_rows(struct slices *slices, struct shard *shard, slice_visit *visit, void *arg)
{
    const struct pool *pool = &shard->rows;
    struct order_place place = find_place(slices, shard);
    struct row *last = NULL;
    uint32_t last_column = SLICE_WHOLE_ROW;
    uint32_t cells = 0;
    bool is_full = false;
    bool is_final = false;
    for (uint32_t n = 0; !is_full; n++) {
        order_prefetch(&shard->order, pool, &place, AHEAD);
        uint32_t ref = order_next(&shard->order, &place);
        is_final = ref == 0;
        if (is_final)
            break;
        struct row *row = pool_at(pool, ref);
        struct slice_row out = row_of(slices, row, n == 0 ? column_before(slices, row) : 0);
        uint32_t taken = offer(&out, SLICE_CELLS_MAX - cells, visit, arg);
        if (taken == 0 && out.count > 0)
            break;
        cells += taken;
        is_full = taken < out.count || cells == SLICE_CELLS_MAX || n + 1 == SLICE_ROWS_MAX;
        last_column = taken < out.count ? out.column_ids[taken - 1] : SLICE_WHOLE_ROW;
        last = row;
        row_clear_told(row);
    }
    if (last != NULL)
        stand_behind(slices, last, last_column);
    return is_final;
}

bool slices_next(struct slices *slices, slice_visit *visit, void *arg, struct slice *out)
{
    struct shard *shard = NULL;
    while (slices->shard < SHARD_COUNT &&
           (shard = shard_set_get(&slices->table->shards, slices->shard)) == NULL)
        slices->shard++;
    if (shard == NULL)
        return false;
    if (!slices->begun)
        slices->last_len = 0;
    shard_lock_last(shard, HOLD_SNAPSHOT);
    refresh_columns(slices);
    out->is_final = take_rows(slices, shard, visit, arg);
    out->sequence = shard->sequence;
    shard_unlock(shard);
    out->stream = shard->number;
    out->version = slices->columns.schema_version;
    out->last = (struct bytes_view){ slices->last, slices->last_len };
    out->last_column = slices->last_column;
    if (out->is_final) {
        slices->shard++;
        slices->begun = false;
    }
    return true;
}

void table_read_image(struct table *table, struct table_image *image, struct table_info *info)
{
    struct schema *schema = &table->schema;
    pthread_mutex_lock(&schema->lock);
    memcpy(info->name, table->name, sizeof info->name);
    info->column_count = schema->count;
    for (uint32_t i = 0; i < schema->count; i++)
        info->columns[i] = schema->columns[i].info;
    image->next_column_id = schema->next_id;
    image->version = atomic_load(&schema->version);
    pthread_mutex_unlock(&schema->lock);
    image->id = table->id;
    image->name = (struct bytes_view){ (const uint8_t *)info->name, strlen(info->name) };
    image->precision = table->shape.precision;
    image->hash = table->hasher.kind;
    image->seed = table->hasher.seed;
    image->no_rollup = table->rollups == NULL;
    image->ack = table->ack;
    image->column_count = info->column_count;
    for (uint32_t i = 0; i < info->column_count; i++) {
        const char *name = info->columns[i].name;
        image->columns[i].id = info->columns[i].id;
        image->columns[i].name = (struct bytes_view){ (const uint8_t *)name, strlen(name) };
    }
}
