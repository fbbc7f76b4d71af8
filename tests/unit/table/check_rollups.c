/* Rollups against the rows. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/union_parts.h"
#include "daemon/table/table_impl.h"
#include "tests/unit/table/fixture.h"

/* The ranks over the rows of a group's shards in one slot. */
static void rank_rows(struct table *table, uint32_t group, unsigned slot, uint8_t *ranks)
{
    struct union_scratch *scratch = union_scratch_new(&table->shape);
    ck_assert_ptr_nonnull(scratch);
    for (uint32_t i = group * GROUP_SHARDS; i < (group + 1) * GROUP_SHARDS; i++) {
        struct shard *shard = shard_set_get(&table->shards, i);
        struct order_place place = { 0, 0 };
        uint32_t ref;
        while (shard != NULL && (ref = order_next(&shard->order, &place)) != 0) {
            const struct cell *cell = row_cell(pool_at(&shard->rows, ref), slot);
            if (cell != NULL && union_scratch_add(scratch, cell) != ST_OK)
                ck_abort_msg("no memory");
        }
    }
    union_scratch_ranks(scratch, ranks);
    union_scratch_free(scratch);
}

static void rank_rollup(const struct rollup *rollup, const struct sketch_shape *shape,
                        uint8_t *ranks)
{
    struct cell all = { 0 };
    for (size_t i = 0; i < token_set_slots(&rollup->tokens); i++) {
        if (rollup->tokens.slots[i] != 0)
            ck_assert_int_eq(cell_replay(&all, shape, rollup->tokens.slots[i]), ST_OK);
    }
    cell_registers(&all, shape, ranks);
    if (rollup->ranks != NULL)
        memcpy(ranks, rollup->ranks, shape->registers);
    cell_release(&all);
}

uint32_t check_rollups(struct table *table)
{
    static const struct rollup nothing;
    uint32_t stale = 0;
    struct column_set columns;
    static const struct slot_mask none;
    if (table->rollups == NULL)
        return 0;
    rollups_reset(table->rollups, &none); /* feeds what waits */
    uint8_t *ranks = malloc(2 * (size_t)table->shape.registers);
    ck_assert_ptr_nonnull(ranks);
    uint8_t *rolled = ranks + table->shape.registers;
    ck_assert_int_eq(table_find_columns(table, NULL, 0, &columns, NULL), ST_OK);
    for (uint32_t g = 0; g < GROUP_COUNT; g++) {
        const struct rollup_group *group = &table->rollups->groups[g];
        for (uint32_t c = 0; c < columns.count; c++) {
            uint16_t slot = columns.slots[c];
            const struct rollup *rollup =
                slot < group->width ? &group->slots[slot].rollup : &nothing;
            if (slot_mask_has(&group->stale, slot)) {
                ck_assert_uint_eq(rollup_bytes(rollup), 0);
                stale++;
                continue;
            }
            rank_rows(table, g, slot, ranks);
            rank_rollup(rollup, &table->shape, rolled);
            ck_assert_int_eq(memcmp(ranks, rolled, table->shape.registers), 0);
        }
    }
    free(ranks);
    return stale;
}
