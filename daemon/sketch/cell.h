/* cell: one distinct-count sketch in a tagged 8-byte word.
 *
 * A cell starts as nothing (all zero bits), holds up to two values inside the
 * word itself, and beyond that points to memory of its own, which it owns and
 * which grows from a list of tokens to 2^p registers. Which form a cell has is
 * its own affair: any two cells of one shape merge, and equal sets of values
 * give equal registers whichever way they came about.
 *
 * Registers follow Redis, Doris and postgresql-hll: with p the precision and h
 * the 64-bit hash, the index is the low p bits, the rank 1 + the trailing zeros
 * of h >> p, at most 65 - p.
 *
 * A cell is plain memory: it may be moved with memcpy as long as one copy is
 * used. Zeroed memory is an empty cell. Thread safety: none; whoever owns the
 * cell locks it. */
#ifndef CARDINAL_SKETCH_CELL_H
#define CARDINAL_SKETCH_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sketch/estimated.h"
#include "proto/status.h"

struct cell {
    uint64_t word;
};

/* The forms a cell goes through, in order. */
enum cell_state {
    CELL_EMPTY,
    CELL_INLINE, /* one or two tokens in the word */
    CELL_ARRAY,  /* tokens, sorted */
    CELL_PACKED, /* tokens, coded */
    CELL_SPARSE, /* registers only, few of them set */
    CELL_DENSE,  /* all registers */
    CELL_STATE_COUNT,
};

/* The state's name as counters and messages spell it: "inline". */
const char *cell_state_name(enum cell_state state);

/* What all cells of a table have in common. Plain data, read-only once made. */
struct sketch_shape {
    uint8_t precision;
    uint32_t registers;       /* m = 2^precision */
    uint32_t array_max;       /* tokens of an ARRAY at most */
    uint32_t token_bytes_max; /* bytes of a token form at most, then DENSE */
};

/* Makes the shape of a precision; ST_INVALID_ARGUMENT outside 4..18. */
enum status sketch_shape_init(struct sketch_shape *shape, unsigned precision);

/* Adds n hashes, 8 bytes each, little-endian, at any alignment. *changed is
 * how many of them had an effect on the cell (values that were new to its
 * token form, or raised a register).
 * ST_RESOURCE_EXHAUSTED when memory could not be had: the hashes before the
 * failing one are in (*changed counts them), the cell is sound. */
enum status cell_add(struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                     size_t n, size_t *changed);

/* The same, with the code (change.h) of each effective change in codes, which has
 * room for n; NULL: nobody asks. */
enum status cell_add_told(struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                          size_t n, uint32_t *codes, size_t *changed);

/* Applies a code. A cell that is given another's codes in their order comes to
 * the same registers and, to the last digit, the same estimate; one that was
 * given a code before is left as it is. ST_INVALID_ARGUMENT for what no cell of
 * the shape reports; ST_RESOURCE_EXHAUSTED leaves the cell sound. */
enum status cell_replay(struct cell *cell, const struct sketch_shape *shape, uint32_t code);

/* Asks the CPU for the memory that cell_add() of these hashes will look at. */
void cell_prefetch(const struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                   size_t n);

/* Makes *into the union of itself and *from, which is not changed. On
 * ST_RESOURCE_EXHAUSTED *into is as it was. */
enum status cell_merge(struct cell *into, const struct cell *from,
                       const struct sketch_shape *shape);

/* Makes an empty cell one of the given m registers, a byte each, without
 * tokens: SPARSE or DENSE. ST_INVALID_ARGUMENT for a rank above 65 - p; on
 * failure the cell stays empty. */
enum status cell_from_registers(struct cell *cell, const struct sketch_shape *shape,
                                const uint8_t *ranks);

/* O(1), whatever was written before. */
struct estimate cell_estimate(const struct cell *cell, const struct sketch_shape *shape);

/* A digest of the registers: the same for equal registers, whatever the form. */
uint64_t cell_digest(const struct cell *cell, const struct sketch_shape *shape);

/* Writes all m registers, a byte each. */
void cell_registers(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out);

enum cell_state cell_state(const struct cell *cell);

/* Bytes of memory the cell owns beyond its word, the allocator's rounding
 * included. O(1). */
size_t cell_bytes(const struct cell *cell);

/* How long reading all that the cell holds takes, in ns, about: as much as merging
 * it into a union. From its word alone. */
unsigned cell_cost(const struct cell *cell);

/* Moves what the cell owns where the heap wants it elsewhere; stays without memory. */
void cell_move(struct cell *cell);

/* Frees what the cell owns and makes it empty. */
void cell_release(struct cell *cell);

#endif
