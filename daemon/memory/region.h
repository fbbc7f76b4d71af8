/* region: address space for the heap, cut into units of 16 KiB.
 *
 * Regions of 4 MiB, aligned to their size, are cut from mappings of about 256 MiB;
 * the first unit of each describes the others, so that from a block's
 * address alone its span is found. A mapping costs one page until a region is begun. A span is a
 * run of units that one class of blocks is cut from. What is held is counted in pages that were
 * written to: a page counts from when it is first given out until it is given back, so the count is
 * what the kernel has resident for us.
 *
 * Address space can be set aside, so that a caller who draws on it later is
 * sure to get his units: whoever does not draw leaves that much alone.
 *
 * Thread safety: every function may be called from any thread. */
#ifndef CARDINAL_MEMORY_REGION_H
#define CARDINAL_MEMORY_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/memory/heap.h"

#define UNIT_BYTES HEAP_UNIT_BYTES
#define REGION_BYTES ((size_t)4 << 20)
#define REGION_UNITS ((unsigned)(REGION_BYTES / UNIT_BYTES))
#define UNIT_PAGES 4u
#define SPAN_NO_BLOCK UINT16_MAX

/* A run of units that blocks of one size are cut from; guarded by the lock of
 * the arena (heap.c) that it belongs to. */
struct span {
    struct span *next; /* among those of its class that have room */
    struct span *prev;
    uint32_t block_bytes;
    uint16_t blocks;    /* that it has room for */
    uint16_t live;      /* given out */
    uint16_t carved;    /* given out at some time: the first ones */
    uint16_t free_head; /* offset in steps of 16 bytes, or SPAN_NO_BLOCK */
    uint16_t pages;     /* written to: the first ones */
    uint16_t class;
    uint8_t units;
    uint8_t first; /* unit of its region */
    uint8_t arena;
    bool is_listed;
    atomic_bool is_leaving; /* its blocks are to be moved elsewhere; read without the lock */
};

struct region {
    struct region *next; /* among those with free units */
    struct region *prev;
    struct region *all_next; /* among all, never changes */
    size_t huge_bytes;       /* of a mapping that holds a single block, else 0 */
    uint64_t free[REGION_UNITS / 64];
    unsigned free_units;
    uint8_t first_of[REGION_UNITS];  /* a unit's span begins there */
    uint8_t pages[REGION_UNITS];     /* of a unit that are held: the first ones */
    struct span spans[REGION_UNITS]; /* by their first unit; block_bytes 0: none */
};

static inline struct region *region_of(const void *address)
{
    return (struct region *)((uintptr_t)address & ~(uintptr_t)(REGION_BYTES - 1));
}

static inline struct span *span_of(const void *block)
{
    struct region *region = region_of(block);
    unsigned unit = (unsigned)(((uintptr_t)block - (uintptr_t)region) / UNIT_BYTES);
    return &region->spans[region->first_of[unit]];
}

static inline uint8_t *span_start(const struct span *span)
{
    return (uint8_t *)region_of(span) + (size_t)span->first * UNIT_BYTES;
}

/* A span of that many units for an arena, zeroed but for that; NULL without
 * memory. draws: what was set aside may be taken. */
struct span *region_take(unsigned units, unsigned arena, bool draws);
void region_give(struct span *span);

/* The span's first pages are written to. */
void region_touch(struct span *span, unsigned pages);

/* A mapping of its own, for a block larger than a span; NULL without memory. */
void *region_map_huge(size_t size);
void region_unmap_huge(struct region *region);

/* Makes sure that address space for that many bytes, however cut, can be had. */
bool region_set_aside(size_t bytes);
void region_put_back(size_t bytes);

/* Gives the kernel back pages of free units, all but about keep bytes. */
void region_purge(size_t keep_bytes);

/* Bytes of pages held; of these, of free units. */
size_t region_held_bytes(void);
size_t region_idle_bytes(void);

/* All regions ever made, newest first; they stay. */
struct region *region_first(void);

/* The region's spans of an arena, whose lock is held, into spans; returns how many. */
unsigned region_spans(struct region *region, unsigned arena, struct span *spans[REGION_UNITS]);

#endif
