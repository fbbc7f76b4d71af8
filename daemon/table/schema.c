#include "daemon/table/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/names.h"

#define QUOTED_MAX 160u

static bool is_called(const struct schema_column *column, struct bytes_view name)
{
    return name.len <= NAME_MAX_BYTES && column->info.name[name.len] == '\0' &&
           memcmp(column->info.name, name.data, name.len) == 0;
}

/* The column called name, searched from index *from on and around; moves *from
 * behind it, so that names in the columns' order are found at once. */
static const struct schema_column *find_from(const struct schema_column *columns, uint32_t count,
                                             struct bytes_view name, uint32_t *from)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (*from + i) % count;
        if (is_called(&columns[at], name)) {
            *from = at + 1;
            return &columns[at];
        }
    }
    return NULL;
}

static enum status refuse(struct error *err, enum status code, const char *what,
                          struct bytes_view name)
{
    char quoted[QUOTED_MAX];
    error_quote(quoted, sizeof quoted, name.data, name.len);
    if (code == ST_NOT_FOUND)
        return error_set(err, code, "no column '%s'", quoted);
    return error_set(err, code, "column '%s' %s", quoted, what);
}

/* Appends a column, of the first slot that is free, to a plan with room for it. */
static enum status plan_column(struct schema_plan *plan, struct bytes_view name, struct error *err)
{
    const char *text = (const char *)name.data;
    uint32_t from = 0;
    if (!name_is_valid(text, name.len))
        return refuse(err, ST_INVALID_ARGUMENT, "is not a valid name", name);
    if (name_is_reserved(text, name.len))
        return refuse(err, ST_INVALID_ARGUMENT, "has a reserved name", name);
    if (find_from(plan->columns, plan->count, name, &from) != NULL)
        return refuse(err, ST_ALREADY_EXISTS, "already exists", name);
    unsigned slot = 0;
    while (slot_mask_has(&plan->taken, slot))
        slot++;
    slot_mask_set(&plan->taken, slot);
    struct schema_column *column = &plan->columns[plan->count++];
    memset(column->info.name, 0, sizeof column->info.name);
    memcpy(column->info.name, name.data, name.len);
    column->info.id = plan->next_id++;
    column->slot = (uint16_t)slot;
    return ST_OK;
}

static enum status check_count(size_t count, struct error *err)
{
    if (count == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "a table needs at least one column");
    if (count > COLUMNS_MAX)
        return error_set(err, ST_INVALID_ARGUMENT, "%zu columns are more than %u", count,
                         COLUMNS_MAX);
    return ST_OK;
}

static uint32_t width_of(const struct slot_mask *taken)
{
    uint32_t width = 0;
    for (unsigned slot = slot_mask_next(taken, 0); slot < SLOTS_MAX;
         slot = slot_mask_next(taken, slot + 1))
        width = slot + 1;
    return width;
}

enum status schema_init(struct schema *schema, const struct bytes_view *names, size_t count,
                        struct error *err)
{
    enum status status = check_count(count, err);
    if (status != ST_OK)
        return status;
    struct schema_plan plan = { .next_id = 1 };
    plan.columns = malloc(count * sizeof *plan.columns);
    if (plan.columns == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < count && status == ST_OK; i++)
        status = plan_column(&plan, names[i], err);
    if (status == ST_ALREADY_EXISTS) {
        struct bytes_view name = names[plan.count];
        status = refuse(err, ST_INVALID_ARGUMENT, "is named twice", name);
    }
    if (status == ST_OK && pthread_mutex_init(&schema->lock, NULL) != 0)
        status = error_nomem(err);
    if (status != ST_OK) {
        free(plan.columns);
        return status;
    }
    schema->columns = plan.columns;
    schema->count = plan.count;
    schema->next_id = plan.next_id;
    schema->taken = plan.taken;
    atomic_init(&schema->version, 1);
    atomic_init(&schema->width, width_of(&plan.taken));
    return ST_OK;
}

void schema_release(struct schema *schema)
{
    pthread_mutex_destroy(&schema->lock);
    free(schema->columns);
}

static enum status find_named(const struct schema *schema, const struct bytes_view *names,
                              size_t count, struct column_set *set, struct error *err)
{
    struct slot_mask seen = { { 0 } };
    uint32_t from = 0;
    for (size_t i = 0; i < count; i++) {
        const struct schema_column *column =
            find_from(schema->columns, schema->count, names[i], &from);
        if (column == NULL)
            return refuse(err, ST_NOT_FOUND, "", names[i]);
        if (slot_mask_has(&seen, column->slot))
            return refuse(err, ST_INVALID_ARGUMENT, "is named twice", names[i]);
        slot_mask_set(&seen, column->slot);
        set->ids[i] = column->info.id;
        set->slots[i] = column->slot;
    }
    set->count = (uint32_t)count;
    return ST_OK;
}

static void find_all(const struct schema *schema, struct column_set *set)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        set->ids[i] = schema->columns[i].info.id;
        set->slots[i] = schema->columns[i].slot;
    }
    set->count = schema->count;
}

