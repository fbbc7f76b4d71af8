/* budget: a number of bytes that many share.
 *
 * Thread safety: any thread may take and give back. */
#ifndef CARDINAL_SERVER_BUDGET_H
#define CARDINAL_SERVER_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
    _Atomic uint64_t used;
    uint64_t max;
};

static inline void budget_init(struct budget *budget, uint64_t max)
{
    atomic_init(&budget->used, 0);
    budget->max = max;
}

/* Takes n bytes, or nothing and false when fewer are left. */
static inline bool budget_take(struct budget *budget, uint64_t n)
{
    uint64_t before = atomic_fetch_add_explicit(&budget->used, n, memory_order_relaxed);

    if (before <= budget->max && n <= budget->max - before)
        return true;
    atomic_fetch_sub_explicit(&budget->used, n, memory_order_relaxed);
    return false;
}

static inline void budget_give(struct budget *budget, uint64_t n)
{
    atomic_fetch_sub_explicit(&budget->used, n, memory_order_relaxed);
}

static inline uint64_t budget_used(const struct budget *budget)
{
    return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

#endif
