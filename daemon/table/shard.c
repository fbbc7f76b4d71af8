#include "daemon/table/shard.h"

#include <assert.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "daemon/memory/heap.h"

#define YIELD_NS_MAX 1000000u /* for others; then they have had their turn */

struct shard *shard_new(uint32_t number)
{
    struct shard *shard = heap_alloc_zeroed(sizeof *shard);
    if (shard == NULL)
        return NULL;
    if (pthread_mutex_init(&shard->lock, NULL) != 0) {
        heap_free(shard);
        return NULL;
    }
    shard->number = number;
    pool_init(&shard->rows);
    index_init(&shard->index);
    order_init(&shard->order);
    return shard;
}

static void release_cells(struct row *row)
{
    unsigned count = row_cell_count(row);
    struct cell *cells = row_cells(row);
    for (unsigned i = 0; i < count; i++)
        cell_release(&cells[i]);
}

void shard_free(struct shard *shard)
{
    if (shard == NULL)
        return;
    struct order_place place = { 0, 0 };
    for (uint32_t ref; (ref = order_next(&shard->order, &place)) != 0;)
        release_cells(pool_at(&shard->rows, ref));
    order_release(&shard->order);
    index_release(&shard->index);
    pool_release(&shard->rows);
    pthread_mutex_destroy(&shard->lock);
    heap_free(shard);
}

/* Just locked. */
static void begin_hold(struct shard *shard, enum hold_purpose purpose)
{
    bool is_short = purpose == HOLD_INGEST || purpose == HOLD_POINT;
    shard->held_for = purpose;
    shard->held_since = is_short && ++shard->holds % HOLD_SAMPLE != 0 ? 0 : holds_now();
}

