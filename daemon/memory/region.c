#include "daemon/memory/region.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES (UNIT_BYTES / UNIT_PAGES)
#define MAPPING_BYTES ((size_t)256 << 20)
#define ASIDE_EXTRA (2 * REGION_BYTES) /* beside a quarter for runs that do not fit */
#define REGIONS_TRIED 16u              /* for a run, before a new region is begun */
#define PURGE_UNITS 64u                /* given back under one hold of the lock */

_Static_assert(sizeof(struct region) <= UNIT_BYTES, "a region is described by its first unit");

/* Address space never used, from here to end: of a mapping one page is written to
 * before its regions are begun, from the end on. */
struct unused {
    struct unused *next; /* of an older mapping */
    uint8_t *end;
};

static struct {
    pthread_mutex_t lock;
    struct unused *unused;
    size_t unused_bytes;
    struct region *open;  /* that have free units */
    struct region *empty; /* that have nothing but */
    size_t empty_count;
    size_t aside; /* bytes set aside */
    _Atomic(struct region *) all;
    atomic_size_t held;
    atomic_size_t idle;
} space = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void lock(void)
{
    int rc = pthread_mutex_lock(&space.lock);
    assert(rc == 0);
    (void)rc;
}

static void unlock(void)
{
    int rc = pthread_mutex_unlock(&space.lock);
    assert(rc == 0);
    (void)rc;
}

