/* dump_layout: the bytes of a dump. Numbers are little-endian.
 *
 *    0   u8      form in the low 3 bits; in the others n, 31: see below
 *    1           by form:
 *        0 EMPTY
 *        1 TOKENS      if n is 31: n as a gap; then n times, ascending: gap, and
 *                      u8 rho where the middle bits are zero
 *        2 REGISTERS   likewise, those set: gap, u8 rank
 *        3 NIBBLES     f64 estimate, f64 variance, u8 base, u16 exceptions,
 *                      2^p / 2 bytes: 64 registers in 32, the low nibbles first,
 *                      each rank - base, or 15 for an exception,
 *                      u32 index << 8 | rank of each exception, ascending
 *        4 BYTES       f64 estimate, f64 variance, 2^p bytes, a rank each
 *
 * A gap is what a number is beyond the one before and 1, the first beyond 0,
 * 7 bits a byte, the low ones first, the top bit set in all but the last. */
#ifndef CARDINAL_SKETCH_DUMP_LAYOUT_H
#define CARDINAL_SKETCH_DUMP_LAYOUT_H

#define DUMP_FORM_BITS 3u
#define DUMP_FORM_MASK 7u
#define DUMP_COUNT_MORE 31u /* a count that follows */
#define DUMP_GAP_BYTES_MAX 4u
#define DUMP_DOUBLES_BYTES 16u
#define DUMP_NIBBLES_HEAD_BYTES (DUMP_DOUBLES_BYTES + 3u)

enum dump_form {
    DUMP_EMPTY = 0,
    DUMP_TOKENS = 1,
    DUMP_REGISTERS = 2,
    DUMP_NIBBLES = 3,
    DUMP_BYTES = 4,
};

#endif
