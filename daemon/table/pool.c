#include "daemon/table/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/memory/heap.h"

#define FIRST_UNITS 32u /* of the first chunk at first */
#define CHUNKS_MAX (1u << (32 - POOL_CHUNK_BITS))

/* Sizes in units: every one to 32, every fourth to 128, every 32nd to 672. */
#define FINE_MAX 32u
#define MIDDLE_MAX 128u
#define MIDDLE_STEP 4u
#define COARSE_STEP 32u
#define MIDDLE_FIRST FINE_MAX
#define COARSE_FIRST (MIDDLE_FIRST + (MIDDLE_MAX - FINE_MAX) / MIDDLE_STEP)

/* What a free block holds. */
struct free_block {
    uint32_t units; /* top bit clear: free */
    uint32_t next;
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
    return class_of((uint32_t)((size + POOL_UNIT_BYTES - 1) / POOL_UNIT_BYTES));
}

size_t pool_block_bytes(size_t size)
{
    return (size_t)class_units(class_for(size)) * POOL_UNIT_BYTES;
}

void pool_init(struct pool *pool)
{
    memset(pool, 0, sizeof *pool);
    pool->next = 1; /* 0 names no block */
}

void pool_release(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk_count; i++)
        heap_free(pool->chunks[i]);
    heap_free(pool->chunks);
    pool_init(pool);
}

static void push(struct pool *pool, unsigned class, uint32_t ref)
{
    struct free_block *block = pool_at(pool, ref);
    block->units = class_units(class);
    block->next = pool->free_heads[class];
    pool->free_heads[class] = ref;
}

static uint32_t pop(struct pool *pool, unsigned class)
{
    uint32_t ref = pool->free_heads[class];
    const struct free_block *block = pool_at(pool, ref);
    pool->free_heads[class] = block->next;
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

/* The first unit of the last chunk. */
static uint32_t last_base(const struct pool *pool)
{
    return (pool->chunk_count - 1) * POOL_CHUNK_UNITS;
}

static size_t chunk_bytes(uint32_t units)
{
    return (size_t)units * POOL_UNIT_BYTES;
}

/* Counts the memory up to a unit as in use. */
static void touch(struct pool *pool, uint32_t end)
{
    uint8_t *chunk = pool->chunks[pool->chunk_count - 1];
    uint32_t base = last_base(pool);
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

/* Another chunk, of full size; of the last one what is left goes to the lists. */
static bool add_chunk(struct pool *pool)
{
    if (pool->chunk_count == CHUNKS_MAX || !list_room(pool))
        return false;
    uint8_t *chunk = heap_alloc_untouched(chunk_bytes(POOL_CHUNK_UNITS));
    if (chunk == NULL)
        return false;
    if (pool->touched < pool->end)
        touch(pool, pool->end);
    push_run(pool, pool->next, pool->end - pool->next);
    pool->chunks[pool->chunk_count++] = chunk;
    pool->next = pool->touched = last_base(pool);
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

size_t pool_free_bytes(const struct pool *pool)
{
    size_t bytes = 0;
    for (unsigned class = 0; class < POOL_CLASSES; class ++) {
        for (uint32_t ref = pool->free_heads[class]; ref != 0;) {
            const struct free_block *block = pool_at(pool, ref);
            bytes += (size_t)block->units * POOL_UNIT_BYTES;
            ref = block->next;
        }
    }
    return bytes;
}