/* Maps size bytes, a multiple of REGION_BYTES, aligned to it; NULL if refused. */
static uint8_t *map_aligned(size_t size)
{
    uint8_t *mapped = mmap(NULL, size + REGION_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    size_t before = (REGION_BYTES - (uintptr_t)mapped % REGION_BYTES) % REGION_BYTES;
    if (before > 0)
        munmap(mapped, before);
    munmap(mapped + before + size, REGION_BYTES - before);
    madvise(mapped + before, size, MADV_NOHUGEPAGE); /* else pages would come by 512 */
    return mapped + before;
}

static size_t spare_bytes(void)
{
    return space.unused_bytes + space.empty_count * REGION_BYTES;
}

/* What must be spare so that all that was set aside can be had. */
static size_t spare_needed(size_t aside)
{
    return aside == 0 ? 0 : aside + aside / 4 + ASIDE_EXTRA;
}

static void list_remove(struct region **list, struct region *region)
{
    if (region->prev != NULL)
        region->prev->next = region->next;
    else
        *list = region->next;
    if (region->next != NULL)
        region->next->prev = region->prev;
    region->next = region->prev = NULL;
}

static void list_add(struct region **list, struct region *region)
{
    region->prev = NULL;
    region->next = *list;
    if (*list != NULL)
        (*list)->prev = region;
    *list = region;
}

/* The last region of the newest mapping that has unused ones, which there is. */
static struct region *take_unused(void)
{
    struct unused *unused = space.unused;
    unused->end -= REGION_BYTES;
    space.unused_bytes -= REGION_BYTES;
    struct region *region = (struct region *)(void *)unused->end;
    if ((void *)region == (void *)unused) {
        space.unused = unused->next;
        memset(unused, 0, sizeof *unused);
    }
    return region;
}

static struct region *begin_region(void)
{
    struct region *region = take_unused();
    memset(region->free, 0xff, sizeof region->free);
    region->free[0] &= ~UINT64_C(1);
    region->free_units = REGION_UNITS - 1;
    region->all_next = atomic_load(&space.all);
    atomic_store(&space.all, region);
    atomic_fetch_add(&space.held, UNIT_BYTES);
    return region;
}

/* More address space, at least that many bytes. */
static bool map_more(size_t wanted)
{
    size_t least = (wanted + REGION_BYTES - 1) & ~(REGION_BYTES - 1);
    size_t size = least > MAPPING_BYTES ? least : MAPPING_BYTES;
    uint8_t *mapped = map_aligned(size);
    while (mapped == NULL && size / 2 >= REGION_BYTES && size / 2 >= least) {
        size /= 2;
        mapped = map_aligned(size);
    }
    if (mapped == NULL)
        return false;
    struct unused *unused = (struct unused *)(void *)mapped;
    *unused = (struct unused){ space.unused, mapped + size };
    space.unused = unused;
    space.unused_bytes += size;
    return true;
}

/* The first of so many free units in a row, or 0. */
static unsigned find_run(const struct region *region, unsigned units)
{
    unsigned run = 0;
    if (region->free_units < units)
        return 0;
    for (unsigned unit = 1; unit < REGION_UNITS; unit++) {
        if ((region->free[unit / 64] >> (unit % 64) & 1) == 0)
            run = 0;
        else if (++run == units)
            return unit + 1 - units;
    }
    return 0;
}

static struct span *cut(struct region *region, unsigned first, unsigned units, unsigned arena)
{
    size_t idle = 0;
    for (unsigned unit = first; unit < first + units; unit++) {
        region->free[unit / 64] &= ~(UINT64_C(1) << (unit % 64));
        region->first_of[unit] = (uint8_t)first;
        idle += region->pages[unit];
    }
    atomic_fetch_sub(&space.idle, idle * PAGE_BYTES);
    region->free_units -= units;
    if (region->free_units == 0)
        list_remove(&space.open, region);
    struct span *span = &region->spans[first];
    memset(span, 0, sizeof *span);
    span->first = (uint8_t)first;
    span->units = (uint8_t)units;
    span->arena = (uint8_t)arena;
    return span;
}

/* A region with nothing in it, counted among the open; NULL without memory. */
static struct region *open_region(void)
{
    struct region *region = space.empty;
    if (region != NULL) {
        list_remove(&space.empty, region);
        space.empty_count--;
    } else {
        if (space.unused == NULL && !map_more(0))
            return NULL;
        region = begin_region();
    }
    list_add(&space.open, region);
    return region;
}

static struct span *take_locked(unsigned units, unsigned arena, bool draws)
{
    /* Who does not draw must leave enough for those who do. */
    if (!draws && spare_bytes() < spare_needed(space.aside) && !map_more(0))
        return NULL;
    unsigned tried = 0;
    for (struct region *region = space.open; region != NULL && tried < REGIONS_TRIED;
         region = region->next, tried++) {
        unsigned first = find_run(region, units);
        if (first != 0)
            return cut(region, first, units, arena);
    }
    if (!draws && space.aside > 0 && spare_bytes() < spare_needed(space.aside) + REGION_BYTES &&
        !map_more(0))
        return NULL;
    struct region *region = open_region();
    return region == NULL ? NULL : cut(region, 1, units, arena);
}

struct span *region_take(unsigned units, unsigned arena, bool draws)
{
    assert(units >= 1 && units < REGION_UNITS);
    lock();
    struct span *span = take_locked(units, arena, draws);
    unlock();
    return span;
}

void region_give(struct span *span)
{
    struct region *region = region_of(span);
    size_t idle = 0;
    lock();
    for (unsigned unit = span->first; unit < (unsigned)span->first + span->units; unit++) {
        region->free[unit / 64] |= UINT64_C(1) << (unit % 64);
        idle += region->pages[unit];
    }
    atomic_fetch_add(&space.idle, idle * PAGE_BYTES);
    if (region->free_units == 0)
        list_add(&space.open, region);
    region->free_units += span->units;
    if (region->free_units == REGION_UNITS - 1) {
        list_remove(&space.open, region);
        list_add(&space.empty, region);
        space.empty_count++;
    }
    unlock();
}

void region_touch(struct span *span, unsigned pages)
{
    struct region *region = region_of(span);
    size_t fresh = 0;
    for (unsigned page = span->pages; page < pages; page++) {
        uint8_t *held = &region->pages[span->first + page / UNIT_PAGES];
        if (*held > page % UNIT_PAGES)
            continue;
        *held = (uint8_t)(page % UNIT_PAGES + 1);
        fresh++;
    }
    span->pages = (uint16_t)pages;
    if (fresh > 0)
        atomic_fetch_add_explicit(&space.held, fresh * PAGE_BYTES, memory_order_relaxed);
}

static size_t huge_size(size_t size)
{
    return (UNIT_BYTES + size + REGION_BYTES - 1) & ~(REGION_BYTES - 1);
}

static size_t huge_held(size_t size)
{
    return UNIT_BYTES + ((size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1));
}

void *region_map_huge(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    struct region *region = (struct region *)(void *)map_aligned(huge_size(size));
    if (region == NULL)
        return NULL;
    region->huge_bytes = size;
    region->spans[0].block_bytes = UINT32_MAX; /* first_of is 0 throughout */
    atomic_fetch_add(&space.held, huge_held(size));
    return (uint8_t *)region + UNIT_BYTES;
}

void region_unmap_huge(struct region *region)
{
    size_t size = region->huge_bytes;
    atomic_fetch_sub(&space.held, huge_held(size));
    munmap(region, huge_size(size));
}

bool region_set_aside(size_t bytes)
{
    lock();
    bool done = bytes <= SIZE_MAX / 4 - space.aside;
    size_t needed = done ? spare_needed(space.aside + bytes) : 0;
    if (done && spare_bytes() < needed)
        done = map_more(needed - spare_bytes());
    if (done)
        space.aside += bytes;
    unlock();
    return done;
}

void region_put_back(size_t bytes)
{
    lock();
    assert(bytes <= space.aside);
    space.aside -= bytes;
    unlock();
}

/* Gives back what is held of the region's free units; how many pages, and how
 * many units that took. */
static size_t purge_region(struct region *region, unsigned *units)
{
    size_t pages = 0;
    for (unsigned unit = 1; unit < REGION_UNITS && *units < PURGE_UNITS; unit++) {
        if ((region->free[unit / 64] >> (unit % 64) & 1) == 0 || region->pages[unit] == 0)
            continue;
        madvise((uint8_t *)region + (size_t)unit * UNIT_BYTES, region->pages[unit] * PAGE_BYTES,
                MADV_DONTNEED);
        pages += region->pages[unit];
        region->pages[unit] = 0;
        ++*units;
    }
    return pages;
}

void region_purge(size_t keep_bytes)
{
    for (struct region *region = region_first(); region != NULL;) {
        if (atomic_load(&space.idle) <= keep_bytes)
            break;
        unsigned units = 0;
        lock();
        size_t bytes = purge_region(region, &units) * PAGE_BYTES;
        atomic_fetch_sub(&space.idle, bytes);
        atomic_fetch_sub(&space.held, bytes);
        unlock();
        if (units < PURGE_UNITS)
            region = region->all_next;
    }
}

size_t region_held_bytes(void)
{
    return atomic_load_explicit(&space.held, memory_order_relaxed);
}

size_t region_idle_bytes(void)
{
    return atomic_load_explicit(&space.idle, memory_order_relaxed);
}

struct region *region_first(void)
{
    return atomic_load(&space.all);
}

unsigned region_spans(struct region *region, unsigned arena, struct span *spans[REGION_UNITS])
{
    unsigned count = 0;
    lock();
    for (unsigned unit = 1; unit < REGION_UNITS;) {
        struct span *span = &region->spans[unit];
        if (region->free[unit / 64] >> (unit % 64) & 1) {
            unit++;
            continue;
        }
        if (span->arena == arena)
            spans[count++] = span;
        unit += span->units;
    }
    unlock();
    return count;
}
