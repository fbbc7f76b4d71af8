#include "daemon/memory/heap.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "daemon/memory/heap_impl.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(address, size) __asan_poison_memory_region(address, size)
#define UNPOISON(address, size) __asan_unpoison_memory_region(address, size)
#else
#define POISON(address, size) ((void)(address), (void)(size))
#define UNPOISON(address, size) ((void)(address), (void)(size))
#endif

#define PAGE_BYTES (UNIT_BYTES / UNIT_PAGES)
#define ARENA_NONE UINT_MAX
#define SINGLE_BYTES_MAX ((REGION_UNITS - 1) * UNIT_BYTES)

struct arena heap_arenas[ARENAS] = {
#define ARENA                                                                                      \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                          \
    }
    ARENA, ARENA, ARENA, ARENA, ARENA, ARENA, ARENA, ARENA,
#undef ARENA
};

static atomic_size_t single_bytes; /* of blocks with spans or mappings of their own */
static atomic_uint threads;        /* that have asked for an arena */

/* What each thread knows of itself. */
static _Thread_local struct {
    size_t bytes;   /* taken, less given back, modulo 2^64 */
    unsigned arena; /* ARENA_NONE: not yet given */
    bool draws;
} self = { .arena = ARENA_NONE };

void arena_lock(struct arena *arena)
{
    int rc = pthread_mutex_lock(&arena->lock);
    assert(rc == 0);
    (void)rc;
}

void arena_unlock(struct arena *arena)
{
    int rc = pthread_mutex_unlock(&arena->lock);
    assert(rc == 0);
    (void)rc;
}

static unsigned arena_number(void)
{
    if (self.arena == ARENA_NONE)
        self.arena = atomic_fetch_add(&threads, 1) % ARENAS;
    return self.arena;
}

void arena_unlist(struct arena *arena, struct span *span)
{
    if (span->prev != NULL)
        span->prev->next = span->next;
    else
        arena->partial[span->class] = span->next;
    if (span->next != NULL)
        span->next->prev = span->prev;
    span->next = span->prev = NULL;
    span->is_listed = false;
}

void arena_list(struct arena *arena, struct span *span)
{
    span->prev = NULL;
    span->next = arena->partial[span->class];
    if (span->next != NULL)
        span->next->prev = span;
    arena->partial[span->class] = span;
    span->is_listed = true;
}

static struct span *new_span(unsigned arena, unsigned class, size_t block_bytes, unsigned units)
{
    struct span *span = region_take(units, arena, self.draws);
    if (span == NULL)
        return NULL;
    span->class = (uint16_t) class;
    span->block_bytes = (uint32_t)block_bytes;
    span->blocks = (uint16_t)(class == CLASS_SINGLE ? 1u : units * UNIT_BYTES / block_bytes);
    span->free_head = SPAN_NO_BLOCK;
    POISON(span_start(span), units * UNIT_BYTES);
    return span;
}

/* Counts the pages of a span up to an offset. */
static void touch_span(struct span *span, size_t end)
{
    unsigned pages = (unsigned)((end + PAGE_BYTES - 1) / PAGE_BYTES);
    if (pages > span->pages)
        region_touch(span, pages);
}

/* Takes a block of a span that has one. */
static void *take_block(struct span *span, bool touches)
{
    uint8_t *start = span_start(span);
    uint8_t *block;
    if (span->free_head != SPAN_NO_BLOCK) {
        block = start + (size_t)span->free_head * CLASS_STEP_BYTES;
        UNPOISON(block, sizeof span->free_head);
        memcpy(&span->free_head, block, sizeof span->free_head);
    } else {
        block = start + (size_t)span->carved * span->block_bytes;
        span->carved++;
        if (touches)
            touch_span(span, (size_t)span->carved * span->block_bytes);
    }
    span->live++;
    return block;
}

static void *map_single(size_t size)
{
    if (size > SINGLE_BYTES_MAX)
        return region_map_huge(size);
    unsigned units = (unsigned)((size + UNIT_BYTES - 1) / UNIT_BYTES);
    unsigned number = arena_number();
    arena_lock(&heap_arenas[number]);
    struct span *span = new_span(number, CLASS_SINGLE, size, units);
    void *block = span == NULL ? NULL : take_block(span, true);
    arena_unlock(&heap_arenas[number]);
    return block;
}

static void *alloc_single(size_t size)
{
    void *block = map_single(size);
    if (block != NULL) {
        atomic_fetch_add_explicit(&single_bytes, size, memory_order_relaxed);
        self.bytes += size;
    }
    return block;
}

static void count_single_freed(size_t size)
{
    atomic_fetch_sub_explicit(&single_bytes, size, memory_order_relaxed);
    self.bytes -= size;
}

/* Counts what is in use of an arena, which is locked: nobody else writes. */
static void count_used(struct arena *arena, size_t more)
{
    size_t used = atomic_load_explicit(&arena->used_bytes, memory_order_relaxed);
    atomic_store_explicit(&arena->used_bytes, used + more, memory_order_relaxed);
    self.bytes += more;
}

