#include <stdlib.h>

#include "daemon/memory/budget.h"
#include "daemon/table/admit.h"
#include "daemon/table/unite.h"

static void free_scratches(struct union_scratch **scratches, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        union_scratch_free(scratches[i]);
    free(scratches);
}

/* Makes count of them; NULL without memory. */
static struct union_scratch **make_scratches(const struct table *table, uint32_t count)
{
    struct union_scratch **scratches = calloc(count + 1u, sizeof(struct union_scratch *));
    if (scratches == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        scratches[i] = union_scratch_new(&table->shape);
        if (scratches[i] == NULL) {
            free_scratches(scratches, i);
            return NULL;
        }
    }
    return scratches;
}

static enum status estimate(struct table *table, const struct selector *selector,
                            struct column_set *columns, const struct task *task,
                            struct estimate *out, uint64_t *keys)
{
    struct union_scratch **scratches = make_scratches(table, columns->count);
    if (scratches == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = table_unite(table, selector, columns, task, scratches, keys);
    for (uint32_t i = 0; i < columns->count && status == ST_OK; i++)
        out[i] = union_scratch_estimate(scratches[i]);
    free_scratches(scratches, columns->count);
    return status;
}

enum status table_union(struct table *table, const struct selector *selector,
                        struct column_set *columns, const struct task *task, struct estimate *out,
                        uint64_t *keys, struct error *err)
{
    size_t claimed = columns->count * union_scratch_bytes_max(&table->shape);
    enum status status = admit_claim(table, claimed, err);
    if (status != ST_OK)
        return status;
    status = estimate(table, selector, columns, task, out, keys);
    memory_unclaim(claimed);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK : error_set(err, status, "union: %s", status_text((int)status));
}
