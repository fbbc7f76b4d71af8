/* delay: how long things took, as a histogram with the longest beside it.
 *
 * Thread safety: delay_note() by one thread alone, the others by any. */
#ifndef CARDINAL_SERVER_DELAY_H
#define CARDINAL_SERVER_DELAY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DELAY_BOUNDS 8u

extern const uint32_t delay_bounds_us[DELAY_BOUNDS]; /* ascending */

struct delay {
    _Atomic uint64_t counts[DELAY_BOUNDS + 1]; /* by the least bound that holds it; the rest */
    _Atomic uint64_t max_ns;
};

/* Histograms added up, as they are reported. */
struct delay_sum {
    uint64_t at_most[DELAY_BOUNDS]; /* how many took so long at most */
    uint64_t all;
    uint64_t max_ns;
};

void delay_note(struct delay *delay, uint64_t ns);
void delay_add_to(const struct delay *delay, struct delay_sum *sum);

#endif