static void *alloc_of_class(unsigned class, bool touches)
{
    unsigned number = arena_number();
    struct arena *arena = &heap_arenas[number];
    void *block = NULL;
    arena_lock(arena);
    struct span *span = arena->partial[class];
    if (span == NULL) {
        size_t bytes = class_bytes(class);
        span = new_span(number, class, bytes, span_units(bytes));
        if (span != NULL) {
            arena_list(arena, span);
            arena->room[class] += span->blocks;
        }
    }
    if (span != NULL) {
        block = take_block(span, touches);
        arena->room[class]--;
        if (!span_has_room(span))
            arena_unlist(arena, span);
        count_used(arena, span->block_bytes);
    }
    arena_unlock(arena);
    return block;
}

void *heap_alloc(size_t size)
{
    assert(size > 0);
    void *block =
        size <= CLASS_BYTES_MAX ? alloc_of_class(class_of_size(size), true) : alloc_single(size);
    if (block != NULL)
        UNPOISON(block, size);
    return block;
}

void *heap_alloc_zeroed(size_t size)
{
    void *block = heap_alloc(size);
    return block == NULL ? NULL : memset(block, 0, size);
}

void *heap_alloc_untouched(size_t size)
{
    assert(size % UNIT_BYTES == 0 && size <= HEAP_UNTOUCHED_MAX);
    void *block = alloc_of_class(class_of_size(size), false);
    if (block != NULL)
        UNPOISON(block, size);
    return block;
}

size_t heap_touch(void *block, size_t end)
{
    struct span *span = span_of(block);
    struct arena *arena = &heap_arenas[span->arena];
    arena_lock(arena);
    touch_span(span, end);
    arena_unlock(arena);
    return (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

static void put_block(struct span *span, void *block)
{
    UNPOISON(block, span->block_bytes);
    memcpy(block, &span->free_head, sizeof span->free_head);
    span->free_head = (uint16_t)(((uint8_t *)block - span_start(span)) / CLASS_STEP_BYTES);
    POISON(block, span->block_bytes);
}

/* The span, of the arena that is locked, has nothing in it any more. */
static void retire(struct arena *arena, struct span *span)
{
    if (span->class != CLASS_SINGLE && !span->is_leaving)
        arena->room[span->class] -= span->blocks;
    if (span->is_listed)
        arena_unlist(arena, span);
    UNPOISON(span_start(span), span->units * UNIT_BYTES);
    region_give(span);
}

void heap_free(void *block)
{
    if (block == NULL)
        return;
    struct region *region = region_of(block);
    if (region->huge_bytes > 0) {
        count_single_freed(region->huge_bytes);
        region_unmap_huge(region);
        return;
    }
    struct span *span = span_of(block);
    struct arena *arena = &heap_arenas[span->arena];
    arena_lock(arena);
    if (span->class == CLASS_SINGLE)
        count_single_freed(span->block_bytes);
    else
        count_used(arena, (size_t)0 - span->block_bytes);
    put_block(span, block);
    span->live--;
    if (span->class != CLASS_SINGLE)
        arena->room[span->class]++;
    if (span->live == 0)
        retire(arena, span);
    else if (!span->is_listed && !span->is_leaving)
        arena_list(arena, span);
    arena_unlock(arena);
}

/* What the block has room for. */
static size_t block_room(const void *block)
{
    size_t huge = region_of(block)->huge_bytes;
    return huge > 0 ? huge : span_of(block)->block_bytes;
}

static void *copy_block(void *block, size_t room, size_t size)
{
    void *copy = heap_alloc(size);
    if (copy == NULL)
        return NULL;
    UNPOISON(block, room);
    memcpy(copy, block, room < size ? room : size);
    heap_free(block);
    return copy;
}

void *heap_realloc(void *block, size_t size)
{
    if (block == NULL)
        return heap_alloc(size);
    size_t room = block_room(block);
    if (heap_block_bytes(size) != room)
        return copy_block(block, room, size);
    UNPOISON(block, room);
    return block;
}

size_t heap_block_bytes(size_t size)
{
    return size <= CLASS_BYTES_MAX ? class_bytes(class_of_size(size)) : size;
}

size_t heap_held_bytes(void)
{
    return region_held_bytes();
}

size_t heap_used_bytes(void)
{
    size_t bytes = atomic_load_explicit(&single_bytes, memory_order_relaxed);
    for (unsigned i = 0; i < ARENAS; i++)
        bytes += atomic_load_explicit(&heap_arenas[i].used_bytes, memory_order_relaxed);
    return bytes;
}

size_t heap_thread_bytes(void)
{
    return self.bytes;
}

bool heap_set_aside(size_t bytes)
{
    return region_set_aside(bytes);
}

void heap_put_back(size_t bytes)
{
    region_put_back(bytes);
}

void heap_draw(bool draws)
{
    self.draws = draws;
}

bool heap_draws(void)
{
    return self.draws;
}

bool heap_should_move(const void *block)
{
    return region_of(block)->huge_bytes == 0 &&
           atomic_load_explicit(&span_of(block)->is_leaving, memory_order_relaxed);
}

void *heap_move(void *block)
{
    void *copy = copy_block(block, block_room(block), block_room(block));
    return copy == NULL ? block : copy;
}

size_t heap_idle_bytes(void)
{
    return region_idle_bytes();
}

void heap_purge(size_t keep_bytes)
{
    region_purge(keep_bytes);
}
