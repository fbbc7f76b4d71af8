/* Whole cells on their way into rows. */
#include "daemon/memory/heap.h"
#include "daemon/table/table_impl.h"
#include "daemon/table/tell.h"

static bool has_places(const struct row *row, const struct slot_mask *slots)
{
    unsigned slot = slot_mask_next(slots, 0);
    while (slot < SLOTS_MAX && row_cell(row, slot) != NULL)
        slot = slot_mask_next(slots, slot + 1);
    return slot >= SLOTS_MAX;
}

uint32_t table_lay_row(struct table *table, struct shard *shard, const struct placed_key *placed,
                       uint32_t was, const struct slot_mask *slots)
{
    unsigned width = atomic_load_explicit(&table->schema.width, memory_order_relaxed);
    uint32_t ref = was != 0 ? shard_widen(shard, placed, slots, width)
                            : shard_add(shard, placed, slots, width);
    if (ref == 0)
        return 0;
    if (was == 0) {
        tell_row_new(table, shard, ref);
    } else {
        tell_row_moved(table, shard, ref, was);
        table_note_sparse(table, shard);
    }
    return ref;
}

uint32_t table_place_row(struct table *table, struct shard *shard, const struct placed_key *placed,
                         const struct slot_mask *slots)
{
    uint32_t was = shard_find_ref(shard, placed);
    if (was != 0 && has_places(pool_at(&shard->rows, was), slots))
        return was;
    return table_lay_row(table, shard, placed, was, slots);
}

enum status table_merge_cell(struct table *table, struct shard *shard, uint32_t ref,
                             const struct column_set *columns, uint32_t at, const struct cell *from,
                             bool *changed)
{
    struct cell *cell = row_cell(pool_at(&shard->rows, ref), columns->slots[at]);
    enum status status = shard_cell_merge(shard, cell, from, &table->shape, changed);
    if (status == ST_OK && *changed)
        tell_cell_merged(table, shard, ref, columns->ids[at], from);
    bool draws = heap_draws();
    heap_draw(false); /* unions over all keys make do without */
    if (status == ST_OK && table->rollups != NULL)
        rollups_feed_cell(table->rollups, shard->number, columns->slots[at], from);
    heap_draw(draws);
    return status;
}
