#include "daemon/table/catalog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/restore.h"
#include "daemon/table/slices.h"
#include "daemon/table/table_impl.h"

#define QUOTED_MAX 160u
#define TABLES_FIRST 16u

struct catalog {
    pthread_mutex_t lock;  /* guards all below and the tables' names */
    struct table **tables; /* sorted by name */
    uint32_t count;
    uint32_t room;
    uint32_t max_tables;
    uint64_t next_id;
    uint64_t refusals;
    uint64_t shard_seed;      /* never changes */
    struct change_sink *sink; /* NULL: nobody; see catalog_set_sink() */
};

struct catalog *catalog_new(uint32_t max_tables, uint64_t shard_seed)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (catalog == NULL)
        return NULL;
    if (pthread_mutex_init(&catalog->lock, NULL) != 0) {
        free(catalog);
        return NULL;
    }
    catalog->max_tables = max_tables;
    catalog->next_id = 1;
    catalog->shard_seed = shard_seed;
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    for (uint32_t i = 0; i < catalog->count; i++)
        table_unref(catalog->tables[i]);
    free(catalog->tables);
    pthread_mutex_destroy(&catalog->lock);
    free(catalog);
}

void catalog_set_sink(struct catalog *catalog, struct change_sink *sink)
{
    catalog->sink = sink;
    for (uint32_t i = 0; i < catalog->count; i++)
        catalog->tables[i]->sink = sink;
}

static struct bytes_view table_name(const struct table *table)
{
    return (struct bytes_view){ (const uint8_t *)table->name, strlen(table->name) };
}

