/* kernels: the loops over whole sketches.
 *
 * Each is there twice, in plain C and for AVX2, with equal results bit for
 * bit; which one runs is chosen by the CPU at run time. Nibbles lie as in
 * dense.h, 64 registers in 32 bytes; a nibble of 15 stands for "15 or more,
 * listed elsewhere". Sizes are multiples of 128 bytes of nibbles, of 64 ranks.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_SKETCH_KERNELS_H
#define CARDINAL_SKETCH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nibble_sums {
    uint64_t weight; /* sum of 2^(14 - nibble), without the 15s */
    uint32_t zeros;
};

struct rank_sums {
    uint64_t kx;     /* sum of 2^q >> rank, modulo 2^64 */
    uint32_t zeros;  /* ranks of 0 */
    uint32_t at_cap; /* ranks of q + 1 */
};

struct kernels {
    const char *name;

    /* Whether a nibble of b, lowered by down (to 0 at least), is more than a's. */
    bool (*nibbles_exceed)(const uint8_t *a, const uint8_t *b, size_t bytes, unsigned down);

    /* a = the greater of both, after lowering a's nibbles by a_down and b's by
     * b_down (to 0 at least), but for a 15 of a, which stays. */
    void (*nibbles_max)(uint8_t *a, const uint8_t *b, size_t bytes, unsigned a_down,
                        unsigned b_down);

    /* a = the greater of both, after lowering b's nibbles by b_down. Meanwhile
     * asks the CPU for as many bytes at ahead, which are read next; NULL: for
     * none. Merging sketches in no order of addresses waits half as long for it. */
    void (*nibbles_raise)(uint8_t *a, const uint8_t *b, size_t bytes, unsigned b_down,
                          const uint8_t *ahead);

    struct nibble_sums (*nibbles_sum)(const uint8_t *nibbles, size_t bytes);

    /* The weight alone. */
    uint64_t (*nibbles_weight)(const uint8_t *nibbles, size_t bytes);

    /* ranks = the greater of ranks and base + nibble, a byte each: 2 * bytes
     * ranks for bytes of nibbles. Returns the least of them. */
    uint8_t (*ranks_raise)(uint8_t *ranks, const uint8_t *nibbles, size_t bytes, unsigned base);

    uint8_t (*ranks_least)(const uint8_t *ranks, size_t n);

    /* n ranks, none below base, none above q + 1. */
    struct rank_sums (*ranks_sum)(const uint8_t *ranks, size_t n, unsigned base, unsigned q);
};

extern const struct kernels kernels_portable;

/* The kernels for AVX2; NULL where the CPU has none. */
const struct kernels *kernels_avx2(void);

/* The fastest that the CPU has. */
const struct kernels *kernels_best(void);

#endif
