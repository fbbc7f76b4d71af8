#include "daemon/store/bounds.h"

#include <stdlib.h>
#include <string.h>

#define BOUND_FINAL UINT32_MAX
#define ROOM_FIRST 256u

void bounds_init(struct bounds *bounds)
{
    *bounds = (struct bounds){ .list = NULL };
    pthread_mutex_init(&bounds->lock, NULL);
}

void bounds_release(struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->count; i++)
        free(bounds->list[i].key);
    free(bounds->list);
    pthread_mutex_destroy(&bounds->lock);
}

static bool add(struct bounds *bounds, const struct bound *bound)
{
    if (bounds->count == bounds->room) {
        size_t room = bounds->room == 0 ? ROOM_FIRST : bounds->room * 2;
        struct bound *list = realloc(bounds->list, room * sizeof *list);
        if (list == NULL)
            return false;
        bounds->list = list;
        bounds->room = room;
    }
    bounds->list[bounds->count++] = *bound;
    return true;
}

bool bounds_add(struct bounds *bounds, uint64_t table_id, uint32_t stream, uint64_t sequence,
                const struct bytes_view *last, uint32_t column)
{
    struct bound bound = { table_id, sequence, stream, column, BOUND_FINAL, NULL };
    if (last != NULL) {
        bound.key_len = (uint32_t)last->len;
        bound.key = malloc(last->len + 1);
        if (bound.key == NULL)
            return false;
        if (last->len > 0)
            memcpy(bound.key, last->data, last->len);
    }
    pthread_mutex_lock(&bounds->lock);
    bool added = add(bounds, &bound);
    pthread_mutex_unlock(&bounds->lock);
    if (!added)
        free(bound.key);
    return added;
}

/* How a key lies to a bound: above 0 if beyond what it covers. */
static int compare_key(struct bytes_view key, const struct bound *bound)
{
    if (bound->key_len == BOUND_FINAL)
        return -1;
    return key_compare(key, (struct bytes_view){ bound->key, bound->key_len });
}

static int compare_stream(const struct bound *a, uint64_t table_id, uint32_t stream)
{
    if (a->table_id != table_id)
        return a->table_id < table_id ? -1 : 1;
    return (a->stream > stream) - (a->stream < stream);
}

static int compare(const void *left, const void *right)
{
    const struct bound *a = left;
    const struct bound *b = right;
    int order = compare_stream(a, b->table_id, b->stream);
    if (order != 0)
        return order;
    if (a->key_len == BOUND_FINAL)
        return b->key_len == BOUND_FINAL ? 0 : 1;
    order = compare_key((struct bytes_view){ a->key, a->key_len }, b);
    return order != 0 ? order : (a->column > b->column) - (a->column < b->column);
}

void bounds_sort(struct bounds *bounds)
{
    if (bounds->count > 1)
        qsort(bounds->list, bounds->count, sizeof *bounds->list, compare);
}

struct bound_range bounds_of(const struct bounds *bounds, uint64_t table_id, uint32_t stream)
{
    size_t low = 0;
    size_t high = bounds->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_stream(&bounds->list[middle], table_id, stream) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct bound_range range = { low < bounds->count ? &bounds->list[low] : NULL, 0, 0 };
    for (; low < bounds->count; low++) {
        const struct bound *bound = &bounds->list[low];
        if (compare_stream(bound, table_id, stream) != 0)
            break;
        range.count++;
        if (bound->sequence > range.greatest)
            range.greatest = bound->sequence;
    }
    return range;
}

uint32_t bounds_missing(const struct bound_range *range, struct bytes_view key, uint64_t sequence)
{
    size_t low = 0;
    size_t high = range->count;
    uint32_t missing = 0;
    if (sequence > range->greatest)
        return BOUND_WHOLE_ROW;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_key(key, &range->first[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < range->count && missing != BOUND_WHOLE_ROW; low++) {
        const struct bound *bound = &range->first[low];
        if (bound->sequence >= sequence)
            return missing;
        missing = compare_key(key, bound) == 0 ? bound->column : BOUND_WHOLE_ROW;
    }
    return BOUND_WHOLE_ROW;
}
