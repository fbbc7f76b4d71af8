#include "daemon/server/delay.h"

const uint32_t delay_bounds_us[DELAY_BOUNDS] = { 50, 100, 200, 500, 1000, 2000, 5000, 10000 };

void delay_note(struct delay *delay, uint64_t ns)
{
    unsigned i = 0;

    while (i < DELAY_BOUNDS && ns > (uint64_t)delay_bounds_us[i] * 1000)
        i++;
    uint64_t count = atomic_load_explicit(&delay->counts[i], memory_order_relaxed);
    atomic_store_explicit(&delay->counts[i], count + 1, memory_order_relaxed);
    if (ns > atomic_load_explicit(&delay->max_ns, memory_order_relaxed))
        atomic_store_explicit(&delay->max_ns, ns, memory_order_relaxed);
}

void delay_add_to(const struct delay *delay, struct delay_sum *sum)
{
    uint64_t count = 0;
    uint64_t max_ns = atomic_load_explicit(&delay->max_ns, memory_order_relaxed);

    for (unsigned i = 0; i <= DELAY_BOUNDS; i++) {
        count += atomic_load_explicit(&delay->counts[i], memory_order_relaxed);
        if (i < DELAY_BOUNDS)
            sum->at_most[i] += count;
    }
    sum->all += count;
    if (max_ns > sum->max_ns)
        sum->max_ns = max_ns;
}
