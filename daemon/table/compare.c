#include "daemon/table/table_impl.h"

/* One of the groups that are compared. */
struct group {
    struct column_set *columns; /* one */
    struct union_scratch *scratch;
    uint64_t keys;
};

static enum status group_row(const struct row *row, void *arg)
{
    struct group *group = arg;
    const struct cell *cell = row_cell(row, group->columns->slots[0]);
    group->keys++;
    return cell == NULL ? ST_OK : union_scratch_add(group->scratch, cell);
}

enum status table_compare(struct table *table, const struct selector *a, const struct selector *b,
                          struct column_set *columns, const struct task *task, struct overlap *out,
                          uint64_t *keys_a, uint64_t *keys_b, struct error *err)
{
    struct group groups[2] = { { columns, union_scratch_new(&table->shape), 0 },
                               { columns, union_scratch_new(&table->shape), 0 } };
    enum status status = ST_OK;
    if (groups[0].scratch == NULL || groups[1].scratch == NULL)
        status = ST_RESOURCE_EXHAUSTED;
    if (status == ST_OK)
        status = table_select(table, a, columns, task, group_row, &groups[0]);
    if (status == ST_OK)
        status = table_select(table, b, columns, task, group_row, &groups[1]);
    if (status == ST_OK)
        status = overlap_estimate(groups[0].scratch, groups[1].scratch, out);
    if (status == ST_OK) {
        *keys_a = groups[0].keys;
        *keys_b = groups[1].keys;
    }
    union_scratch_free(groups[0].scratch);
    union_scratch_free(groups[1].scratch);
    if (status == ST_RESOURCE_EXHAUSTED)
        return error_nomem(err);
    return status == ST_OK ? ST_OK
                           : error_set(err, status, "compare: %s", status_text((int)status));
}
