/* A plain sketch of 8-bit registers, to hold the engine against. */
#ifndef CARDINAL_TESTS_SKETCH_REFERENCE_H
#define CARDINAL_TESTS_SKETCH_REFERENCE_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/cell.h"

#define REFERENCE_REGISTERS_MAX (1u << 18)

struct reference {
    unsigned precision;
    uint8_t registers[REFERENCE_REGISTERS_MAX];
};

static inline void reference_init(struct reference *ref, unsigned precision)
{
    ref->precision = precision;
    memset(ref->registers, 0, sizeof ref->registers);
}

static inline void reference_add(struct reference *ref, uint64_t hash)
{
    uint64_t index = hash % (1ull << ref->precision);
    uint8_t rank = 1;
    for (unsigned bit = ref->precision; bit < 64 && (hash >> bit & 1) == 0; bit++)
        rank++;
    if (rank > ref->registers[index])
        ref->registers[index] = rank;
}

/* The seed of a test's values: CARDINAL_TEST_SEED, or a fixed one. Printed. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("CARDINAL_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20260401;
    printf("CARDINAL_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* The hash of the value numbered n in a stream; all are different. */
static inline uint64_t stream_hash(uint64_t seed, uint64_t n)
{
    uint64_t x = n * 0x9e3779b97f4a7c15ull ^ seed;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
    return x ^ x >> 32;
}

/* Adds one hash; whether it had an effect. (An assertion of libcheck costs a
 * system call, so there is none here unless it fails.) */
static inline bool add_hash(struct cell *cell, const struct sketch_shape *shape, uint64_t hash)
{
    size_t changed;
    if (cell_add(cell, shape, &hash, 1, &changed) != ST_OK || changed > 1)
        ck_abort_msg("cell_add failed");
    return changed == 1;
}

/* Adds the stream's values first .. last - 1 to both. */
static inline void add_stream(struct cell *cell, const struct sketch_shape *shape,
                              struct reference *ref, uint64_t seed, uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n < last; n++) {
        add_hash(cell, shape, stream_hash(seed, n));
        if (ref != NULL)
            reference_add(ref, stream_hash(seed, n));
    }
}

/* The cell's registers are the reference's. */
static inline void ck_registers(const struct cell *cell, const struct sketch_shape *shape,
                                const struct reference *ref)
{
    uint8_t *registers = malloc(shape->registers);
    cell_registers(cell, shape, registers);
    ck_assert_mem_eq(registers, ref->registers, shape->registers);
    free(registers);
}

#endif
