#include "daemon/table/admit.h"

#include "daemon/memory/budget.h"
#include "daemon/memory/heap.h"
#include "daemon/sketch/need.h"

#define INDEX_BYTES ((size_t)2 * 4352) /* a segment splits in two */
#define ORDER_BYTES 2048u              /* a leaf, and its place in the list */
#define CHUNK_BYTES ((size_t)2 * POOL_CHUNK_UNITS * POOL_UNIT_BYTES)
#define LISTS_BYTES 32u /* a leaf or a place in the directory, when their lists double */
#define PAGE_BYTES 4096u
#define KEY_BYTES 32u   /* of both indices, with what they hold for more */
#define INDEX_KEYS 224u /* that come to a segment before it splits again */
#define LEAF_KEYS 42u   /* likewise */

size_t admit_row_bytes(size_t key_len, const struct slot_mask *slots, unsigned width)
{
    struct row_layout layout;
    row_layout_plan(&layout, slots, width);
    return pool_block_bytes(row_layout_bytes(&layout, key_len));
}

enum status admit_refuse(struct table *table, struct error *err)
{
    char name[NAME_MAX_BYTES + 1];
    table_copy_name(table, name);
    memory_count_refusal();
    return error_set(err, ST_RESOURCE_EXHAUSTED,
                     "max_memory is reached: nothing of it was done to table '%s'", name);
}

enum status admit_reserve(struct table *table, const struct admit_need *need, struct error *err)
{
    if (memory_reserve(need->likely, need->most, sketch_block_max(&table->shape)))
        return ST_OK;
    return admit_refuse(table, err);
}

enum status admit_claim(struct table *table, size_t bytes, struct error *err)
{
    return memory_claim(bytes) ? ST_OK : admit_refuse(table, err);
}

void admit_release(struct table *table, const struct admit_need *need)
{
    memory_release(need->likely, need->most, sketch_block_max(&table->shape));
}

/* The slots of a batch's row that there are columns for. */
static struct slot_mask row_slots(const struct batch *batch, const struct batch_row *row,
                                  const struct column_set *columns)
{
    struct slot_mask slots = { { 0 } };
    for (uint32_t i = 0; i < row->cell_count; i++) {
        uint16_t slot = columns->slots[batch->cells[row->first_cell + i].column];
        if (slot != SLOT_NONE)
            slot_mask_set(&slots, slot);
    }
    return slots;
}

/* Bytes that the batch cannot exceed, whatever its cells are by now. */
static size_t upper_bound(struct table *table, const struct batch *batch,
                          const struct apply_cursor *cursor)
{
    size_t widest = atomic_load(&table->schema.width) * sizeof(struct cell);
    size_t row = INDEX_BYTES + ORDER_BYTES + 2 * widest;
    return SHARD_COUNT * CHUNK_BYTES + batch->row_count * row + 2 * cursor->keys_bytes +
           cursor->cell_count * sketch_block_max(&table->shape);
}

/* What the rows of one shard need, which is locked. */
struct shard_need {
    size_t blocks;  /* bytes of cells */
    size_t rows;    /* bytes of rows, new and laid out anew */
    uint32_t added; /* rows */
};

static void count_row(struct table *table, struct shard *shard, const struct batch *batch,
                      const struct batch_row *from, const struct column_set *columns,
                      struct shard_need *need)
{
    static const struct cell empty = { 0 };
    struct placed_key placed = { { from->key, from->key_len }, from->key_hash };
    const struct row *row = shard_find(shard, &placed);
    struct slot_mask slots = row_slots(batch, from, columns);
    bool is_placed = row != NULL;
    if (slot_mask_next(&slots, 0) >= SLOTS_MAX)
        return;
    for (uint32_t i = 0; i < from->cell_count; i++) {
        const struct batch_cell *values = &batch->cells[from->first_cell + i];
        uint16_t slot = columns->slots[values->column];
        const struct cell *cell = row == NULL || slot == SLOT_NONE ? NULL : row_cell(row, slot);
        if (slot == SLOT_NONE)
            continue;
        is_placed = is_placed && cell != NULL;
        need->blocks +=
            cell_need(cell != NULL ? cell : &empty, &table->shape, values->hashes, values->n);
    }
    if (is_placed)
        return;
    if (row != NULL)
        row_used_slots(row, &slots);
    need->added += row == NULL;
    need->rows += admit_row_bytes(from->key_len, &slots, atomic_load(&table->schema.width));
}

static size_t fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Adds that, with what the shard's indices and pool grow by for it. Keys are
 * spread at random, so that few of a shard's segments and leaves fill up at once,
 * though each may. */
static void add_shard(const struct shard *shard, const struct shard_need *need,
                      struct admit_need *sum)
{
    size_t n = need->added;
    bool grows = need->rows > (size_t)(shard->rows.end - shard->rows.next) * POOL_UNIT_BYTES;
    sum->likely += need->blocks;
    sum->most += need->blocks;
    if (grows) {
        sum->likely += need->rows + PAGE_BYTES;
        sum->most += CHUNK_BYTES + need->rows + need->rows / 2;
    }
    if (n > 0) {
        sum->likely += n * KEY_BYTES;
        sum->most += (fewer(n, shard->index.segment_count) + n / INDEX_KEYS + 1) * INDEX_BYTES;
        sum->most += (fewer(n, shard->order.count) + n / LEAF_KEYS + 1) * ORDER_BYTES;
        sum->most += LISTS_BYTES * ((size_t)shard->order.room + ((size_t)1 << shard->index.depth));
    }
}

