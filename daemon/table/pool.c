#include "daemon/table/pool.h"

#include <assert.h>
#include <string.h>

#include "daemon/memory/heap.h"

#define FIRST_UNITS 32u /* of the first chunk at first */
#define CHUNKS_MAX ((1u << (32 - POOL_CHUNK_BITS)) - 1)

/* Sizes in units: every one to 32, every fourth to 128, every 32nd to 672. */
#define FINE_MAX 32u
#define MIDDLE_MAX 128u
#define MIDDLE_STEP 4u
#define COARSE_STEP 32u
#define MIDDLE_FIRST FINE_MAX
#define COARSE_FIRST (MIDDLE_FIRST + (MIDDLE_MAX - FINE_MAX) / MIDDLE_STEP)

#define SPARSE_UNITS (POOL_CHUNK_UNITS / 4) /* free in a chunk that may be left */
#define LISTED_MIN 2u /* units of a free block that a list has place for; no block is smaller */

/* What a free block holds. */
struct free_block {
    uint32_t units; /* top bit clear: free */
    uint32_t next;
    uint32_t prev; /* 0: first of its list */
};

/* The smallest class whose blocks have that many units. */
static unsigned class_of(uint32_t units)
{
    if (units <= FINE_MAX)
        return units - 1;
    if (units <= MIDDLE_MAX)
        return MIDDLE_FIRST + (units - FINE_MAX - 1) / MIDDLE_STEP;
    return COARSE_FIRST + (units - MIDDLE_MAX - 1) / COARSE_STEP;
}

static uint32_t class_units(unsigned class)
{
    if (class < MIDDLE_FIRST)
        return class + 1;
    if (class < COARSE_FIRST)
        return FINE_MAX + (class - MIDDLE_FIRST + 1) * MIDDLE_STEP;
    return MIDDLE_MAX + (class - COARSE_FIRST + 1) * COARSE_STEP;
}

static unsigned class_for(size_t size)
{
    assert(size >= 1 && size <= POOL_BLOCK_MAX);
    uint32_t units = (uint32_t)((size + POOL_UNIT_BYTES - 1) / POOL_UNIT_BYTES);
    return class_of(units < LISTED_MIN ? LISTED_MIN : units);
}

size_t pool_block_bytes(size_t size)
{
    return (size_t)class_units(class_for(size)) * POOL_UNIT_BYTES;
}

void pool_init(struct pool *pool)
{
    memset(pool, 0, sizeof *pool);
    pool->next = 1; /* 0 names no block */
    pool->leaving = POOL_NO_CHUNK;
}

void pool_release(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk_count; i++)
        heap_free(pool->chunks[i]);
    heap_free(pool->chunks);
    pool_init(pool);
}

static uint32_t chunk_of(uint32_t ref)
{
    return ref >> POOL_CHUNK_BITS;
}

static void link_block(struct pool *pool, unsigned class, uint32_t ref)
{
    struct free_block *block = pool_at(pool, ref);
    uint32_t next = pool->free_heads[class];
    block->next = next;
    block->prev = 0;
    if (next != 0)
        ((struct free_block *)pool_at(pool, next))->prev = ref;
    pool->free_heads[class] = ref;
}

static void unlink_block(struct pool *pool, unsigned class, const struct free_block *block)
{
    if (block->prev != 0)
        ((struct free_block *)pool_at(pool, block->prev))->next = block->next;
    else
        pool->free_heads[class] = block->next;
    if (block->next != 0)
        ((struct free_block *)pool_at(pool, block->next))->prev = block->prev;
}

static void push(struct pool *pool, unsigned class, uint32_t ref)
{
    uint32_t units = class_units(class);
    ((struct free_block *)pool_at(pool, ref))->units = units;
    pool->free_units += units;
    if (units >= LISTED_MIN && chunk_of(ref) != pool->leaving)
        link_block(pool, class, ref);
}

static uint32_t pop(struct pool *pool, unsigned class)
{
    uint32_t ref = pool->free_heads[class];
    unlink_block(pool, class, pool_at(pool, ref));
    pool->free_units -= class_units(class);
    return ref;
}

/* Puts a run of units on the lists, in as few blocks as the classes allow. */
static void push_run(struct pool *pool, uint32_t ref, uint32_t units)
{
    while (units > 0) {
        unsigned class = POOL_CLASSES - 1;
        if (units < class_units(class)) {
            class = class_of(units);
            if (class_units(class) > units)
                class --;
        }
        push(pool, class, ref);
        ref += class_units(class);
        units -= class_units(class);
    }
}

