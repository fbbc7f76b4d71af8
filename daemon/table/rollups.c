#include "daemon/table/rollups.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/heap.h"

#define WAITING_MIN 16u
#define WAITING_MAX 256u /* changes of a column, fed at a time */

static void lock(struct rollup_group *group)
{
    int rc = pthread_mutex_lock(&group->lock);
    assert(rc == 0);
    (void)rc;
}

static void unlock(struct rollup_group *group)
{
    int rc = pthread_mutex_unlock(&group->lock);
    assert(rc == 0);
    (void)rc;
}

struct rollups *rollups_new(const struct sketch_shape *shape)
{
    struct rollups *rollups = calloc(1, sizeof *rollups);
    if (rollups == NULL)
        return NULL;
    rollups->shape = *shape;
    atomic_init(&rollups->has_stale, false);
    pthread_mutex_init(&rollups->build_lock, NULL); /* cannot fail with glibc */
    for (uint32_t i = 0; i < GROUP_COUNT; i++)
        pthread_mutex_init(&rollups->groups[i].lock, NULL);
    return rollups;
}

void rollups_free(struct rollups *rollups)
{
    if (rollups == NULL)
        return;
    for (uint32_t i = 0; i < GROUP_COUNT; i++) {
        struct rollup_group *group = &rollups->groups[i];
        for (uint32_t slot = 0; slot < group->width; slot++) {
            rollup_release(&group->slots[slot].rollup);
            heap_free(group->slots[slot].codes);
        }
        heap_free(group->slots);
        pthread_mutex_destroy(&group->lock);
    }
    pthread_mutex_destroy(&rollups->build_lock);
    free(rollups);
}

/* Makes room for a slot; false without memory. */
static bool widen(struct rollup_group *group, uint32_t slot)
{
    if (slot < group->width)
        return true;
    uint32_t width = (slot + 8) & ~7u;
    struct rollup_slot *wider = heap_realloc(group->slots, width * sizeof *wider);
    if (wider == NULL)
        return false;
    memset(wider + group->width, 0, (width - group->width) * sizeof *wider);
    group->slots = wider;
    group->width = width;
    return true;
}

/* The slot's rollup is of no use any more. */
static void lose(struct rollups *rollups, struct rollup_group *group, unsigned slot)
{
    if (slot_mask_has(&group->building, slot)) {
        slot_mask_set(&group->spoiled, slot);
    } else {
        slot_mask_set(&group->stale, slot);
        if (slot < group->width)
            rollup_release(&group->slots[slot].rollup);
    }
    atomic_store(&rollups->has_stale, true);
}

/* Is the slot's rollup to be told of changes? */
static bool is_fed(const struct rollup_group *group, unsigned slot)
{
    if (slot_mask_has(&group->spoiled, slot))
        return false;
    return !slot_mask_has(&group->stale, slot) || slot_mask_has(&group->building, slot);
}

/* Feeds changes of a slot that there is room for. */
static void feed_codes(struct rollups *rollups, struct rollup_group *group, unsigned slot,
                       const uint32_t *codes, size_t n)
{
    if (is_fed(group, slot) &&
        rollup_feed(&group->slots[slot].rollup, &rollups->shape, codes, n) != ST_OK)
        lose(rollups, group, slot);
}

/* Feeds what waits of a slot. */
static void feed_waiting(struct rollups *rollups, struct rollup_group *group, unsigned slot)
{
    struct rollup_slot *at = &group->slots[slot];
    if (at->count > 0)
        feed_codes(rollups, group, slot, at->codes, at->count);
    at->count = 0;
}

/* Feeds all that waits. */
static void drain(struct rollups *rollups, struct rollup_group *group)
{
    for (unsigned slot = 0; slot < group->width; slot++)
        feed_waiting(rollups, group, slot);
}

/* Makes room for one change more to wait, by memory up to a point; false if there is
 * none at all. */
static bool make_room(struct rollups *rollups, struct rollup_group *group, unsigned slot)
{
    struct rollup_slot *at = &group->slots[slot];
    uint32_t room = at->room == 0 ? WAITING_MIN : 2 * at->room;
    uint32_t *codes = NULL;
    if (room <= WAITING_MAX)
        codes = heap_realloc(at->codes, room * sizeof *codes);
    if (codes == NULL) {
        feed_waiting(rollups, group, slot);
        return at->room > 0;
    }
    at->codes = codes;
    at->room = room;
    return true;
}

/* The rest of rollups_feed() for a change that has no room to wait. */
static void feed_full(struct rollups *rollups, struct rollup_group *group, unsigned slot,
                      uint32_t code)
{
    if (!widen(group, slot)) {
        lose(rollups, group, slot);
        return;
    }
    assert(group->slots != NULL);
    struct rollup_slot *at = &group->slots[slot];
    if (at->count < at->room || make_room(rollups, group, slot))
        at->codes[at->count++] = code;
    else
        feed_codes(rollups, group, slot, &code, 1);
}

void rollups_feed(struct rollups *rollups, uint32_t shard_number, const uint16_t *slots,
                  const uint32_t *codes, size_t n)
{
    struct rollup_group *group = rollups_group(rollups, shard_number);
    lock(group);
    for (size_t i = 0; i < n; i++) {
        struct rollup_slot *at = slots[i] < group->width ? &group->slots[slots[i]] : NULL;
        if (at != NULL && at->count < at->room)
            at->codes[at->count++] = codes[i];
        else
            feed_full(rollups, group, slots[i], codes[i]);
    }
    unlock(group);
}

