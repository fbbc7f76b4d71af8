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

/* The row's cells that are in use, as copies of their words. */
static struct slice_row row_of(struct slices *slices, const struct row *row)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < slices->columns.count; i++) {
        const struct cell *cell = row_cell(row, slices->columns.slots[i]);
        if (cell == NULL || cell->word == 0)
            continue;
        slices->ids[count] = slices->columns.ids[i];
        slices->cells[count++] = *cell;
    }
    return (struct slice_row){ row_key(row), count, slices->ids, slices->cells };
}

/* Takes visit over rows from where the walk stands; whether that was all of them. */
static bool take_rows(struct slices *slices, struct shard *shard, slice_visit *visit, void *arg)
{
    const struct pool *pool = &shard->rows;
    struct bytes_view last = { slices->last, slices->last_len };
    struct order_place place = order_seek(&shard->order, pool, last, slices->begun);
    struct row *row = NULL;
    bool is_final = false;
    for (uint32_t i = 0; i < AHEAD; i++)
        order_prefetch(&shard->order, pool, &place, i);
    for (uint32_t n = 0; n < SLICE_ROWS_MAX; n++) {
        order_prefetch(&shard->order, pool, &place, AHEAD);
        uint32_t ref = order_next(&shard->order, &place);
        is_final = ref == 0;
        if (is_final)
            break;
        struct row *next = pool_at(pool, ref);
        struct slice_row out = row_of(slices, next);
        if (!visit(&out, arg) && n > 0)
            break;
        row = next;
        row_clear_told(row);
    }
    if (row != NULL) {
        slices->last_len = row_key_len(row);
        memcpy(slices->last, row->key, slices->last_len);
        slices->begun = true;
    }
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
    shard_lock(shard);
    refresh_columns(slices);
    out->is_final = take_rows(slices, shard, visit, arg);
    out->sequence = shard->sequence;
    shard_unlock(shard);
    out->stream = shard->number;
    out->version = slices->columns.schema_version;
    out->last = (struct bytes_view){ slices->last, slices->last_len };
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