enum status schema_find(struct schema *schema, const struct bytes_view *names, size_t count,
                        struct column_set *set, struct error *err)
{
    if (count > COLUMNS_MAX)
        return check_count(count, err);
    struct column_set found;
    found.count = 0;
    enum status status = ST_OK;
    pthread_mutex_lock(&schema->lock);
    if (count == 0)
        find_all(schema, &found);
    else
        status = find_named(schema, names, count, &found, err);
    found.schema_version = atomic_load(&schema->version);
    pthread_mutex_unlock(&schema->lock);
    if (status != ST_OK)
        return status;
    set->count = found.count;
    set->schema_version = found.schema_version;
    memcpy(set->ids, found.ids, found.count * sizeof found.ids[0]);
    memcpy(set->slots, found.slots, found.count * sizeof found.slots[0]);
    return ST_OK;
}

static int compare_ids(const void *id, const void *column)
{
    uint32_t a = *(const uint32_t *)id;
    uint32_t b = ((const struct schema_column *)column)->info.id;
    return (a > b) - (a < b);
}

static const struct schema_column *find_id(const struct schema *schema, uint32_t id)
{
    return bsearch(&id, schema->columns, schema->count, sizeof *schema->columns, compare_ids);
}

void schema_names(struct schema *schema, const struct column_set *set,
                  char (*names)[NAME_MAX_BYTES + 1])
{
    pthread_mutex_lock(&schema->lock);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct schema_column *column = find_id(schema, set->ids[i]);
        if (column == NULL)
            names[i][0] = '\0';
        else
            memcpy(names[i], column->info.name, sizeof names[i]);
    }
    pthread_mutex_unlock(&schema->lock);
}

void schema_refresh(struct schema *schema, struct column_set *set)
{
    if (atomic_load(&schema->version) == set->schema_version)
        return;
    pthread_mutex_lock(&schema->lock);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct schema_column *column = find_id(schema, set->ids[i]);
        set->slots[i] = column == NULL ? SLOT_NONE : column->slot;
    }
    set->schema_version = atomic_load(&schema->version);
    pthread_mutex_unlock(&schema->lock);
}

/* Takes the dropped columns out of the plan's, which are the schema's. */
static enum status plan_drops(struct schema_plan *plan, const struct table_change *change,
                              struct error *err)
{
    uint32_t from = 0;
    for (size_t i = 0; i < change->drop_count; i++) {
        const struct schema_column *column =
            find_from(plan->columns, plan->count, change->drop[i], &from);
        if (column == NULL)
            return refuse(err, ST_NOT_FOUND, "", change->drop[i]);
        if (slot_mask_has(&plan->dropped, column->slot))
            return refuse(err, ST_INVALID_ARGUMENT, "is dropped twice", change->drop[i]);
        slot_mask_set(&plan->dropped, column->slot);
        plan->dropped_count++;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (!slot_mask_has(&plan->dropped, plan->columns[i].slot))
            plan->columns[kept++] = plan->columns[i];
    }
    plan->count = kept;
    return ST_OK;
}

enum status schema_plan(struct schema *schema, const struct table_change *change,
                        struct schema_plan *plan, struct error *err)
{
    if (change->add_count > COLUMNS_MAX)
        return check_count(change->add_count, err);
    *plan = (struct schema_plan){ .count = schema->count, .next_id = schema->next_id };
    plan->columns = malloc((schema->count + change->add_count) * sizeof *plan->columns);
    if (plan->columns == NULL)
        return error_nomem(err);
    memcpy(plan->columns, schema->columns, schema->count * sizeof *plan->columns);
    plan->taken = schema->taken;
    enum status status = plan_drops(plan, change, err);
    if (status == ST_OK)
        status = check_count(plan->count + change->add_count, err);
    for (size_t i = 0; i < change->add_count && status == ST_OK; i++)
        status = plan_column(plan, change->add[i], err);
    if (status != ST_OK)
        schema_plan_release(plan);
    return status;
}

void schema_commit(struct schema *schema, struct schema_plan *plan)
{
    pthread_mutex_lock(&schema->lock);
    struct schema_column *was = schema->columns;
    schema->columns = plan->columns;
    schema->count = plan->count;
    schema->next_id = plan->next_id;
    schema->taken = plan->taken;
    atomic_store(&schema->width, width_of(&plan->taken));
    atomic_fetch_add(&schema->version, 1);
    pthread_mutex_unlock(&schema->lock);
    free(was);
    plan->columns = NULL;
}

void schema_plan_release(struct schema_plan *plan)
{
    free(plan->columns);
    plan->columns = NULL;
}

void schema_free_slots(struct schema *schema, const struct slot_mask *slots)
{
    pthread_mutex_lock(&schema->lock);
    for (unsigned i = 0; i < SLOTS_MAX / 64; i++)
        schema->taken.words[i] &= ~slots->words[i];
    atomic_store(&schema->width, width_of(&schema->taken));
    pthread_mutex_unlock(&schema->lock);
}