/* How many tables come before name; *found: that the next one is it. */
static uint32_t rank(const struct catalog *catalog, struct bytes_view name, bool *found)
{
    uint32_t low = 0;
    uint32_t high = catalog->count;
    *found = false;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = key_compare(table_name(catalog->tables[middle]), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status refuse(struct error *err, enum status code, struct bytes_view name,
                          const char *what)
{
    char quoted[QUOTED_MAX];
    error_quote(quoted, sizeof quoted, name.data, name.len);
    return error_set(err, code, "table '%s' %s", quoted, what);
}

static enum status refuse_missing(struct error *err, struct bytes_view name)
{
    char quoted[QUOTED_MAX];
    error_quote(quoted, sizeof quoted, name.data, name.len);
    return error_set(err, ST_NOT_FOUND, "no table '%s'", quoted);
}

static bool reserve(struct catalog *catalog)
{
    if (catalog->count < catalog->room)
        return true;
    uint32_t room = catalog->room == 0 ? TABLES_FIRST : catalog->room * 2;
    struct table **tables = realloc(catalog->tables, room * sizeof(struct table *));
    if (tables == NULL)
        return false;
    catalog->tables = tables;
    catalog->room = room;
    return true;
}

static void insert(struct catalog *catalog, uint32_t at, struct table *table)
{
    memmove(&catalog->tables[at + 1], &catalog->tables[at],
            (catalog->count - at) * sizeof(struct table *));
    catalog->tables[at] = table;
    catalog->count++;
}

static void take_out(struct catalog *catalog, uint32_t at)
{
    catalog->count--;
    memmove(&catalog->tables[at], &catalog->tables[at + 1],
            (catalog->count - at) * sizeof(struct table *));
}

static enum status tell_created(struct catalog *catalog, struct table *table)
{
    struct table_image image;
    struct table_info info;
    if (catalog->sink == NULL)
        return ST_OK;
    table_read_image(table, &image, &info);
    return catalog->sink->table_created(catalog->sink, &image);
}

/* catalog_create() of a name that is valid, under the lock. */
static enum status create_locked(struct catalog *catalog, const struct table_spec *spec,
                                 bool if_not_exists, struct table **out, bool *created,
                                 struct error *err)
{
    bool found;
    uint32_t at = rank(catalog, spec->name, &found);
    if (found && !if_not_exists)
        return refuse(err, ST_ALREADY_EXISTS, spec->name, "already exists");
    if (found) {
        *out = table_ref(catalog->tables[at]);
        *created = false;
        return ST_OK;
    }
    if (catalog->count >= catalog->max_tables) {
        catalog->refusals++;
        return error_set(err, ST_RESOURCE_EXHAUSTED, "cannot make table '%.*s': there are %u",
                         (int)spec->name.len, (const char *)spec->name.data, catalog->count);
    }
    if (!reserve(catalog))
        return error_nomem(err);
    struct table *table;
    enum status status = table_new(spec, catalog->next_id, catalog->shard_seed, &table, err);
    if (status != ST_OK)
        return status;
    status = tell_created(catalog, table);
    if (status != ST_OK) {
        table_free(table);
        return error_nomem(err);
    }
    table->sink = catalog->sink;
    catalog->next_id++;
    insert(catalog, at, table);
    *out = table_ref(table);
    *created = true;
    return ST_OK;
}

enum status catalog_create(struct catalog *catalog, const struct table_spec *spec,
                           bool if_not_exists, struct table **out, bool *created, struct error *err)
{
    if (!name_is_valid((const char *)spec->name.data, spec->name.len))
        return refuse(err, ST_INVALID_ARGUMENT, spec->name, "is not a valid name");
    pthread_mutex_lock(&catalog->lock);
    enum status status = create_locked(catalog, spec, if_not_exists, out, created, err);
    pthread_mutex_unlock(&catalog->lock);
    return status;
}

enum status catalog_find(struct catalog *catalog, struct bytes_view name, struct table **out,
                         struct error *err)
{
    bool found;
    pthread_mutex_lock(&catalog->lock);
    uint32_t at = rank(catalog, name, &found);
    if (found)
        *out = table_ref(catalog->tables[at]);
    pthread_mutex_unlock(&catalog->lock);
    return found ? ST_OK : refuse_missing(err, name);
}

/* Gives the table another name, which is valid and free. */
static void rename_locked(struct catalog *catalog, uint32_t at, struct bytes_view name)
{
    bool found;
    struct table *table = catalog->tables[at];
    take_out(catalog, at);
    insert(catalog, rank(catalog, name, &found), table);
    pthread_mutex_lock(&table->schema.lock);
    memset(table->name, 0, sizeof table->name);
    memcpy(table->name, name.data, name.len);
    pthread_mutex_unlock(&table->schema.lock);
}

/* Tells what the table will be once the plan is carried out. */
static enum status tell_altered(struct catalog *catalog, struct table *table,
                                const struct schema_plan *plan, struct bytes_view rename_to)
{
    struct table_image image;
    struct table_info info;
    if (catalog->sink == NULL)
        return ST_OK;
    table_read_image(table, &image, &info);
    image.version++;
    if (rename_to.len > 0)
        image.name = rename_to;
    image.next_column_id = plan->next_id;
    image.column_count = plan->count;
    for (uint32_t i = 0; i < plan->count; i++) {
        const char *name = plan->columns[i].info.name;
        image.columns[i].id = plan->columns[i].info.id;
        image.columns[i].name = (struct bytes_view){ (const uint8_t *)name, strlen(name) };
    }
    return catalog->sink->table_altered(catalog->sink, &image);
}

/* Checks the whole change and makes all of it visible but the sweep's effect.
 * The table was found under this name a moment ago. */
static enum status alter_locked(struct catalog *catalog, struct bytes_view name,
                                const struct table_change *change, struct table *table,
                                struct schema_plan *plan, struct error *err)
{
    bool found;
    bool renames = change->rename_to.len > 0;
    uint32_t at = rank(catalog, name, &found);
    if (!found || catalog->tables[at] != table)
        return refuse_missing(err, name);
    bool taken = false;
    if (renames)
        rank(catalog, change->rename_to, &taken);
    if (taken)
        return refuse(err, ST_ALREADY_EXISTS, change->rename_to, "already exists");
    enum status status = schema_plan(&table->schema, change, plan, err);
    if (status != ST_OK)
        return status;
    status = tell_altered(catalog, table, plan, change->rename_to);
    if (status != ST_OK) {
        schema_plan_release(plan);
        return error_nomem(err);
    }
    if (renames) /* ahead of the version, by which a reader tells what it has */
        rename_locked(catalog, at, change->rename_to);
    schema_commit(&table->schema, plan);
    return ST_OK;
}

enum status catalog_alter(struct catalog *catalog, struct bytes_view name,
                          const struct table_change *change, struct table **out, struct error *err)
{
    struct bytes_view to = change->rename_to;
    if (to.len > 0 && !name_is_valid((const char *)to.data, to.len))
        return refuse(err, ST_INVALID_ARGUMENT, to, "is not a valid name");
    struct table *table = NULL;
    enum status status = catalog_find(catalog, name, &table, err);
    if (status != ST_OK)
        return status;
    struct schema_plan plan;
    assert(table != NULL);
    pthread_mutex_lock(&table->alter_lock);
    pthread_mutex_lock(&catalog->lock);
    status = alter_locked(catalog, name, change, table, &plan, err);
    pthread_mutex_unlock(&catalog->lock);
    if (status == ST_OK)
        table_sweep(table, &plan);
    pthread_mutex_unlock(&table->alter_lock);
    if (status == ST_OK)
        *out = table;
    else
        table_unref(table);
    return status;
}

/* Takes the table out, which a reference keeps whole. */
static enum status drop_locked(struct catalog *catalog, struct bytes_view name,
                               struct table **table, struct error *err)
{
    bool found;
    uint32_t at = rank(catalog, name, &found);
    if (!found)
        return refuse_missing(err, name);
    struct change_sink *sink = catalog->sink;
    if (sink != NULL && sink->table_dropped(sink, catalog->tables[at]->id) != ST_OK)
        return error_nomem(err);
    *table = catalog->tables[at];
    take_out(catalog, at);
    return ST_OK;
}

enum status catalog_drop(struct catalog *catalog, struct bytes_view name, struct error *err)
{
    struct table *table = NULL;
    pthread_mutex_lock(&catalog->lock);
    enum status status = drop_locked(catalog, name, &table, err);
    pthread_mutex_unlock(&catalog->lock);
    table_unref(table);
    return status;
}

size_t catalog_list(struct catalog *catalog, struct bytes_view prefix,
                    const struct bytes_view *after, size_t limit, struct table **out)
{
    struct selector selector = { .kind = SELECTOR_PREFIX, .prefix = prefix };
    bool found;
    size_t n = 0;
    pthread_mutex_lock(&catalog->lock);
    uint32_t at = rank(catalog, prefix, &found);
    if (after != NULL) {
        uint32_t behind = rank(catalog, *after, &found);
        behind += found ? 1 : 0;
        at = behind > at ? behind : at;
    }
    for (; n < limit && at < catalog->count; at++) {
        if (!selector_matches(&selector, table_name(catalog->tables[at])))
            break;
        out[n++] = table_ref(catalog->tables[at]);
    }
    pthread_mutex_unlock(&catalog->lock);
    return n;
}

bool catalog_list_all(struct catalog *catalog, struct table ***out, size_t *count,
                      uint64_t *next_id)
{
    pthread_mutex_lock(&catalog->lock);
    struct table **tables = malloc((catalog->count + 1) * sizeof(struct table *));
    if (tables != NULL) {
        for (uint32_t i = 0; i < catalog->count; i++)
            tables[i] = table_ref(catalog->tables[i]);
        *out = tables;
        *count = catalog->count;
        *next_id = catalog->next_id;
    }
    pthread_mutex_unlock(&catalog->lock);
    return tables != NULL;
}

size_t catalog_count(struct catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    size_t count = catalog->count;
    pthread_mutex_unlock(&catalog->lock);
    return count;
}

uint64_t catalog_refusals(struct catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    uint64_t refusals = catalog->refusals;
    pthread_mutex_unlock(&catalog->lock);
    return refusals;
}

void catalog_raise_next_id(struct catalog *catalog, uint64_t next_id)
{
    pthread_mutex_lock(&catalog->lock);
    if (next_id > catalog->next_id)
        catalog->next_id = next_id;
    pthread_mutex_unlock(&catalog->lock);
}

uint64_t catalog_shard_seed(const struct catalog *catalog)
{
    return catalog->shard_seed;
}

enum status catalog_admit(struct catalog *catalog, struct table *table, struct error *err)
{
    bool found;
    enum status status = ST_OK;
    pthread_mutex_lock(&catalog->lock);
    uint32_t at = rank(catalog, table_name(table), &found);
    if (found)
        status = refuse(err, ST_INVALID_ARGUMENT, table_name(table), "is there twice");
    else if (!reserve(catalog))
        status = error_nomem(err);
    else
        insert(catalog, at, table_ref(table));
    if (status == ST_OK && table->id >= catalog->next_id)
        catalog->next_id = table->id + 1;
    pthread_mutex_unlock(&catalog->lock);
    return status;
}
