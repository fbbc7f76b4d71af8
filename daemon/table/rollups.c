#include "daemon/table/rollups.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/heap.h"

#define QUEUE_MIN 32u
#define QUEUE_MAX 4096u
#define PIECE 256u /* of the backlog, fed at a time */
#define QUEUE_ENTRY_BYTES (sizeof(uint32_t) + sizeof(uint16_t))

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
        for (uint32_t slot = 0; slot < group->width; slot++)
            rollup_release(&group->rollups[slot]);
        heap_free(group->rollups);
        heap_free(group->queue.codes);
        heap_free(group->backlog.codes);
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
    struct rollup *wider = heap_realloc(group->rollups, width * sizeof *wider);
    if (wider == NULL)
        return false;
    memset(wider + group->width, 0, (width - group->width) * sizeof *wider);
    group->rollups = wider;
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
            rollup_release(&group->rollups[slot]);
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

static void feed_slot(struct rollups *rollups, struct rollup_group *group, unsigned slot,
                      const uint32_t *codes, size_t n)
{
    if (!is_fed(group, slot))
        return;
    if (!widen(group, slot) ||
        rollup_feed(&group->rollups[slot], &rollups->shape, codes, n) != ST_OK)
        lose(rollups, group, slot);
}

/* Feeds the next n changes of a sorted queue, slot by slot. */
static void feed_sorted(struct rollups *rollups, struct rollup_group *group,
                        struct rollup_queue *queue, uint32_t n)
{
    uint32_t end = queue->count - queue->first < n ? queue->count : queue->first + n;
    while (queue->first < end) {
        uint32_t first = queue->first;
        while (queue->first < end && queue->slots[queue->first] == queue->slots[first])
            queue->first++;
        feed_slot(rollups, group, queue->slots[first], queue->codes + first, queue->first - first);
    }
}

/* Moves the queue into an empty one of enough room, sorted by slot. */
static void sort_into(struct rollup_queue *into, struct rollup_queue *queue)
{
    uint16_t ends[SLOTS_MAX + 1] = { 0 };
    for (uint32_t i = 0; i < queue->count; i++)
        ends[queue->slots[i] + 1]++;
    for (unsigned slot = 1; slot <= SLOTS_MAX; slot++)
        ends[slot] = (uint16_t)(ends[slot] + ends[slot - 1]);
    for (uint32_t i = 0; i < queue->count; i++) {
        uint16_t slot = queue->slots[i];
        into->slots[ends[slot]] = slot;
        into->codes[ends[slot]++] = queue->codes[i];
    }
    into->first = 0;
    into->count = queue->count;
    queue->count = 0;
}

/* Feeds all that waits. */
static void drain(struct rollups *rollups, struct rollup_group *group)
{
    uint32_t codes[QUEUE_MAX];
    uint16_t slots[QUEUE_MAX];
    struct rollup_queue sorted = { .codes = codes, .slots = slots };
    feed_sorted(rollups, group, &group->backlog, QUEUE_MAX);
    if (group->queue.count == 0)
        return;
    sort_into(&sorted, &group->queue);
    feed_sorted(rollups, group, &sorted, QUEUE_MAX);
}

/* An empty queue's memory; false if there is none. */
static bool queue_alloc(struct rollup_queue *queue, uint32_t room)
{
    uint32_t *codes = heap_alloc(room * QUEUE_ENTRY_BYTES);
    if (codes == NULL)
        return false;
    *queue = (struct rollup_queue){
        .codes = codes,
        .slots = (uint16_t *)(void *)(codes + room),
        .room = room,
    };
    return true;
}

static bool queue_grow(struct rollup_queue *queue)
{
    struct rollup_queue larger;
    if (!queue_alloc(&larger, queue->room == 0 ? QUEUE_MIN : 2 * queue->room))
        return false;
    if (queue->count > 0) {
        memcpy(larger.codes, queue->codes, queue->count * sizeof *queue->codes);
        memcpy(larger.slots, queue->slots, queue->count * sizeof *queue->slots);
    }
    larger.count = queue->count;
    heap_free(queue->codes);
    *queue = larger;
    return true;
}

/* Makes room for one change more, by memory up to a point, then by making the
 * full queue the backlog, which was fed meanwhile. */
static bool make_room(struct rollups *rollups, struct rollup_group *group)
{
    struct rollup_queue *queue = &group->queue;
    if (queue->room < QUEUE_MAX && queue_grow(queue))
        return true;
    if (queue->room == QUEUE_MAX &&
        (group->backlog.room > 0 || queue_alloc(&group->backlog, QUEUE_MAX))) {
        feed_sorted(rollups, group, &group->backlog, QUEUE_MAX);
        sort_into(&group->backlog, queue);
        return true;
    }
    drain(rollups, group);
    return queue->room > 0;
}

void rollups_feed(struct rollups *rollups, uint32_t shard_number, const uint16_t *slots,
                  const uint32_t *codes, size_t n)
{
    struct rollup_group *group = rollups_group(rollups, shard_number);
    struct rollup_queue *queue = &group->queue;
    lock(group);
    for (size_t at = 0; at < n;) {
        if (queue->count == queue->room && !make_room(rollups, group)) {
            lose(rollups, group, slots[at++]);
            continue;
        }
        size_t more = queue->room - queue->count;
        more = more < n - at ? more : n - at;
        memcpy(queue->codes + queue->count, codes + at, more * sizeof *codes);
        memcpy(queue->slots + queue->count, slots + at, more * sizeof *slots);
        uint32_t pieces = (queue->count % PIECE + (uint32_t)more) / PIECE;
        queue->count += (uint32_t)more;
        at += more;
        feed_sorted(rollups, group, &group->backlog, pieces * PIECE);
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
         rollup_feed_cell(&group->rollups[slot], &rollups->shape, cell) != ST_OK))
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
            rollup_may_owe(&group->rollups[slot], &rollups->shape, row_cell(row, slot)))
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
                rollup_release(&group->rollups[slot]);
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
                rollup_feed_cell(&group->rollups[slot], &rollups->shape, cell) != ST_OK)
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
            status = rollup_unite(&group->rollups[slot], scratches[i]);
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
        if (group->queue.room > 0)
            bytes += heap_block_bytes(group->queue.room * QUEUE_ENTRY_BYTES);
        if (group->backlog.room > 0)
            bytes += heap_block_bytes(group->backlog.room * QUEUE_ENTRY_BYTES);
        if (group->width > 0)
            bytes += heap_block_bytes(group->width * sizeof *group->rollups);
        for (uint32_t slot = 0; slot < group->width; slot++)
            bytes += rollup_bytes(&group->rollups[slot]);
        unlock(group);
    }
    return bytes;
}
