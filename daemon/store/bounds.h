/* bounds: which changes of the journal a snapshot has already.
 *
 * Each of a snapshot's slices covers keys of one stream of one table up to a bound,
 * and has all changes of them up to a sequence.
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

struct bound {
    uint64_t table_id;
    uint64_t sequence;
    uint32_t stream;
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

/* Notes a slice; last: NULL, if it is its stream's final one. False without memory. */
bool bounds_add(struct bounds *bounds, uint64_t table_id, uint32_t stream, uint64_t sequence,
                const struct bytes_view *last);

void bounds_sort(struct bounds *bounds);

/* The slices of one stream. */
struct bound_range {
    const struct bound *first;
    size_t count;
    uint64_t greatest; /* sequence of any of them */
};
struct bound_range bounds_of(const struct bounds *bounds, uint64_t table_id, uint32_t stream);

/* Is the change of that number, of that key, in the snapshot? */
bool bounds_cover(const struct bound_range *range, struct bytes_view key, uint64_t sequence);

#endif
