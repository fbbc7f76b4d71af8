#include <stdlib.h>

#include "daemon/sketch/union_scratch.h"
#include "daemon/table/table_impl.h"

/* A union under way. */
struct unite {
    struct column_set *columns;
    struct union_scratch **scratches; /* one a column */
    uint64_t keys;
};

static void unite_release(struct unite *unite)
{
    for (uint32_t i = 0; i < unite->columns->count; i++)
        union_scratch_free(unite->scratches[i]);
    free(unite->scratches);
}

static enum status unite_init(struct unite *unite, const struct table *table,
                              struct column_set *columns)
{
    unite->columns = columns;
    unite->keys = 0;
    unite->scratches = calloc(columns->count + 1u, sizeof(struct union_scratch *));
    if (unite->scratches == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < columns->count; i++) {
        unite->scratches[i] = union_scratch_new(&table->shape);
        if (unite->scratches[i] == NULL) {
            unite_release(unite);
            return ST_RESOURCE_EXHAUSTED;
        }
    }
    return ST_OK;
}

static enum status unite_row(const struct row *row, void *arg)
{
    struct unite *unite = arg;
    enum status status = ST_OK;
    unite->keys++;
    for (uint32_t i = 0; i < unite->columns->count && status == ST_OK; i++) {
        const struct cell *cell = row_cell(row, unite->columns->slots[i]);
        if (cell != NULL && cell->word != 0)
            status = union_scratch_add(unite->scratches[i], cell);
    }
    return status;
}

enum status table_union(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task, struct estimate *out,
                        uint64_t *keys, struct error *err)
{
    struct unite unite;
    enum status status = unite_init(&unite, table, columns);
    if (status != ST_OK)
        return error_nomem(err);
    status = table_select(table, selector, columns, task, unite_row, &unite);
    if (status == ST_OK) {
        for (uint32_t i = 0; i < columns->count; i++)
            out[i] = union_scratch_estimate(unite.scratches[i]);
        *keys = unite.keys;
    }
    unite_release(&unite);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK : error_set(err, status, "union: %s", status_text((int)status));
}