/* Cuts a block of a larger class; 0 if there is none. */
static uint32_t cut_larger(struct pool *pool, unsigned class)
{
    for (unsigned larger = class + 1; larger < POOL_CLASSES; larger++) {
        if (pool->free_heads[larger] == 0)
            continue;
        uint32_t ref = pop(pool, larger);
        uint32_t units = class_units(class);
        push_run(pool, ref + units, class_units(larger) - units);
        return ref;
    }
    return 0;
}

static bool list_room(struct pool *pool)
{
    if (pool->chunk_count < pool->chunk_room)
        return true;
    uint32_t room = pool->chunk_room == 0 ? 1 : pool->chunk_room * 2;
    uint8_t **chunks = heap_realloc(pool->chunks, room * sizeof *chunks);
    if (chunks == NULL)
        return false;
    if (pool->chunk_room > 0)
        pool->held_bytes -= heap_block_bytes(pool->chunk_room * sizeof *chunks);
    pool->held_bytes += heap_block_bytes(room * sizeof *chunks);
    pool->chunks = chunks;
    pool->chunk_room = room;
    return true;
}

static uint32_t chunk_base(uint32_t chunk)
{
    return chunk * POOL_CHUNK_UNITS;
}

static size_t chunk_bytes(uint32_t units)
{
    return (size_t)units * POOL_UNIT_BYTES;
}

/* Counts the memory up to a unit as in use. */
static void touch(struct pool *pool, uint32_t end)
{
    uint8_t *chunk = pool->chunks[pool->open];
    uint32_t base = chunk_base(pool->open);
    size_t bytes = heap_touch(chunk, chunk_bytes(end - base));
    uint32_t touched = base + (uint32_t)(bytes / POOL_UNIT_BYTES);
    pool->held_bytes += chunk_bytes(touched - pool->touched);
    pool->touched = touched;
}

/* The first chunk, of few units. */
static bool add_first(struct pool *pool, uint32_t units)
{
    uint32_t size = FIRST_UNITS;
    while (size < units)
        size *= 2;
    if (!list_room(pool))
        return false;
    uint8_t *chunk = heap_alloc(chunk_bytes(size));
    if (chunk == NULL)
        return false;
    pool->chunks[pool->chunk_count++] = chunk;
    pool->end = pool->touched = size;
    pool->held_bytes += heap_block_bytes(chunk_bytes(size));
    return true;
}

/* Makes the first chunk, the only one, large enough for that many units in all. */
static bool grow_first(struct pool *pool, uint32_t units)
{
    uint32_t size = pool->end;
    while (size < units)
        size *= 2;
    uint8_t *chunk = heap_realloc(pool->chunks[0], chunk_bytes(size));
    if (chunk == NULL)
        return false;
    pool->held_bytes -= heap_block_bytes(chunk_bytes(pool->end));
    pool->held_bytes += heap_block_bytes(chunk_bytes(size));
    pool->chunks[0] = chunk;
    pool->end = pool->touched = size;
    return true;
}

/* The number of a chunk that is not there; CHUNKS_MAX: there are all. */
static uint32_t free_number(struct pool *pool)
{
    while (pool->gone_from < pool->chunk_count && pool->chunks[pool->gone_from] != NULL)
        pool->gone_from++;
    return pool->gone_from;
}

/* Another chunk, of full size; of the open one what is left goes to the lists. */
static bool add_chunk(struct pool *pool)
{
    uint32_t number = free_number(pool);
    if (number == CHUNKS_MAX || (number == pool->chunk_count && !list_room(pool)))
        return false;
    uint8_t *chunk = heap_alloc_untouched(chunk_bytes(POOL_CHUNK_UNITS));
    if (chunk == NULL)
        return false;
    if (pool->touched < pool->end)
        touch(pool, pool->end);
    push_run(pool, pool->next, pool->end - pool->next);
    pool->chunks[number] = chunk;
    if (number == pool->chunk_count)
        pool->chunk_count++;
    else
        pool->gone--;
    pool->open = number;
    pool->next = pool->touched = chunk_base(number);
    pool->end = pool->next + POOL_CHUNK_UNITS;
    return true;
}

static bool make_room(struct pool *pool, uint32_t units)
{
    if (pool->chunk_count == 0)
        return add_first(pool, units + 1);
    if (pool->next + units <= POOL_CHUNK_UNITS)
        return grow_first(pool, pool->next + units);
    if (pool->end < POOL_CHUNK_UNITS && !grow_first(pool, POOL_CHUNK_UNITS))
        return false;
    return add_chunk(pool);
}

