/* bounds: which changes of the journal a snapshot has already.
 *
 * Each of a snapshot's slices covers cells of one stream of one table, by key and then
 * by column, up to a bound, and has all changes of them up to a sequence.
 *
 * Thread safety: bounds_add() by any thread; the rest once all were added and
 * sorted, by any thread. */
#ifndef CARDINAL_STORE_BOUNDS_H
#define CARDINAL_STORE_BOUNDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/selector.h"

#define BOUND_WHOLE_ROW UINT32_MAX /* beyond all ids of columns */

struct bound {
    uint64_t table_id;
    uint64_t sequence;
    uint32_t stream;
    uint32_t column;  /* id up to which it covers the key; or BOUND_WHOLE_ROW */
    uint32_t key_len; /* BOUND_FINAL: it covers all keys */
    uint8_t *key;
};

struct bounds {
    pthread_mutex_t lock;
    struct bound *list;
    size_t count;
    size_t room;
};

void bounds_init(struct bounds *bounds);
void bounds_release(struct bounds *bounds);

/* Notes a slice up to a key's column; last: NULL, if it is its stream's final one. False
 * without memory. */
bool bounds_add(struct bounds *bounds, uint64_t table_id, uint32_t stream, uint64_t sequence,
                const struct bytes_view *last, uint32_t column);

void bounds_sort(struct bounds *bounds);

/* The slices of one stream. */
struct bound_range {
    const struct bound *first;
    size_t count;
    uint64_t greatest; /* sequence of any of them */
};
struct bound_range bounds_of(const struct bounds *bounds, uint64_t table_id, uint32_t stream);

/* In which columns of the key has the snapshot not the change of that number? In all up to
 * the id that is returned: 0 is none, BOUND_WHOLE_ROW all. They come first, since a slice is
 * no older than the one before. */
uint32_t bounds_missing(const struct bound_range *range, struct bytes_view key, uint64_t sequence);

#endif