void shard_lock(struct shard *shard, enum hold_purpose purpose)
{
    if (shard_try_lock(shard, purpose))
        return;
    uint64_t begun = holds_now();
    atomic_fetch_add_explicit(&shard->waiting, 1, memory_order_relaxed);
    int rc = pthread_mutex_lock(&shard->lock);
    atomic_fetch_sub_explicit(&shard->waiting, 1, memory_order_relaxed);
    assert(rc == 0);
    (void)rc;
    begin_hold(shard, purpose);
    holds_note_wait(begun);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void shard_lock_last(struct shard *shard, enum hold_purpose purpose)
{
    uint64_t until = 0;
    while (atomic_load_explicit(&shard->waiting, memory_order_relaxed) > 0) {
        uint64_t now = now_ns();
        until = until == 0 ? now + YIELD_NS_MAX : until;
        if (now >= until)
            break;
        sched_yield();
    }
    shard_lock(shard, purpose);
}

bool shard_try_lock(struct shard *shard, enum hold_purpose purpose)
{
    if (pthread_mutex_trylock(&shard->lock) != 0)
        return false;
    begin_hold(shard, purpose);
    return true;
}

void shard_unlock(struct shard *shard)
{
    if (shard->held_since != 0)
        holds_note(shard->held_for, shard->held_since);
    int rc = pthread_mutex_unlock(&shard->lock);
    assert(rc == 0);
    (void)rc;
}

/* The reference of the key's row, or 0, and where the index has it. */
static uint32_t find_ref(const struct shard *shard, const struct placed_key *placed,
                         struct index_probe *probe)
{
    uint32_t tag = (uint32_t)placed->hash;
    uint32_t ref = index_first(&shard->index, tag, probe);
    for (; ref != 0; ref = index_next(probe, tag)) {
        if (row_has_key(pool_at(&shard->rows, ref), placed->key.data, placed->key.len))
            break;
    }
    return ref;
}

uint32_t shard_find_ref(const struct shard *shard, const struct placed_key *placed)
{
    struct index_probe probe;
    return find_ref(shard, placed, &probe);
}

struct row *shard_find(const struct shard *shard, const struct placed_key *placed)
{
    uint32_t ref = shard_find_ref(shard, placed);
    return ref == 0 ? NULL : pool_at(&shard->rows, ref);
}

/* Under the lock, so that nobody else writes. */
static void count_keys(struct shard *shard, int more)
{
    uint64_t keys = shard_key_count(shard) + (uint64_t)(int64_t)more;
    atomic_store_explicit(&shard->keys, keys, memory_order_relaxed);
}

uint32_t shard_add(struct shard *shard, const struct placed_key *placed,
                   const struct slot_mask *slots, unsigned width)
{
    struct row_layout layout;
    row_layout_plan(&layout, slots, width);
    size_t size = row_layout_bytes(&layout, placed->key.len);
    uint32_t segments = shard->index.segment_count;
    if (!index_reserve(&shard->index, (uint32_t)placed->hash))
        return 0;
    uint32_t ref = pool_alloc(&shard->rows, size);
    if (ref == 0)
        return 0;
    if (shard->index.segment_count != segments)
        shard->held_for = HOLD_GROWTH;
    struct row *row = pool_at(&shard->rows, ref);
    row_init(row, &layout, placed->key);
    if (!order_insert(&shard->order, &shard->rows, ref)) {
        pool_free(&shard->rows, ref, size);
        return 0;
    }
    index_put(&shard->index, (uint32_t)placed->hash, ref);
    count_keys(shard, 1);
    return ref;
}

uint32_t shard_widen(struct shard *shard, const struct placed_key *placed,
                     const struct slot_mask *slots, unsigned width)
{
    struct index_probe probe;
    uint32_t was = find_ref(shard, placed, &probe);
    assert(was != 0);
    struct slot_mask all = *slots;
    row_used_slots(pool_at(&shard->rows, was), &all);
    struct row_layout layout;
    row_layout_plan(&layout, &all, width);
    uint32_t ref = pool_alloc(&shard->rows, row_layout_bytes(&layout, placed->key.len));
    if (ref == 0)
        return 0;
    struct row *old = pool_at(&shard->rows, was);
    struct row *row = pool_at(&shard->rows, ref);
    row_init(row, &layout, placed->key);
    row_move_cells(row, old);
    row->header |= old->header & ROW_TOLD;
    index_replace(&probe, ref);
    order_replace(&shard->order, &shard->rows, was, ref);
    pool_free(&shard->rows, was, row_bytes(old));
    return ref;
}

uint32_t shard_move(struct shard *shard, uint32_t was, uint64_t hash)
{
    struct index_probe probe = { 0 };
    size_t size = row_bytes(pool_at(&shard->rows, was));
    uint32_t ref = pool_alloc(&shard->rows, size);
    if (ref == 0)
        return 0;
    memcpy(pool_at(&shard->rows, ref), pool_at(&shard->rows, was), size);
    uint32_t found = index_first(&shard->index, (uint32_t)hash, &probe);
    while (found != was) {
        assert(found != 0);
        found = index_next(&probe, (uint32_t)hash);
    }
    index_replace(&probe, ref);
    order_replace(&shard->order, &shard->rows, was, ref);
    pool_free(&shard->rows, was, size);
    return ref;
}

void shard_remove(struct shard *shard, struct row *row, uint64_t hash)
{
    struct placed_key placed = { row_key(row), hash };
    struct index_probe probe;
    uint32_t ref = find_ref(shard, &placed, &probe);
    assert(ref != 0 && pool_at(&shard->rows, ref) == (void *)row);
    unsigned count = row_cell_count(row);
    struct cell *cells = row_cells(row);
    for (unsigned i = 0; i < count; i++)
        shard_cell_release(shard, &cells[i]);
    order_remove(&shard->order, &shard->rows, ref);
    index_remove(&probe);
    pool_free(&shard->rows, ref, row_bytes(row));
    count_keys(shard, -1);
}

void shard_trim(struct shard *shard)
{
    if (shard_key_count(shard) > 0)
        return;
    order_release(&shard->order);
    index_release(&shard->index);
    pool_release(&shard->rows);
}

/* What a cell counts for in the shard's usage. */
struct counted {
    enum cell_state state;
    size_t bytes;
};

static inline struct counted counted_of(const struct cell *cell)
{
    enum cell_state state = cell_state(cell);
    return (struct counted){ state, state <= CELL_INLINE ? 0 : cell_bytes(cell) };
}

/* Takes the cell out as it was and in as it is; empty ones count under
 * CELL_EMPTY, which nobody reads. */
static inline void recount(struct shard *shard, struct counted was, struct counted is)
{
    shard->cells[was.state]--;
    shard->cell_bytes[was.state] -= was.bytes;
    shard->cells[is.state]++;
    shard->cell_bytes[is.state] += is.bytes;
}

/* Counts a cell that went on to another form, of which `more` bytes came from the
 * heap meanwhile. */
static void recount_form(struct shard *shard, enum cell_state was, const struct cell *cell,
                         size_t more)
{
    struct counted is = counted_of(cell);
    recount(shard, (struct counted){ was, is.bytes - more }, is);
}

enum status shard_cell_add(struct shard *shard, struct cell *cell, const struct sketch_shape *shape,
                           const void *hashes, size_t n, uint32_t *codes, size_t *changed)
{
    enum cell_state state = cell_state(cell);
    size_t held = heap_thread_bytes();
    enum status status = cell_add_told(cell, shape, hashes, n, codes, changed);
    size_t more = heap_thread_bytes() - held;
    if (cell_state(cell) == state)
        shard->cell_bytes[state] += more;
    else
        recount_form(shard, state, cell, more);
    return status;
}

enum status shard_cell_merge(struct shard *shard, struct cell *cell, const struct cell *from,
                             const struct sketch_shape *shape, bool *changed)
{
    struct counted was = counted_of(cell);
    double value = cell_estimate(cell, shape).value;
    uint64_t digest = cell_digest(cell, shape);
    enum status status = cell_merge(cell, from, shape);
    struct counted is = counted_of(cell);
    recount(shard, was, is);
    *changed = is.state != was.state || cell_estimate(cell, shape).value != value ||
               cell_digest(cell, shape) != digest;
    return status;
}

enum status shard_cell_replay(struct shard *shard, struct cell *cell,
                              const struct sketch_shape *shape, const uint32_t *codes, size_t *n)
{
    struct counted was = counted_of(cell);
    enum status status = ST_OK;
    size_t applied = 0;
    while (applied < *n && (status = cell_replay(cell, shape, codes[applied])) == ST_OK)
        applied++;
    recount(shard, was, counted_of(cell));
    *n = applied;
    return status;
}

void shard_cell_adopt(struct shard *shard, struct cell *cell, struct cell *from)
{
    assert(cell->word == 0);
    *cell = *from;
    from->word = 0;
    recount(shard, (struct counted){ CELL_EMPTY, 0 }, counted_of(cell));
}

void shard_cell_release(struct shard *shard, struct cell *cell)
{
    if (cell->word == 0)
        return;
    recount(shard, counted_of(cell), (struct counted){ CELL_EMPTY, 0 });
    cell_release(cell);
}

bool shard_row_is_empty(const struct row *row)
{
    unsigned count = row_cell_count(row);
    const struct cell *cells = row_cells(row);
    for (unsigned i = 0; i < count; i++) {
        if (cells[i].word != 0)
            return false;
    }
    return true;
}

void shard_add_usage(const struct shard *shard, struct table_usage *usage)
{
    usage->keys += shard_key_count(shard);
    for (unsigned state = CELL_EMPTY + 1; state < CELL_STATE_COUNT; state++) {
        usage->cells[state] += shard->cells[state];
        usage->cell_bytes[state] += shard->cell_bytes[state];
    }
    usage->row_bytes += shard->rows.held_bytes;
    usage->index_bytes += shard->index.held_bytes + shard->order.held_bytes;
}
