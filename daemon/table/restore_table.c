/* Tables made again from their images. */
#include <string.h>

#include "daemon/table/restore.h"
#include "daemon/table/table_impl.h"

static enum status check_image(const struct table_image *image, struct error *err)
{
    if (!name_is_valid((const char *)image->name.data, image->name.len))
        return error_set(err, ST_INVALID_ARGUMENT, "a table's name is not valid");
    if (image->column_count > COLUMNS_MAX || image->precision == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "table '%.*s' cannot be", (int)image->name.len,
                         (const char *)image->name.data);
    return ST_OK;
}

enum status table_restore(const struct catalog *catalog, const struct table_image *image,
                          table_bury *bury, struct table **out, struct error *err)
{
    struct bytes_view names[COLUMNS_MAX];
    struct table_spec spec = {
        .name = image->name,
        .columns = names,
        .column_count = image->column_count,
        .precision = image->precision,
        .hash = image->hash,
        .seed = image->seed,
        .ack = image->ack,
        .no_rollup = image->no_rollup,
        .bury = bury,
    };
    struct table *table;
    enum status status = check_image(image, err);
    if (status != ST_OK)
        return status;
    for (uint32_t i = 0; i < image->column_count; i++)
        names[i] = image->columns[i].name;
    status = table_new(&spec, image->id, catalog_shard_seed(catalog), &table, err);
    if (status != ST_OK)
        return status;
    status = schema_take_ids(&table->schema, image, err);
    if (status != ST_OK) {
        table_free(table);
        return status;
    }
    schema_take_version(&table->schema, image->version);
    *out = table;
    return ST_OK;
}

enum status table_restore_image(struct table *table, const struct table_image *image,
                                struct error *err)
{
    struct schema_plan plan;
    enum status status = check_image(image, err);
    if (status == ST_OK)
        status = schema_plan_image(&table->schema, image, &plan, err);
    if (status != ST_OK)
        return status;
    schema_commit(&table->schema, &plan);
    schema_take_version(&table->schema, image->version);
    pthread_mutex_lock(&table->schema.lock);
    memset(table->name, 0, sizeof table->name);
    memcpy(table->name, image->name.data, image->name.len);
    pthread_mutex_unlock(&table->schema.lock);
    table_sweep(table, &plan);
    return ST_OK;
}

uint32_t table_version(struct table *table)
{
    return atomic_load(&table->schema.version);
}
