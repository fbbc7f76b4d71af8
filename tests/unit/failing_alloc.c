#include "tests/unit/failing_alloc.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
void *__real_mremap(void *old, size_t old_size, size_t size, int flags);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags);

static atomic_long left = -1; /* allocations until the failure; negative: not armed */
static atomic_bool failed;

void failing_alloc_arm(long n)
{
    failed = false;
    left = n;
}

bool failing_alloc_disarm(void)
{
    left = -1;
    return failed;
}

bool failing_alloc_is_due(void)
{
    if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return failing_alloc_is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return failing_alloc_is_due() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return failing_alloc_is_due() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return failing_alloc_is_due() ? NULL : __real_aligned_alloc(alignment, size);
}

void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
    if ((flags & MAP_NORESERVE) == 0 && failing_alloc_is_due())
        return MAP_FAILED;
    return __real_mmap(at, size, access, flags, fd, offset);
}

void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags)
{
    return failing_alloc_is_due() ? MAP_FAILED : __real_mremap(old, old_size, size, flags);
}
