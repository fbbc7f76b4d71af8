/* heap.h upon malloc(), in place of the daemon's heap, so that bench_rounds shows what
 * another allocator makes of the same tables: the C library's, or one that
 * $LD_PRELOAD names. Blocks do not move, and nothing is set aside or counted. */
#include <malloc.h>
#include <stdlib.h>

#include "daemon/memory/heap.h"

void *heap_alloc(size_t size)
{
    return malloc(size);
}

void *heap_alloc_zeroed(size_t size)
{
    return calloc(1, size);
}

void *heap_alloc_untouched(size_t size)
{
    return malloc(size);
}

size_t heap_touch(void *block, size_t end)
{
    (void)block;
    return (end + 4095) & ~(size_t)4095;
}

void *heap_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

void heap_free(void *block)
{
    free(block);
}

size_t heap_block_bytes(size_t size)
{
    return size;
}

size_t heap_held_bytes(void)
{
    return 0;
}

size_t heap_idle_bytes(void)
{
    return 0;
}

size_t heap_used_bytes(void)
{
    return 0;
}

size_t heap_thread_bytes(void)
{
    return 0;
}

bool heap_set_aside(size_t bytes)
{
    (void)bytes;
    return true;
}

void heap_put_back(size_t bytes)
{
    (void)bytes;
}

size_t heap_span_bytes(size_t block_max)
{
    (void)block_max;
    return 0;
}

void heap_draw(bool draws)
{
    (void)draws;
}

bool heap_draws(void)
{
    return false;
}

size_t heap_compact(void)
{
    return 0;
}

bool heap_should_move(const void *block)
{
    (void)block;
    return false;
}

void *heap_move(void *block)
{
    return block;
}

/* The C library gives back when it is asked; others when they see fit. */
void heap_purge(size_t keep_bytes)
{
    malloc_trim(keep_bytes);
}
