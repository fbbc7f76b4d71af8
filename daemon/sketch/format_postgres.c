/* postgresql-hll, storage version 1: a value of type hll.
 *
 *   byte 0   1 in the high four bits, form in the low ones
 *   byte 1   register width - 1 in the high three bits, log2 of the number of
 *            registers in the low five
 *   byte 2   bit 6: SPARSE is used; bits 5..0: when EXPLICIT is given up
 *   1 EMPTY
 *   2 EXPLICIT   hashes, u64 each, big-endian, ascending as signed numbers
 *   3 SPARSE     registers, each index and rank in log2 + width bits, ascending
 *   4 FULL       all ranks, each in width bits
 *
 * Bits are filled from the high end of each byte on; the last byte is padded with
 * zeros. A rank that is too great for its width is told as the greatest.
 *
 * Written with 2^14 registers of 5 bits: version 2.17 makes NaN of wider ones
 * from some 40,000 values on. Registers hold no hashes, so EXPLICIT is only
 * read. */
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/format.h"

#define HEADER_BYTES 3u
#define WIDTH 5u /* bits of a rank, as written */
#define WRITTEN_RANK_MAX ((1u << WIDTH) - 1)
#define MODIFIERS ((WIDTH - 1) << 5 | FORMAT_PRECISION)
#define SPARSE_AND_AUTO 0x7fu /* byte 2 of the type's defaults */

enum form {
    FORM_EMPTY = 1,
    FORM_EXPLICIT = 2,
    FORM_SPARSE = 3,
    FORM_FULL = 4,
};

/* ---- bits, from the high end --------------------------------------------------- */

static uint32_t get_bits(const uint8_t *bytes, size_t at, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++, at++)
        value = value << 1 | ((unsigned)bytes[at / 8] >> (7 - at % 8) & 1u);
    return value;
}

/* Into bytes that were zeroed. */
static void put_bits(uint8_t *bytes, size_t at, uint32_t value, unsigned count)
{
    for (unsigned i = count; i-- > 0; at++)
        bytes[at / 8] |= (uint8_t)((value >> i & 1u) << (7 - at % 8));
}

/* ---- reading ------------------------------------------------------------------- */

static enum status check_rank(const struct source *source, size_t bit, uint32_t index,
                              unsigned rank, const struct sketch_shape *shape)
{
    unsigned max = 65u - shape->precision;
    if (rank <= max)
        return ST_OK;
    return source_fault(source, HEADER_BYTES + bit / 8, "register %u has rank %u, above %u,", index,
                        rank, max);
}

static bool is_padding(const struct source *source, size_t bit, size_t bits)
{
    return bits - bit < 8 &&
           get_bits(source->bytes + HEADER_BYTES, bit, (unsigned)(bits - bit)) == 0;
}

/* The registers of a SPARSE into entries, which has room; *n counts them. */
static enum status read_entries(const struct source *source, const struct sketch_shape *shape,
                                unsigned width, uint32_t *entries, uint32_t *n)
{
    const uint8_t *body = source->bytes + HEADER_BYTES;
    unsigned entry_bits = shape->precision + width;
    size_t bits = (source->len - HEADER_BYTES) * 8;
    uint32_t least = 0; /* index that may come next */
    size_t bit = 0;
    enum status status = ST_OK;
    for (; status == ST_OK && bits - bit >= entry_bits && !is_padding(source, bit, bits);
         bit += entry_bits) {
        size_t at = HEADER_BYTES + bit / 8;
        uint32_t index = get_bits(body, bit, shape->precision);
        unsigned rank = get_bits(body, bit + shape->precision, width);
        if (index < least)
            return source_fault(source, at, "register %u is out of order", index);
        if (rank == 0)
            return source_fault(source, at, "register %u has rank 0", index);
        status = check_rank(source, bit, index, rank, shape);
        entries[(*n)++] = entry_make(index, rank);
        least = index + 1;
    }
    if (status == ST_OK && !is_padding(source, bit, bits))
        return source_fault(source, HEADER_BYTES + bit / 8, "part of a register");
    return status;
}

static enum status read_sparse(const struct source *source, const struct sketch_shape *shape,
                               unsigned width, struct cell *out)
{
    size_t room = (source->len - HEADER_BYTES) * 8 / (shape->precision + width);
    uint32_t *entries =
        malloc((room < shape->registers ? room : shape->registers) * sizeof *entries + 1);
    uint32_t n = 0;
    if (entries == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = read_entries(source, shape, width, entries, &n);
    if (status == ST_OK)
        status = cell_from_entries(out, shape, entries, n);
    free(entries);
    return status;
}

static enum status read_ranks(const struct source *source, const struct sketch_shape *shape,
                              unsigned width, uint8_t *ranks)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < shape->registers && status == ST_OK; i++) {
        size_t bit = (size_t)i * width;
        unsigned rank = get_bits(source->bytes + HEADER_BYTES, bit, width);
        status = check_rank(source, bit, i, rank, shape);
        ranks[i] = (uint8_t)rank;
    }
    return status;
}

