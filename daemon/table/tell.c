#include "daemon/table/tell.h"

static struct change_place next_place(const struct table *table, struct shard *shard)
{
    return (struct change_place){ table->id, ++shard->sequence, shard->number };
}

static struct change_row row_of(const struct shard *shard, uint32_t ref)
{
    return (struct change_row){ ref, row_key(pool_at(&shard->rows, ref)) };
}

void tell_row_new(const struct table *table, struct shard *shard, uint32_t ref)
{
    if (table->sink == NULL)
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->row_new(table->sink, &place, &row);
}

void tell_row_moved(const struct table *table, struct shard *shard, uint32_t ref, uint32_t was)
{
    if (table->sink == NULL)
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->row_moved(table->sink, &place, &row, was);
}

void tell_cell_changed(const struct table *table, struct shard *shard, uint32_t ref,
                       uint32_t column_id, const uint32_t *codes, size_t n)
{
    if (table->sink == NULL || n == 0)
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->cell_changed(table->sink, &place, &row, column_id, codes, n);
}

void tell_cell_merged(const struct table *table, struct shard *shard, uint32_t ref,
                      uint32_t column_id, const struct cell *from)
{
    if (table->sink == NULL)
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->cell_merged(table->sink, &place, &row, column_id, from);
}

void tell_row_removed(const struct table *table, struct shard *shard, uint32_t ref)
{
    if (table->sink == NULL)
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->row_removed(table->sink, &place, &row);
}

void tell_column_dropped(const struct table *table, uint32_t column_id)
{
    if (table->sink != NULL)
        table->sink->column_dropped(table->sink, table->id, column_id);
}