void rollups_feed_cell(struct rollups *rollups, uint32_t shard_number, uint16_t slot,
                       const struct cell *cell)
{
    struct rollup_group *group = rollups_group(rollups, shard_number);
    lock(group);
    drain(rollups, group);
    if (is_fed(group, slot) &&
        (!widen(group, slot) ||
         rollup_feed_cell(&group->slots[slot].rollup, &rollups->shape, cell) != ST_OK))
        lose(rollups, group, slot);
    unlock(group);
}

void rollups_lose_row(struct rollups *rollups, uint32_t shard_number, const struct row *row)
{
    struct rollup_group *group = rollups_group(rollups, shard_number);
    struct slot_mask used = { { 0 } };
    row_used_slots(row, &used);
    lock(group);
    drain(rollups, group);
    for (unsigned slot = slot_mask_next(&used, 0); slot < group->width;
         slot = slot_mask_next(&used, slot + 1)) {
        if (is_fed(group, slot) &&
            rollup_may_owe(&group->slots[slot].rollup, &rollups->shape, row_cell(row, slot)))
            lose(rollups, group, slot);
    }
    unlock(group);
}

void rollups_reset(struct rollups *rollups, const struct slot_mask *slots)
{
    for (uint32_t i = 0; i < GROUP_COUNT; i++) {
        struct rollup_group *group = &rollups->groups[i];
        lock(group);
        drain(rollups, group);
        for (unsigned slot = slot_mask_next(slots, 0); slot < SLOTS_MAX;
             slot = slot_mask_next(slots, slot + 1)) {
            slot_mask_clear(&group->stale, slot);
            slot_mask_clear(&group->building, slot);
            slot_mask_clear(&group->spoiled, slot);
            if (slot < group->width)
                rollup_release(&group->slots[slot].rollup);
        }
        unlock(group);
    }
}

bool rollups_build_begin(struct rollups *rollups, uint32_t group_number, struct slot_mask *slots)
{
    struct rollup_group *group = &rollups->groups[group_number];
    lock(group);
    drain(rollups, group);
    *slots = group->stale;
    group->building = group->stale;
    memset(&group->spoiled, 0, sizeof group->spoiled);
    unlock(group);
    return slot_mask_next(slots, 0) < SLOTS_MAX;
}

void rollups_build_rows(struct rollups *rollups, const struct shard *shard, const uint32_t *refs,
                        uint32_t count, const struct column_set *columns)
{
    struct rollup_group *group = rollups_group(rollups, shard->number);
    lock(group);
    for (uint32_t i = 0; i < count; i++) {
        const struct row *row = pool_at(&shard->rows, refs[i]);
        for (uint32_t c = 0; c < columns->count; c++) {
            uint16_t slot = columns->slots[c];
            const struct cell *cell = slot == SLOT_NONE ? NULL : row_cell(row, slot);
            if (cell == NULL || cell->word == 0 || !slot_mask_has(&group->building, slot) ||
                slot_mask_has(&group->spoiled, slot))
                continue;
            if (!widen(group, slot) ||
                rollup_feed_cell(&group->slots[slot].rollup, &rollups->shape, cell) != ST_OK)
                lose(rollups, group, slot);
        }
    }
    unlock(group);
}

void rollups_build_spoil(struct rollups *rollups, uint32_t group_number)
{
    struct rollup_group *group = &rollups->groups[group_number];
    lock(group);
    group->spoiled = group->building;
    unlock(group);
}

enum status rollups_unite(struct rollups *rollups, uint32_t group_number, struct schema *schema,
                          struct column_set *columns, struct union_scratch *const *scratches,
                          struct column_set *stale, uint32_t *places)
{
    struct rollup_group *group = &rollups->groups[group_number];
    enum status status = ST_OK;
    lock(group);
    drain(rollups, group);
    schema_refresh(schema, columns);
    stale->count = 0;
    stale->schema_version = columns->schema_version;
    for (uint32_t i = 0; i < columns->count && status == ST_OK; i++) {
        uint16_t slot = columns->slots[i];
        if (slot == SLOT_NONE)
            continue;
        if (slot_mask_has(&group->stale, slot)) {
            places[stale->count] = i;
            stale->ids[stale->count] = columns->ids[i];
            stale->slots[stale->count++] = slot;
        } else if (slot < group->width) {
            status = rollup_unite(&group->slots[slot].rollup, scratches[i]);
        }
    }
    unlock(group);
    return status;
}

void rollups_build_end(struct rollups *rollups, uint32_t group_number)
{
    struct rollup_group *group = &rollups->groups[group_number];
    lock(group);
    drain(rollups, group);
    for (unsigned slot = slot_mask_next(&group->building, 0); slot < SLOTS_MAX;
         slot = slot_mask_next(&group->building, slot + 1)) {
        slot_mask_clear(&group->building, slot);
        if (slot_mask_has(&group->spoiled, slot))
            lose(rollups, group, slot);
        else
            slot_mask_clear(&group->stale, slot);
    }
    memset(&group->spoiled, 0, sizeof group->spoiled);
    unlock(group);
}

size_t rollups_bytes(struct rollups *rollups)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < GROUP_COUNT; i++) {
        struct rollup_group *group = &rollups->groups[i];
        lock(group);
        if (group->width > 0)
            bytes += heap_block_bytes(group->width * sizeof *group->slots);
        for (uint32_t slot = 0; slot < group->width; slot++) {
            const struct rollup_slot *at = &group->slots[slot];
            bytes += rollup_bytes(&at->rollup);
            if (at->room > 0)
                bytes += heap_block_bytes(at->room * sizeof *at->codes);
        }
        unlock(group);
    }
    return bytes;
}
