/* What is done with every table. */
#include <string.h>

#include "daemon/table/catalog.h"
#include "daemon/table/table_impl.h"

#define TABLES_STEP 64u /* tables taken from the catalog at a time */

/* Calls visit with every table, with no lock held, until it returns an error. */
static enum status for_each(struct catalog *catalog,
                            enum status (*visit)(struct table *table, void *arg), void *arg)
{
    struct table *tables[TABLES_STEP];
    char name[NAME_MAX_BYTES + 1] = "";
    struct bytes_view after = { (const uint8_t *)name, 0 };
    struct bytes_view any = { NULL, 0 };
    enum status status = ST_OK;
    size_t n;
    do {
        n = catalog_list(catalog, any, &after, TABLES_STEP, tables);
        for (size_t i = 0; i < n; i++) {
            if (status == ST_OK)
                status = visit(tables[i], arg);
            if (i == n - 1)
                after.len = table_copy_name(tables[i], name);
            table_unref(tables[i]);
        }
    } while (n == TABLES_STEP && status == ST_OK);
    return status;
}

static enum status add_usage(struct table *table, void *usage)
{
    table_add_usage(table, usage);
    return ST_OK;
}

void catalog_usage(struct catalog *catalog, struct table_usage *usage)
{
    memset(usage, 0, sizeof *usage);
    (void)for_each(catalog, add_usage, usage);
}

static enum status maintain(struct table *table, void *task)
{
    return table_maintain(table, task);
}

static enum status pack(struct table *table, void *task)
{
    return table_pack(table, task);
}

enum status catalog_pack(struct catalog *catalog, const struct task *task)
{
    struct task copy = *task;
    return for_each(catalog, pack, &copy);
}

static enum status compact(struct table *table, void *arg)
{
    return table_compact(table, arg);
}

enum status catalog_compact(struct catalog *catalog, const struct task *task)
{
    struct task copy = *task;
    return for_each(catalog, compact, &copy);
}

enum status catalog_maintain(struct catalog *catalog, const struct task *task)
{
    struct task copy = *task;
    return for_each(catalog, maintain, &copy);
}
