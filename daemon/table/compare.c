#include "daemon/memory/budget.h"
#include "daemon/table/admit.h"
#include "daemon/table/unite.h"

#define SCRATCHES 3u /* both groups', and as much for their overlap */

static enum status compare(struct table *table, const struct selector *a, const struct selector *b,
                           struct column_set *columns, const struct task *task, struct overlap *out,
                           uint64_t *keys_a, uint64_t *keys_b)
{
    struct union_scratch *in_a = union_scratch_new(&table->shape);
    struct union_scratch *in_b = union_scratch_new(&table->shape);
    uint64_t counts[2];
    enum status status = in_a == NULL || in_b == NULL ? ST_RESOURCE_EXHAUSTED : ST_OK;
    if (status == ST_OK)
        status = table_unite(table, a, columns, task, &in_a, &counts[0]);
    if (status == ST_OK)
        status = table_unite(table, b, columns, task, &in_b, &counts[1]);
    if (status == ST_OK)
        status = overlap_estimate(in_a, in_b, out);
    if (status == ST_OK) {
        *keys_a = counts[0];
        *keys_b = counts[1];
    }
    union_scratch_free(in_a);
    union_scratch_free(in_b);
    return status;
}

enum status table_compare(struct table *table, const struct selector *a, const struct selector *b,
                          struct column_set *columns, const struct task *task, struct overlap *out,
                          uint64_t *keys_a, uint64_t *keys_b, struct error *err)
{
    size_t claimed = SCRATCHES * union_scratch_bytes_max(&table->shape);
    enum status status = admit_claim(table, claimed, err);
    if (status != ST_OK)
        return status;
    status = compare(table, a, b, columns, task, out, keys_a, keys_b);
    memory_unclaim(claimed);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK
                           : error_set(err, status, "compare: %s", status_text((int)status));
}
