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
    row_set_told(pool_at(&shard->rows, ref));
}

void tell_row_moved(const struct table *table, struct shard *shard, uint32_t ref, uint32_t was)
{
    if (table->sink == NULL || !row_is_told(pool_at(&shard->rows, ref)))
        return;
    struct change_place place = next_place(table, shard);
    struct change_row row = row_of(shard, ref);
    table->sink->row_moved(table->sink, &place, &row, was);
}

/* The place and the row of a change, whose key is told first if need be. */
static struct change_row begin_change(const struct table *table, struct shard *shard, uint32_t ref,
                                      struct change_place *place)
{
    tell_row_known(table, shard, ref);
    *place = next_place(table, shard);
    return row_of(shard, ref);
}

void tell_cells_changed(const struct table *table, struct shard *shard,
                        const struct change_cell *cells, size_t n, const uint32_t *codes)
{
    struct change_place place = next_place(table, shard);
    shard->sequence += n - 1;
    table->sink->cells_changed(table->sink, &place, cells, n, codes);
}

void tell_cell_merged(const struct table *table, struct shard *shard, uint32_t ref,
                      uint32_t column_id, const struct cell *from)
{
    struct change_place place;
    if (table->sink == NULL)
        return;
    struct change_row row = begin_change(table, shard, ref, &place);
    table->sink->cell_merged(table->sink, &place, &row, column_id, from, &table->shape);
}

void tell_row_removed(const struct table *table, struct shard *shard, uint32_t ref)
{
    struct change_place place;
    if (table->sink == NULL)
        return;
    struct change_row row = begin_change(table, shard, ref, &place);
    table->sink->row_removed(table->sink, &place, &row);
}