/* Counts the rows of one shard from *next on, and moves *next past them. */
static void count_shard(struct table *table, const struct batch *batch,
                        const struct column_set *columns, uint32_t *next, struct admit_need *sum)
{
    uint32_t number = batch->rows[*next].shard;
    struct shard *shard = shard_set_get(&table->shards, number);
    struct shard_need need = { 0, 0, 0 };
    for (; *next < batch->row_count && batch->rows[*next].shard == number; ++*next)
        count_row(table, shard, batch, &batch->rows[*next], columns, &need);
    add_shard(shard, &need, sum);
}

_Static_assert(SHARD_COUNT <= 64, "a batch's shards are bits of 64");

static bool has_shard(const struct apply_cursor *cursor, uint32_t number)
{
    return cursor->shards >> number & 1;
}

/* Calls what for the batch's shards, in order. */
static void each_shard(struct table *table, const struct apply_cursor *cursor,
                       void (*what)(struct shard *shard))
{
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        if (has_shard(cursor, i))
            what(shard_set_get(&table->shards, i));
    }
}

static void lock_for_ingest(struct shard *shard)
{
    shard_lock(shard, HOLD_INGEST);
}

static bool make_shards(struct table *table, const struct apply_cursor *cursor)
{
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        if (has_shard(cursor, i) && shard_set_make(&table->shards, i) == NULL)
            return false;
    }
    return true;
}

/* Near the limit: with all its shards locked, the batch is counted and applied in
 * one go, or refused. */
static enum status apply_locked(struct table *table, struct batch *batch,
                                struct column_set *columns, struct apply_cursor *cursor,
                                struct error *err)
{
    enum status status = ST_OK;
    bool done = false;
    each_shard(table, cursor, lock_for_ingest);
    schema_refresh(&table->schema, columns);
    struct admit_need need = { 0, 0 };
    for (uint32_t next = 0; next < batch->row_count;)
        count_shard(table, batch, columns, &next, &need);
    if (need.most > 0)
        status = admit_reserve(table, &need, err);
    if (status == ST_OK) {
        cursor->is_locked = true;
        cursor->draws = need.most > 0;
        while (status == ST_OK && !done)
            status = table_apply(table, batch, columns, cursor, TABLE_LOCK_VALUES, &done);
        cursor->is_locked = false;
        cursor->draws = false;
        if (need.most > 0)
            admit_release(table, &need);
    }
    each_shard(table, cursor, shard_unlock);
    return status;
}

enum status table_admit(struct table *table, struct batch *batch, struct column_set *columns,
                        struct apply_cursor *cursor, struct error *err)
{
    if (!cursor->is_placed)
        table_place(table, batch, cursor);
    if (!make_shards(table, cursor))
        return admit_refuse(table, err);
    size_t bytes = upper_bound(table, batch, cursor);
    if (!memory_reserve(bytes, bytes, sketch_block_max(&table->shape)))
        return apply_locked(table, batch, columns, cursor, err);
    cursor->reserved_bytes = bytes;
    cursor->draws = true;
    return ST_OK;
}

void table_release(struct table *table, struct apply_cursor *cursor)
{
    if (cursor->reserved_bytes > 0)
        memory_release(cursor->reserved_bytes, cursor->reserved_bytes,
                       sketch_block_max(&table->shape));
    cursor->reserved_bytes = 0;
    cursor->draws = false;
}

/* Of one cell that is merged into a row, the row included. */
static size_t merge_bound(struct table *table)
{
    size_t widest = atomic_load(&table->schema.width) * sizeof(struct cell);
    return sketch_block_max(&table->shape) + INDEX_BYTES + ORDER_BYTES + 2 * widest;
}

enum status table_reserve_cells(struct table *table, size_t cells, size_t keys_len,
                                size_t *reserved, struct error *err)
{
    /* One merge at a time has lists of both sides' tokens beside its result. */
    size_t once = SHARD_COUNT * CHUNK_BYTES + 4 * sketch_block_max(&table->shape);
    size_t bytes = once + cells * merge_bound(table) + 2 * keys_len;
    struct admit_need need = { bytes, bytes };
    enum status status = admit_reserve(table, &need, err);
    if (status == ST_OK)
        *reserved = bytes;
    heap_draw(status == ST_OK);
    return status;
}

void table_unreserve_cells(struct table *table, size_t reserved)
{
    struct admit_need need = { reserved, reserved };
    heap_draw(false);
    admit_release(table, &need);
}

enum status table_claim_cell(struct table *table, size_t *claimed, struct error *err)
{
    *claimed = 3 * sketch_block_max(&table->shape); /* its registers on the way, too */
    return admit_claim(table, *claimed, err);
}

void table_unclaim(size_t claimed)
{
    memory_unclaim(claimed);
}
