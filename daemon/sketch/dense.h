/* dense: the DENSE form, a register for each index.
 *
 * Registers are nibbles above a common base (half a byte a register), or bytes
 * where nibbles do not pay: at precision 7 and below, and when more registers
 * than the list takes lie 15 or more above base, which only chosen values
 * bring about. A nibble of 15 means that the rank is in the list of
 * exceptions, so nothing is ever lost. The block is laid out as
 *
 *   struct dense_head        then unused up to the next cache line (p >= 10)
 *   u8  registers[m / 2]     64 registers in 32 bytes: register i in the low
 *       or [m]               nibble of byte i, register i + 32 in the high one
 *   u32 exceptions[room]     index << 8 | rank, sorted
 *
 * Estimates take O(1): the sums that they need are kept by every change. */
#ifndef CARDINAL_SKETCH_DENSE_H
#define CARDINAL_SKETCH_DENSE_H

#include "daemon/sketch/cell.h"

#define NIBBLE_FULL 15u              /* look in the exceptions */
#define DENSE_BYTES_PRECISION_MAX 7u /* up to here a byte a register is less than the list */

/* The byte of a register's nibble. */
static inline size_t nibble_offset(uint32_t index)
{
    return index / 64 * 32 + index % 32;
}

/* Where in that byte it begins. */
static inline unsigned nibble_shift(uint32_t index)
{
    return index / 32 % 2 * 4;
}

struct dense_head {
    uint64_t kx;              /* sum of 2^(q - rank) over the registers, q = 64 - p;
                               * 2^64 (all registers 0) reads as 0 */
    double hip;               /* estimate kept by historic inverse probability */
    double hip_variance;      /* of hip, in values squared */
    uint32_t at_base;         /* registers at base */
    uint32_t at_cap;          /* registers at q + 1, the greatest rank */
    uint32_t exception_count; /* used of the list */
    uint32_t unused;
};

/* A DENSE cell taken apart; dense_close() makes the word again. */
struct dense {
    struct dense_head *head;
    uint8_t *registers;
    uint32_t *exceptions;
    uint32_t register_count;
    uint8_t precision;
    uint8_t base; /* no register is below */
    uint8_t room_doublings;
    bool is_bytes;
};

struct dense dense_open(uint64_t word);
uint64_t dense_close(const struct dense *dense);

/* A new one with all registers 0, which must be raised before it is used;
 * false without memory. */
bool dense_new(struct dense *dense, const struct sketch_shape *shape);
bool dense_copy(struct dense *to, const struct dense *from);
void dense_free(struct dense *dense);

unsigned dense_get(const struct dense *dense, uint32_t index);

/* Makes room for that many exceptions more, or goes on to bytes, so that as
 * many dense_raise() to exceptions cannot fail. False without memory. */
bool dense_reserve(struct dense *dense, uint32_t exceptions);

/* Does that need no memory? */
bool dense_has_room(const struct dense *dense, uint32_t exceptions);

/* Goes on to a byte a register; false without memory. */
bool dense_to_bytes(struct dense *dense);

/* Whether a rank is an exception, at the present base. */
static inline bool dense_is_exception(const struct dense *dense, unsigned rank)
{
    return !dense->is_bytes && rank >= dense->base + NIBBLE_FULL;
}

/* Puts base at target, which no register is below once the nibbles of 0 stand
 * for it, and all sums right, after the nibbles were changed as a whole. */
void dense_rebuild(struct dense *dense, unsigned target);

/* Sets a register to rank if that is more; *changed says so. hip counts the
 * change if told to. ST_RESOURCE_EXHAUSTED leaves it as it was. */
enum status dense_raise(struct dense *dense, uint32_t index, unsigned rank, bool with_hip,
                        bool *changed);

/* Adds n hashes to a DENSE word, as cell_add_told() does; *changed counts on, and
 * says where in codes the next one belongs. */
enum status dense_add(uint64_t *word, const void *hashes, size_t n, uint32_t *codes,
                      size_t *changed);

/* Makes *into the union with *from; *changed says whether it had to. On
 * ST_RESOURCE_EXHAUSTED the registers are as they were; *into must be closed
 * either way. The running estimate goes on where nothing was changed, is that
 * of *from if that held everything, and else starts anew. */
enum status dense_merge(struct dense *into, const struct dense *from,
                        const struct sketch_shape *shape, bool *changed);

/* The same with any form but DENSE. */
enum status dense_merge_entries(struct dense *into, uint64_t from, const struct sketch_shape *shape,
                                bool *changed);

/* The running estimate. */
struct estimate dense_estimate(const struct dense_head *head);

/* Starts the running estimate from another one. */
void dense_seed(struct dense *dense, struct estimate estimate);

/* The same from the registers alone. */
void dense_reseed(struct dense *dense, const struct sketch_shape *shape);

/* Asks the CPU for the line of a register. */
void dense_prefetch(uint64_t word, uint32_t index);

/* Asks the CPU for what lies around the registers of one that is to be read as
 * a whole soon. Returns where the registers are, to be fetched meanwhile. */
const uint8_t *dense_expect(uint64_t word);

/* Bytes taken from the allocator. */
size_t dense_bytes(const struct dense *dense);

#endif
