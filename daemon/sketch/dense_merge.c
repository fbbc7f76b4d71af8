/* Merging into registers. Looks first whether there is anything to do, which
 * is cheap and mostly the answer when sketches are merged again and again. */
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/kernels.h"

/* Whether an exception of b is more than a's register. With equal bases the
 * nibbles tell all but where both have one. */
static bool exceptions_exceed(const struct dense *a, const struct dense *b)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < b->head->exception_count; i++) {
        uint32_t entry = b->exceptions[i];
        while (at < a->head->exception_count && a->exceptions[at] >> 8 < entry >> 8)
            at++;
        bool both = at < a->head->exception_count && a->exceptions[at] >> 8 == entry >> 8;
        if (both ? entry > a->exceptions[at] : entry_rank(entry) > dense_get(a, entry_index(entry)))
            return true;
    }
    return false;
}

/* Whether b has a register above a's; both in nibbles. A nibble of 15 stands
 * for no more than the rank that is listed for it, so it misleads nobody. */
static bool exceeds(const struct dense *a, const struct dense *b)
{
    if (b->base > a->base)
        return true; /* a has a register at its base */
    unsigned down = (unsigned)a->base - b->base;
    return kernels_best()->nibbles_exceed(a->registers, b->registers, a->register_count / 2,
                                          down) ||
           exceptions_exceed(a, b);
}

/* Register by register, into bytes, which takes no memory. Takes over the
 * running estimate of from where that held everything. */
static void merge_bytes(struct dense *into, const struct dense *from,
                        const struct sketch_shape *shape, bool *changed)
{
    bool from_holds_all = true;
    for (uint32_t i = 0; i < into->register_count; i++) {
        bool raised;
        unsigned rank = dense_get(from, i);
        from_holds_all &= rank >= into->registers[i];
        dense_raise(into, i, rank, false, &raised);
        *changed |= raised;
    }
    if (*changed && from_holds_all) {
        into->head->hip = from->head->hip;
        into->head->hip_variance = from->head->hip_variance;
    } else if (*changed) {
        dense_reseed(into, shape);
    }
}

/* Exceptions of from that would be new ones in into. */
static uint32_t new_exceptions(const struct dense *into, const struct dense *from)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->head->exception_count; i++) {
        uint32_t entry = from->exceptions[i];
        count += dense_is_exception(into, entry_rank(entry)) &&
                 !dense_is_exception(into, dense_get(into, entry_index(entry)));
    }
    return count;
}

/* Raises the registers that are exceptions in either, in into; there is room. */
static void merge_exceptions(struct dense *into, const struct dense *from)
{
    bool raised;
    for (uint32_t i = 0; i < from->head->exception_count; i++) {
        uint32_t entry = from->exceptions[i];
        dense_raise(into, entry_index(entry), entry_rank(entry), false, &raised);
    }
    for (uint32_t i = 0; i < into->head->exception_count; i++) {
        uint32_t index = entry_index(into->exceptions[i]);
        dense_raise(into, index, dense_get(from, index), false, &raised);
    }
}

static void merge_nibbles(struct dense *into, const struct dense *from)
{
    unsigned base = into->base > from->base ? into->base : from->base;
    kernels_best()->nibbles_max(into->registers, from->registers, into->register_count / 2,
                                base - into->base, base - from->base);
    dense_rebuild(into, base);
}

/* Takes the place of what is part of from. */
static enum status take_over(struct dense *into, const struct dense *from)
{
    struct dense copy;
    if (!dense_copy(&copy, from))
        return ST_RESOURCE_EXHAUSTED;
    dense_free(into);
    *into = copy;
    return ST_OK;
}

enum status dense_merge(struct dense *into, const struct dense *from,
                        const struct sketch_shape *shape, bool *changed)
{
    *changed = false;
    if (!into->is_bytes && !from->is_bytes) {
        if (!exceeds(into, from))
            return ST_OK;
        *changed = true;
        if (!exceeds(from, into))
            return take_over(into, from);
        if (!dense_reserve(into, new_exceptions(into, from)))
            return ST_RESOURCE_EXHAUSTED;
    } else if (!dense_to_bytes(into)) {
        return ST_RESOURCE_EXHAUSTED;
    }
    if (into->is_bytes) {
        merge_bytes(into, from, shape, changed);
        return ST_OK;
    }
    merge_exceptions(into, from);
    merge_nibbles(into, from);
    dense_reseed(into, shape);
    return ST_OK;
}

enum status dense_merge_entries(struct dense *into, uint64_t from, const struct sketch_shape *shape,
                                bool *changed)
{
    struct entry_iter iter;
    uint32_t entry;
    uint32_t exceptions = 0;
    entry_iter_init(&iter, from, shape);
    while (entry_iter_next(&iter, &entry))
        exceptions += dense_is_exception(into, entry_rank(entry)) &&
                      !dense_is_exception(into, dense_get(into, entry_index(entry)));
    if (!dense_reserve(into, exceptions))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = entries_raise(into, shape, from, changed);
    if (*changed)
        dense_reseed(into, shape);
    return status;
}