uint32_t pool_alloc(struct pool *pool, size_t size)
{
    unsigned class = class_for(size);
    if (pool->free_heads[class] != 0)
        return pop(pool, class);
    uint32_t units = class_units(class);
    if (pool->end < units || pool->end - units < pool->next) {
        uint32_t ref = cut_larger(pool, class);
        if (ref != 0)
            return ref;
        if (!make_room(pool, units))
            return 0;
    }
    uint32_t ref = pool->next;
    pool->next += units;
    if (pool->next > pool->touched)
        touch(pool, pool->next);
    return ref;
}

void pool_free(struct pool *pool, uint32_t ref, size_t size)
{
    push(pool, class_for(size), ref);
}

bool pool_is_sparse(const struct pool *pool)
{
    uint32_t chunks = pool->chunk_count - pool->gone;
    return pool->free_units >= POOL_CHUNK_UNITS && pool->free_units / SPARSE_UNITS >= chunks;
}

static bool is_used(const struct pool *pool, uint32_t ref)
{
    return (*(const uint32_t *)pool_at(pool, ref) & POOL_BLOCK_USED) != 0;
}

/* The units of a block, in use or free. */
static uint32_t block_units(const struct pool *pool, uint32_t ref, pool_size_of *size_of)
{
    const void *block = pool_at(pool, ref);
    return is_used(pool, ref) ? class_units(class_for(size_of(block)))
                              : ((const struct free_block *)block)->units;
}

static uint32_t count_free(const struct pool *pool, uint32_t chunk, pool_size_of *size_of)
{
    uint32_t units = 0;
    for (uint32_t ref = chunk_base(chunk); ref < chunk_base(chunk + 1);) {
        uint32_t n = block_units(pool, ref, size_of);
        units += is_used(pool, ref) ? 0 : n;
        ref += n;
    }
    return units;
}

/* Takes the chunk's free blocks off the lists, or puts them there. */
static void list_chunk(struct pool *pool, uint32_t chunk, pool_size_of *size_of, bool listed)
{
    for (uint32_t ref = chunk_base(chunk); ref < chunk_base(chunk + 1);) {
        uint32_t units = block_units(pool, ref, size_of);
        bool is_listed = !is_used(pool, ref) && units >= LISTED_MIN;
        if (is_listed && listed)
            link_block(pool, class_of(units), ref);
        else if (is_listed)
            unlink_block(pool, class_of(units), pool_at(pool, ref));
        ref += units;
    }
}

bool pool_leave(struct pool *pool, uint32_t *chunk, uint32_t most, pool_size_of *size_of)
{
    assert(pool->leaving == POOL_NO_CHUNK);
    for (; *chunk < pool->chunk_count && most > 0; ++*chunk, most--) {
        if (*chunk == 0 || *chunk == pool->open || pool->chunks[*chunk] == NULL ||
            count_free(pool, *chunk, size_of) < SPARSE_UNITS)
            continue;
        list_chunk(pool, *chunk, size_of, false);
        pool->leaving = *chunk;
        pool->leaving_at = chunk_base(*chunk);
        ++*chunk;
        return true;
    }
    return false;
}

/* The chunk that is being left, of which nothing is used, goes. */
static void drop_chunk(struct pool *pool)
{
    uint32_t chunk = pool->leaving;
    heap_free(pool->chunks[chunk]);
    pool->chunks[chunk] = NULL;
    pool->held_bytes -= chunk_bytes(POOL_CHUNK_UNITS);
    pool->free_units -= POOL_CHUNK_UNITS;
    pool->gone++;
    if (chunk < pool->gone_from)
        pool->gone_from = chunk;
    pool->leaving = POOL_NO_CHUNK;
}

uint32_t pool_leave_next(struct pool *pool, pool_size_of *size_of)
{
    assert(pool->leaving != POOL_NO_CHUNK);
    while (pool->leaving_at < chunk_base(pool->leaving + 1)) {
        if (is_used(pool, pool->leaving_at))
            return pool->leaving_at;
        pool->leaving_at += block_units(pool, pool->leaving_at, size_of);
    }
    drop_chunk(pool);
    return 0;
}

void pool_stay(struct pool *pool, pool_size_of *size_of)
{
    uint32_t chunk = pool->leaving;
    assert(chunk != POOL_NO_CHUNK);
    pool->leaving = POOL_NO_CHUNK;
    list_chunk(pool, chunk, size_of, true);
}
