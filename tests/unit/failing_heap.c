/* The heap's part of failing_alloc.h. What was set aside for a thread is its own:
 * that does not fail. */
#include "daemon/memory/heap.h"
#include "tests/unit/failing_alloc.h"

void *__real_heap_alloc(size_t size);
void *__real_heap_alloc_zeroed(size_t size);
void *__real_heap_alloc_untouched(size_t size);
void *__real_heap_realloc(void *block, size_t size);
void *__wrap_heap_alloc(size_t size);
void *__wrap_heap_alloc_zeroed(size_t size);
void *__wrap_heap_alloc_untouched(size_t size);
void *__wrap_heap_realloc(void *block, size_t size);

static bool fails_now(void)
{
    return !heap_draws() && failing_alloc_is_due();
}

void *__wrap_heap_alloc(size_t size)
{
    return fails_now() ? NULL : __real_heap_alloc(size);
}

void *__wrap_heap_alloc_zeroed(size_t size)
{
    return fails_now() ? NULL : __real_heap_alloc_zeroed(size);
}

void *__wrap_heap_alloc_untouched(size_t size)
{
    return fails_now() ? NULL : __real_heap_alloc_untouched(size);
}

void *__wrap_heap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_heap_realloc(block, size);
}
