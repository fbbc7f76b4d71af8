/* union_registers: the registers of a union under way.
 *
 * Like a DENSE cell's they are nibbles above a common base, so that merging
 * one reads and writes half a byte a register; but no sums are kept, and a
 * rank of 15 or more above base is looked up by its index, so that it is found
 * at once. They become a byte a register, to the end of that union, where more
 * of them than the list takes lie that high, and at precisions where cells
 * are bytes too. Takes about 1.5 * 2^p bytes.
 * Thread safety: none. */
#ifndef CARDINAL_SKETCH_UNION_REGISTERS_H
#define CARDINAL_SKETCH_UNION_REGISTERS_H

#include "daemon/sketch/dense.h"
#include "daemon/sketch/estimate.h"

struct union_registers {
    uint8_t *nibbles; /* as in dense.h; NULL where they are always bytes */
    uint8_t *ranks;   /* of all registers, or of those listed */
    uint32_t *listed; /* indices of the nibbles of 15, in no order */
    uint32_t listed_count;
    uint8_t precision;
    uint8_t base; /* no register is below */
    bool is_bytes;
};

/* Allocates for a precision; false without memory. Before the first clear
 * nothing else may be called but release. */
bool union_registers_init(struct union_registers *registers, unsigned precision);

/* Accepts what is all zero. */
void union_registers_release(struct union_registers *registers);

/* Makes all registers 0. */
void union_registers_clear(struct union_registers *registers);

/* Raises a register to rank, if that is more. */
void union_registers_raise(struct union_registers *registers, uint32_t index, unsigned rank);

/* The same for n tokens. */
void union_registers_raise_tokens(struct union_registers *registers, const uint32_t *tokens,
                                  size_t n);

/* Raises all to those of a cell of the same precision, while the CPU fetches the
 * registers that come next (dense_expect()); NULL: none. */
void union_registers_merge(struct union_registers *registers, const struct dense *from,
                           const uint8_t *ahead);

/* The same from 2^p ranks, a byte each; goes on in bytes. */
void union_registers_merge_ranks(struct union_registers *registers, const uint8_t *ranks);

/* Writes all ranks, a byte each. */
void union_registers_read(const struct union_registers *registers, uint8_t *out);

struct register_sums union_registers_sums(const struct union_registers *registers);

/* Of ranks that lie elsewhere, a byte each. */
struct register_sums ranks_sums(const uint8_t *ranks, unsigned precision);

#endif
