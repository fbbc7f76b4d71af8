#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/table_impl.h"
#include "daemon/table/tell.h"

/* What never changes in a table's life. */
static enum status take_shape(struct table *table, const struct table_spec *spec, struct error *err)
{
    unsigned precision = spec->precision == 0 ? PRECISION_DEFAULT : spec->precision;
    enum status status = sketch_shape_init(&table->shape, precision);
    if (status != ST_OK)
        return error_set(err, status, "precision %u is not within %u..%u", precision, PRECISION_MIN,
                         PRECISION_MAX);
    status = value_hasher_init(&table->hasher, spec->hash, spec->seed);
    if (status != ST_OK)
        return error_set(err, status, "no hash of number %d", (int)spec->hash);
    return ST_OK;
}

enum status table_new(const struct table_spec *spec, uint64_t id, uint64_t shard_seed,
                      struct table **out, struct error *err)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return error_nomem(err);
    enum status status = take_shape(table, spec, err);
    if (status != ST_OK)
        goto err_after_calloc;
    status = schema_init(&table->schema, spec->columns, spec->column_count, err);
    if (status != ST_OK)
        goto err_after_calloc;
    if (pthread_mutex_init(&table->alter_lock, NULL) != 0) {
        status = error_nomem(err);
        goto err_after_schema;
    }
    if (!spec->no_rollup && (table->rollups = rollups_new(&table->shape)) == NULL) {
        status = error_nomem(err);
        goto err_after_mutex;
    }
    shard_set_init(&table->shards, shard_seed);
    atomic_init(&table->references, 1);
    atomic_init(&table->is_sparse, false);
    table->bury = spec->bury != NULL ? spec->bury : table_free;
    table->id = id;
    table->ack = spec->ack;
    memcpy(table->name, spec->name.data, spec->name.len);
    *out = table;
    return ST_OK;

err_after_mutex:
    pthread_mutex_destroy(&table->alter_lock);
err_after_schema:
    schema_release(&table->schema);
err_after_calloc:
    free(table);
    return status;
}

struct table *table_ref(struct table *table)
{
    atomic_fetch_add(&table->references, 1);
    return table;
}

void table_unref(struct table *table)
{
    if (table != NULL && atomic_fetch_sub(&table->references, 1) == 1)
        table->bury(table);
}

void table_free(struct table *table)
{
    rollups_free(table->rollups);
    shard_set_release(&table->shards);
    schema_release(&table->schema);
    pthread_mutex_destroy(&table->alter_lock);
    free(table);
}

uint64_t table_id(const struct table *table)
{
    return table->id;
}

const struct value_hasher *table_hasher(const struct table *table)
{
    return &table->hasher;
}

const struct sketch_shape *table_shape(const struct table *table)
{
    return &table->shape;
}

enum ack table_ack(const struct table *table)
{
    return table->ack;
}

void table_describe(struct table *table, struct table_info *info)
{
    struct table_usage usage = { 0 };
    table_add_usage(table, &usage);
    info->id = table->id;
    info->precision = table->shape.precision;
    info->hash = table->hasher.kind;
    info->seed = table->hasher.seed;
    info->keys = usage.keys;
    info->cells = 0;
    info->bytes = usage.row_bytes + usage.index_bytes + usage.rollup_bytes;
    info->rollup = table->rollups != NULL;
    for (unsigned state = 0; state < CELL_STATE_COUNT; state++) {
        info->cells += usage.cells[state];
        info->bytes += usage.cell_bytes[state];
    }
    struct schema *schema = &table->schema;
    pthread_mutex_lock(&schema->lock);
    memcpy(info->name, table->name, sizeof info->name);
    info->column_count = schema->count;
    for (uint32_t i = 0; i < schema->count; i++)
        info->columns[i] = schema->columns[i].info;
    pthread_mutex_unlock(&schema->lock);
}

size_t table_copy_name(struct table *table, char *name)
{
    pthread_mutex_lock(&table->schema.lock);
    memcpy(name, table->name, sizeof table->name);
    pthread_mutex_unlock(&table->schema.lock);
    return strlen(name);
}

enum status table_find_columns(struct table *table, const struct bytes_view *names, size_t count,
                               struct column_set *set, struct error *err)
{
    return schema_find(&table->schema, names, count, set, err);
}

void table_column_names(struct table *table, const struct column_set *set,
                        char (*names)[NAME_MAX_BYTES + 1])
{
    schema_names(&table->schema, set, names);
}

void table_add_usage(struct table *table, struct table_usage *usage)
{
    shard_set_add_usage(&table->shards, usage);
    if (table->rollups != NULL)
        usage->rollup_bytes += rollups_bytes(table->rollups);
}

void table_remove_row(struct table *table, struct shard *shard, uint32_t ref)
{
    struct row *row = pool_at(&shard->rows, ref);
    tell_row_removed(table, shard, ref);
    if (table->rollups != NULL)
        rollups_lose_row(table->rollups, shard->number, row);
    shard_remove(shard, row, shard_set_hash(&table->shards, row_key(row)));
    table_note_sparse(table, shard);
}

static enum status sweep_stretch(struct table *table, const struct stretch *stretch, void *arg)
{
    const struct slot_mask *dropped = arg;
    struct shard *shard = stretch->shard;
    for (uint32_t i = 0; i < stretch->count; i++) {
        struct row *row = pool_at(&shard->rows, stretch->refs[i]);
        for (unsigned slot = slot_mask_next(dropped, 0); slot < SLOTS_MAX;
             slot = slot_mask_next(dropped, slot + 1)) {
            struct cell *cell = row_cell(row, slot);
            if (cell != NULL)
                shard_cell_release(shard, cell);
        }
        if (shard_row_is_empty(row))
            table_remove_row(table, shard, stretch->refs[i]);
    }
    shard_trim(shard);
    return ST_OK;
}

void table_sweep(struct table *table, const struct schema_plan *plan)
{
    static const struct selector all = { .kind = SELECTOR_ALL };
    if (plan->dropped_count == 0)
        return;
    struct slot_mask dropped = plan->dropped;
    enum status status = table_walk(table, &all, NULL, NULL, HOLD_ALTER, sweep_stretch, &dropped);
    assert(status == ST_OK);
    (void)status;
    if (table->rollups != NULL)
        rollups_reset(table->rollups, &dropped);
    schema_free_slots(&table->schema, &dropped);
}
