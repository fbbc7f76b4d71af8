/* run: row references in key order, each with four bytes of its key.
 *
 * All keys of a run share their first `skip` bytes; an entry caches the four
 * that follow, big-endian, zeros where the key ends, so that most comparisons
 * look at no row.
 *
 * Thread safety: none. */
#ifndef CARDINAL_TABLE_RUN_H
#define CARDINAL_TABLE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/table/pool.h"
#include "daemon/table/row.h"
#include "daemon/table/selector.h"

struct run_entry {
    uint32_t prefix;
    uint32_t ref;
};

static inline struct bytes_view run_key(const struct pool *pool, struct run_entry entry)
{
    return row_key(pool_at(pool, entry.ref));
}

/* How many of the n entries come before key, or, if inclusive, are it. */
uint32_t run_rank(const struct pool *pool, const struct run_entry *entries, uint32_t n,
                  uint16_t skip, struct bytes_view key, bool inclusive);

/* The entry of a row under a run's skip. */
struct run_entry run_entry_of(const struct pool *pool, uint16_t skip, uint32_t ref);

/* Lowers *skip, if need be, to what key shares with the entries, and adapts them. */
void run_admit(const struct pool *pool, struct run_entry *entries, uint32_t n, uint16_t *skip,
               struct bytes_view key);

/* Raises *skip to what the n entries share, where that makes a difference. */
void run_tighten(const struct pool *pool, struct run_entry *entries, uint32_t n, uint16_t *skip);

#endif
