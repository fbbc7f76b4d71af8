/* slots: an open-addressing index of the things in an array, which are told
 * apart by their owner.
 *
 * A slot holds base + 1 + the thing's number; base grows when the array is
 * emptied, which thereby empties the slots too, without a pass over them.
 *
 *     for (uint32_t i = slots_home(slots, hash);; i = slots_next(slots, i)) {
 *         if (!slots_used(slots, i)) .. not there: slots_set(slots, i, number)
 *         if (things[slots_number(slots, i)] is the one) ..
 *     }
 *
 * Never more than half full, if its owner calls slots_resize() with twice the
 * array's room or more. Thread safety: none; one owner. */
#ifndef CARDINAL_CLIENT_SLOTS_H
#define CARDINAL_CLIENT_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

struct slots {
    uint32_t *at;
    uint32_t mask;
    uint32_t base;
    unsigned shift; /* leaves as many bits of a hash as count the slots */
};

/* Makes 2^bits empty slots of it, for 1 to 31 bits; what was in must be set
 * again. False without memory, nothing changed. */
bool slots_resize(struct slots *slots, unsigned bits);

/* Empties the slots of an array that had count things. */
void slots_clear(struct slots *slots, uint32_t count);

void slots_release(struct slots *slots);

/* Where the probe for a hash begins. Multiplied, since a caller's hashes may
 * be anything. */
static inline uint32_t slots_home(const struct slots *slots, uint64_t hash)
{
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> slots->shift);
}

static inline uint32_t slots_next(const struct slots *slots, uint32_t i)
{
    return (i + 1) & slots->mask;
}

static inline bool slots_used(const struct slots *slots, uint32_t i)
{
    return slots->at[i] > slots->base;
}

static inline uint32_t slots_number(const struct slots *slots, uint32_t i)
{
    return slots->at[i] - slots->base - 1;
}

static inline void slots_set(struct slots *slots, uint32_t i, uint32_t number)
{
    slots->at[i] = slots->base + 1 + number;
}

#endif
