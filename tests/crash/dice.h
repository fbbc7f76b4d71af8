/* dice: random numbers that a seed brings back (splitmix64). */
#ifndef CARDINAL_TESTS_DICE_H
#define CARDINAL_TESTS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_word(struct dice *dice)
{
    uint64_t x = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 to below - 1; below is not 0. */
static inline unsigned dice_below(struct dice *dice, unsigned below)
{
    return (unsigned)(dice_word(dice) % below);
}

static inline bool dice_percent(struct dice *dice, unsigned percent)
{
    return dice_below(dice, 100) < percent;
}

#endif
