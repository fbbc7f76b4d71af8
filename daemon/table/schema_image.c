/* A schema as it was kept: columns with the ids that they had. */
#include <stdlib.h>
#include <string.h>

#include "daemon/table/schema.h"

static bool same_name(const struct schema_column *column, struct bytes_view name)
{
    return strlen(column->info.name) == name.len &&
           memcmp(column->info.name, name.data, name.len) == 0;
}

/* Are the ids in order, and is each name a name that no other column has? */
static bool is_sound(const struct table_image *image)
{
    uint32_t least = 1;
    if (image->column_count == 0 || image->column_count > COLUMNS_MAX)
        return false;
    for (uint32_t i = 0; i < image->column_count; i++) {
        const struct image_column *column = &image->columns[i];
        if (column->id < least || column->id >= image->next_column_id ||
            !name_is_valid((const char *)column->name.data, column->name.len))
            return false;
        for (uint32_t j = 0; j < i; j++) {
            if (key_compare(image->columns[j].name, column->name) == 0)
                return false;
        }
        least = column->id + 1;
    }
    return true;
}

static enum status refuse(struct error *err)
{
    return error_set(err, ST_INVALID_ARGUMENT, "its columns cannot be those of a table");
}

enum status schema_take_ids(struct schema *schema, const struct table_image *image,
                            struct error *err)
{
    if (!is_sound(image) || schema->count != image->column_count)
        return refuse(err);
    for (uint32_t i = 0; i < schema->count; i++)
        schema->columns[i].info.id = image->columns[i].id;
    schema->next_id = image->next_column_id;
    return ST_OK;
}

void schema_take_version(struct schema *schema, uint32_t version)
{
    pthread_mutex_lock(&schema->lock);
    if (version > atomic_load(&schema->version))
        atomic_store(&schema->version, version);
    pthread_mutex_unlock(&schema->lock);
}

/* The schema's column of that id, or NULL. */
static const struct schema_column *find_id(const struct schema *schema, uint32_t id)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        if (schema->columns[i].info.id == id)
            return &schema->columns[i];
    }
    return NULL;
}

static struct schema_column new_column(const struct image_column *from, struct slot_mask *taken)
{
    struct schema_column column = { .info = { .id = from->id } };
    unsigned slot = 0;
    while (slot_mask_has(taken, slot))
        slot++;
    slot_mask_set(taken, slot);
    memcpy(column.info.name, from->name.data, from->name.len);
    column.slot = (uint16_t)slot;
    return column;
}

/* Notes the columns that the image has not any more. */
static void plan_drops(const struct schema *schema, struct schema_plan *plan)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < schema->count; i++) {
        uint32_t id = schema->columns[i].info.id;
        while (at < plan->count && plan->columns[at].info.id < id)
            at++;
        if (at < plan->count && plan->columns[at].info.id == id)
            continue;
        slot_mask_set(&plan->dropped, schema->columns[i].slot);
        plan->dropped_count++;
    }
}

enum status schema_plan_image(struct schema *schema, const struct table_image *image,
                              struct schema_plan *plan, struct error *err)
{
    if (!is_sound(image) || image->next_column_id < schema->next_id)
        return refuse(err);
    *plan = (struct schema_plan){ .next_id = image->next_column_id, .taken = schema->taken };
    plan->columns = malloc(image->column_count * sizeof *plan->columns);
    if (plan->columns == NULL)
        return error_nomem(err);
    for (uint32_t i = 0; i < image->column_count; i++) {
        const struct schema_column *known = find_id(schema, image->columns[i].id);
        bool is_new = known == NULL && image->columns[i].id >= schema->next_id;
        if (!is_new && (known == NULL || !same_name(known, image->columns[i].name))) {
            schema_plan_release(plan);
            return refuse(err);
        }
        plan->columns[plan->count++] =
            is_new ? new_column(&image->columns[i], &plan->taken) : *known;
    }
    plan_drops(schema, plan);
    return ST_OK;
}
