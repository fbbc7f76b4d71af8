/* Choosing the spans to empty: the emptiest first, as long as others of their
 * arena and class have room for what is in them. */
#include "daemon/memory/heap_impl.h"

#define ROUNDS 3u

/* A span no fuller than this goes, in percent, round by round. */
static const unsigned fullest[ROUNDS] = { 25, 50, 85 };

/* Lets a span leave, or stay after all. */
static void set_leaving(struct arena *arena, struct span *span, bool leaves)
{
    if (leaves && span->is_listed)
        arena_unlist(arena, span);
    else if (!leaves && !span->is_listed && span_has_room(span))
        arena_list(arena, span);
    arena->room[span->class] += leaves ? -(int64_t)span->blocks : (int64_t)span->blocks;
    atomic_store_explicit(&span->is_leaving, leaves, memory_order_relaxed);
}

/* Would its blocks fit into the others? */
static bool fits_elsewhere(const struct arena *arena, const struct span *span)
{
    return arena->room[span->class] >= (int64_t)span->blocks;
}

/* Looks at a region's spans of an arena; the pages that those chosen hold. */
static size_t choose(struct arena *arena, struct span *const *spans, unsigned count,
                     unsigned percent)
{
    size_t pages = 0;
    for (unsigned i = 0; i < count; i++) {
        struct span *span = spans[i];
        if (span->class == CLASS_SINGLE || span->is_leaving || span->live == 0 ||
            span->live * 100u > span->blocks * percent || !fits_elsewhere(arena, span))
            continue;
        set_leaving(arena, span, true);
        pages += span->pages;
    }
    return pages;
}

static void stay(struct arena *arena, struct span *const *spans, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (spans[i]->is_leaving)
            set_leaving(arena, spans[i], false);
    }
}

size_t heap_compact(void)
{
    size_t pages = 0;
    for (unsigned round = 0; round <= ROUNDS; round++) {
        for (struct region *region = region_first(); region != NULL; region = region->all_next) {
            for (unsigned i = 0; i < ARENAS; i++) {
                struct span *spans[REGION_UNITS];
                arena_lock(&heap_arenas[i]);
                unsigned count = region_spans(region, i, spans);
                if (round == 0)
                    stay(&heap_arenas[i], spans, count);
                else
                    pages += choose(&heap_arenas[i], spans, count, fullest[round - 1]);
                arena_unlock(&heap_arenas[i]);
            }
        }
    }
    return pages * (UNIT_BYTES / UNIT_PAGES);
}
