/* Apache Doris and StarRocks: a value of type HLL.
 *
 *   byte 0   form
 *   0 EMPTY
 *   1 EXPLICIT   u8 count <= 160, then as many hashes, u64 each
 *   2 SPARSE     u32 count, then as many registers: u16 index, u8 rank
 *   3 FULL       2^14 registers of a byte each
 *
 * Numbers are little-endian. SPARSE is written for up to 4,096 registers, as
 * Doris does; registers hold no hashes, so EXPLICIT is only read. */
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/format.h"
#include "daemon/sketch/little_endian.h"

#define EXPLICIT_MAX 160u
#define SPARSE_MAX 4096u
#define SPARSE_HEADER_BYTES 5u
#define SPARSE_ENTRY_BYTES 3u

enum form {
    FORM_EMPTY = 0,
    FORM_EXPLICIT = 1,
    FORM_SPARSE = 2,
    FORM_FULL = 3,
};

/* Demands that the sketch has just so many bytes. */
static enum status check_len(const struct source *source, size_t len, const char *what)
{
    if (source->len < len)
        return source_cut_off(source, what);
    if (source->len > len)
        return source_fault(source, len, "bytes follow its end");
    return ST_OK;
}

static enum status read_explicit(const struct source *source, const struct sketch_shape *shape,
                                 struct cell *out)
{
    size_t changed;
    if (source->len < 2)
        return source_cut_off(source, "the count of hashes");
    unsigned count = source->bytes[1];
    if (count > EXPLICIT_MAX)
        return source_fault(source, 1, "%u hashes, more than %u,", count, EXPLICIT_MAX);
    enum status status = check_len(source, 2 + count * sizeof(uint64_t), "the list of hashes");
    if (status != ST_OK)
        return status;
    status = cell_add(out, shape, source->bytes + 2, count, &changed);
    if (status != ST_OK)
        cell_release(out);
    return status;
}

static enum status check_rank(const struct source *source, size_t at, uint32_t index, unsigned rank)
{
    if (rank <= FORMAT_RANK_MAX)
        return ST_OK;
    return source_fault(source, at, "register %u has rank %u, above %u,", index, rank,
                        FORMAT_RANK_MAX);
}

/* Registers told as 0 are left out; *n counts the others. */
static enum status read_entries(const struct source *source, uint32_t count, uint32_t *entries,
                                uint32_t *n)
{
    uint32_t least = 0; /* index that may come next */
    for (uint32_t i = 0; i < count; i++) {
        size_t at = SPARSE_HEADER_BYTES + (size_t)i * SPARSE_ENTRY_BYTES;
        uint32_t index = (uint32_t)load_le(source->bytes + at, 2);
        unsigned rank = source->bytes[at + 2];
        if (index >= FORMAT_REGISTERS)
            return source_fault(source, at, "there is no register %u", index);
        if (index < least)
            return source_fault(source, at, "register %u is out of order", index);
        enum status status = check_rank(source, at + 2, index, rank);
        if (status != ST_OK)
            return status;
        if (rank != 0)
            entries[(*n)++] = entry_make(index, rank);
        least = index + 1;
    }
    return ST_OK;
}

static enum status read_sparse(const struct source *source, const struct sketch_shape *shape,
                               struct cell *out)
{
    if (source->len < SPARSE_HEADER_BYTES)
        return source_cut_off(source, "the count of registers");
    uint32_t n = 0;
    uint32_t count = load_le32(source->bytes + 1);
    if (count > FORMAT_REGISTERS)
        return source_fault(source, 1, "%u registers, more than %u,", count, FORMAT_REGISTERS);
    enum status status = check_len(source, SPARSE_HEADER_BYTES + (size_t)count * SPARSE_ENTRY_BYTES,
                                   "the list of registers");
    if (status != ST_OK)
        return status;
    uint32_t *entries = malloc(count * sizeof *entries + 1);
    if (entries == NULL)
        return ST_RESOURCE_EXHAUSTED;
    status = read_entries(source, count, entries, &n);
    if (status == ST_OK)
        status = cell_from_entries(out, shape, entries, n);
    free(entries);
    return status;
}

static enum status read_full(const struct source *source, const struct sketch_shape *shape,
                             struct cell *out)
{
    const uint8_t *ranks = source->bytes + 1;
    enum status status = check_len(source, 1 + FORMAT_REGISTERS, "the list of registers");
    for (uint32_t i = 0; i < FORMAT_REGISTERS && status == ST_OK; i++)
        status = check_rank(source, 1 + i, i, ranks[i]);
    return status == ST_OK ? cell_from_registers(out, shape, ranks) : status;
}

enum status doris_read(const struct source *source, struct sketch_shape *shape, struct cell *out)
{
    enum status status = sketch_shape_init(shape, FORMAT_PRECISION);
    if (status != ST_OK)
        return status;
    if (source->len == 0)
        return source_cut_off(source, "the form");
    switch (source->bytes[0]) {
    case FORM_EMPTY:
        return check_len(source, 1, "");
    case FORM_EXPLICIT:
        return read_explicit(source, shape, out);
    case FORM_SPARSE:
        return read_sparse(source, shape, out);
    case FORM_FULL:
        return read_full(source, shape, out);
    default:
        return source_fault(source, 0, "unknown form %u", source->bytes[0]);
    }
}

static size_t write_entries(const uint8_t *ranks, uint32_t count, uint8_t *out)
{
    uint8_t *at = out;
    *at++ = FORM_SPARSE;
    at = store_le(at, count, 4);
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i++) {
        if (ranks[i] == 0)
            continue;
        at = store_le(at, i, 2);
        *at++ = ranks[i];
    }
    return (size_t)(at - out);
}

size_t doris_write(const uint8_t *ranks, uint8_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i++)
        count += ranks[i] != 0;
    if (count == 0) {
        out[0] = FORM_EMPTY;
        return 1;
    }
    if (count <= SPARSE_MAX)
        return write_entries(ranks, count, out);
    out[0] = FORM_FULL;
    memcpy(out + 1, ranks, FORMAT_REGISTERS);
    return 1 + FORMAT_REGISTERS;
}