static enum status read_full(const struct source *source, const struct sketch_shape *shape,
                             unsigned width, struct cell *out)
{
    size_t used = (size_t)width << shape->precision;
    size_t len = HEADER_BYTES + (used + 7) / 8;
    if (source->len < len)
        return source_cut_off(source, "the list of registers");
    if (source->len > len)
        return source_fault(source, len, "bytes follow its end");
    uint8_t *ranks = malloc(shape->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = read_ranks(source, shape, width, ranks);
    if (status == ST_OK)
        status = cell_from_registers(out, shape, ranks);
    free(ranks);
    return status;
}

static enum status add_hash(const struct source *source, size_t at,
                            const struct sketch_shape *shape, int64_t *before, struct cell *out)
{
    uint8_t little[8];
    uint64_t hash = 0;
    size_t changed;
    for (size_t i = 0; i < 8; i++) {
        little[7 - i] = source->bytes[at + i];
        hash = hash << 8 | source->bytes[at + i];
    }
    if (at > HEADER_BYTES && (int64_t)hash <= *before)
        return source_fault(source, at, "a hash is out of order");
    *before = (int64_t)hash;
    return cell_add(out, shape, little, 1, &changed);
}

static enum status read_explicit(const struct source *source, const struct sketch_shape *shape,
                                 struct cell *out)
{
    enum status status = ST_OK;
    int64_t before = 0;
    if ((source->len - HEADER_BYTES) % 8 != 0)
        return source_cut_off(source, "a hash");
    for (size_t at = HEADER_BYTES; at < source->len && status == ST_OK; at += 8)
        status = add_hash(source, at, shape, &before, out);
    if (status != ST_OK)
        cell_release(out);
    return status;
}

enum status postgres_read(const struct source *source, struct sketch_shape *shape, struct cell *out)
{
    if (source->len < HEADER_BYTES)
        return source_cut_off(source, "the header");
    if (source->bytes[0] >> 4 != 1)
        return source_fault(source, 0, "unknown version %u", source->bytes[0] >> 4);
    unsigned width = (source->bytes[1] >> 5) + 1u;
    if (sketch_shape_init(shape, source->bytes[1] & 31) != ST_OK)
        return source_fault(source, 1, "2^%u registers, which is not among 2^4 to 2^18,",
                            source->bytes[1] & 31);
    switch (source->bytes[0] & 15) {
    case FORM_EMPTY:
        return source->len == HEADER_BYTES
                   ? ST_OK
                   : source_fault(source, HEADER_BYTES, "bytes follow its end");
    case FORM_EXPLICIT:
        return read_explicit(source, shape, out);
    case FORM_SPARSE:
        return read_sparse(source, shape, width, out);
    case FORM_FULL:
        return read_full(source, shape, width, out);
    default:
        return source_fault(source, 0, "unknown form %u", source->bytes[0] & 15);
    }
}

/* ---- writing ------------------------------------------------------------------- */

static unsigned clamped(unsigned rank)
{
    return rank < WRITTEN_RANK_MAX ? rank : WRITTEN_RANK_MAX;
}

static size_t write_sparse(const uint8_t *ranks, uint32_t count, uint8_t *out)
{
    size_t bit = 0;
    size_t len = (count * (FORMAT_PRECISION + WIDTH) + 7) / 8;
    memset(out, 0, len);
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i++) {
        if (ranks[i] == 0)
            continue;
        put_bits(out, bit, i << WIDTH | clamped(ranks[i]), FORMAT_PRECISION + WIDTH);
        bit += FORMAT_PRECISION + WIDTH;
    }
    return len;
}

static size_t write_full(const uint8_t *ranks, uint8_t *out)
{
    size_t len = FORMAT_REGISTERS * WIDTH / 8;
    memset(out, 0, len);
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i++)
        put_bits(out, (size_t)i * WIDTH, clamped(ranks[i]), WIDTH);
    return len;
}

size_t postgres_write(const uint8_t *ranks, uint8_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i++)
        count += ranks[i] != 0;
    bool is_sparse = count * (FORMAT_PRECISION + WIDTH) < FORMAT_REGISTERS * WIDTH;
    enum form form = count == 0 ? FORM_EMPTY : is_sparse ? FORM_SPARSE : FORM_FULL;
    out[0] = (uint8_t)(0x10 | form);
    out[1] = MODIFIERS;
    out[2] = SPARSE_AND_AUTO;
    if (form == FORM_EMPTY)
        return HEADER_BYTES;
    return HEADER_BYTES + (is_sparse ? write_sparse(ranks, count, out + HEADER_BYTES)
                                     : write_full(ranks, out + HEADER_BYTES));
}
