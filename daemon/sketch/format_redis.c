/* Redis and Valkey: the string behind a key of type HyperLogLog.
 *
 *    0     1     2     3     4      5..7    8..15          16
 *   'H'   'Y'   'L'   'L'   form   zeros   cached count   registers
 *
 * form 0, dense: 2^14 registers of 6 bits, the first in the low bits of byte 16.
 * form 1, sparse: opcodes that together stand for 2^14 registers,
 *   00nnnnnn            n + 1 registers of 0
 *   01nnnnnn nnnnnnnn   n + 1 registers of 0, the high bits first
 *   1vvvvvnn            n + 1 registers of v + 1
 * The top bit of byte 15 says that the cached count is out of date. */
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/format.h"

#define HEADER_BYTES 16u
#define FORM_AT 4u
#define DENSE_BYTES (FORMAT_REGISTERS / 4 * 3)
#define SPARSE_RANK_MAX 32u
#define SPARSE_BYTES_MAX 3000u /* header included: hll-sparse-max-bytes as it is by default */

#define ZERO_RUN_MAX 64u
#define RANK_RUN_MAX 4u

enum form {
    FORM_DENSE = 0,
    FORM_SPARSE = 1,
};

/* ---- reading ------------------------------------------------------------------- */

static enum status check_header(const struct source *source)
{
    static const uint8_t magic[] = { 'H', 'Y', 'L', 'L' };
    for (size_t i = 0; i < sizeof magic; i++) {
        if (i < source->len && source->bytes[i] != magic[i])
            return source_fault(source, i, "its magic is not HYLL");
    }
    if (source->len < HEADER_BYTES)
        return source_cut_off(source, "the header");
    if (source->bytes[FORM_AT] > FORM_SPARSE)
        return source_fault(source, FORM_AT, "unknown form %u", source->bytes[FORM_AT]);
    for (size_t i = FORM_AT + 1; i < 8; i++) {
        if (source->bytes[i] != 0)
            return source_fault(source, i, "%u where 0 must be", source->bytes[i]);
    }
    return ST_OK;
}

static enum status read_ranks(const struct source *source, uint8_t *ranks)
{
    const uint8_t *bytes = source->bytes + HEADER_BYTES;
    if (source->len < HEADER_BYTES + DENSE_BYTES)
        return source_cut_off(source, "the list of registers");
    if (source->len > HEADER_BYTES + DENSE_BYTES)
        return source_fault(source, HEADER_BYTES + DENSE_BYTES, "more than all registers");
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i += 4, bytes += 3) {
        uint32_t four = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
        for (unsigned k = 0; k < 4; k++) {
            ranks[i + k] = four >> (6 * k) & 63;
            if (ranks[i + k] > FORMAT_RANK_MAX)
                return source_fault(source, (size_t)(bytes - source->bytes) + 6 * k / 8,
                                    "register %u has rank %u, above %u,", i + k, ranks[i + k],
                                    FORMAT_RANK_MAX);
        }
    }
    return ST_OK;
}

/* What one opcode stands for. */
struct run {
    uint32_t count;
    uint8_t rank;
    uint8_t bytes; /* of the opcode */
};

/* The opcode at *at, of which the second byte may be missing: count 0. */
static struct run read_run(const uint8_t *at, const uint8_t *end)
{
    if (*at & 0x80)
        return (struct run){ (*at & 3u) + 1, (uint8_t)((*at >> 2 & 31u) + 1), 1 };
    if ((*at & 0x40) == 0)
        return (struct run){ *at + 1u, 0, 1 };
    if (end - at < 2)
        return (struct run){ 0, 0, 2 };
    return (struct run){ ((*at & 0x3fu) << 8 | at[1]) + 1, 0, 2 };
}

/* Appends the registers of a run, if it has any. */
static void list_run(struct run run, uint32_t index, uint32_t *entries, uint32_t *n)
{
    for (uint32_t i = 0; i < run.count && run.rank != 0; i++)
        entries[(*n)++] = entry_make(index + i, run.rank);
}

/* The registers into entries, which has room for 4 a byte; *n counts them. */
static enum status read_runs(const struct source *source, uint32_t *entries, uint32_t *n)
{
    const uint8_t *end = source->bytes + source->len;
    uint32_t index = 0;
    for (const uint8_t *at = source->bytes + HEADER_BYTES; at < end;) {
        struct run run = read_run(at, end);
        if (run.count == 0)
            return source_cut_off(source, "a run of zeros");
        if (run.count > FORMAT_REGISTERS - index)
            return source_fault(source, (size_t)(at - source->bytes),
                                "a run of %u registers from %u on goes past the last, %u,",
                                run.count, index, FORMAT_REGISTERS - 1);
        list_run(run, index, entries, n);
        index += run.count;
        at += run.bytes;
    }
    if (index != FORMAT_REGISTERS)
        return source_fault(source, source->len, "its runs end after %u of %u registers", index,
                            FORMAT_REGISTERS);
    return ST_OK;
}

static enum status read_sparse(const struct source *source, const struct sketch_shape *shape,
                               struct cell *out)
{
    size_t room = (source->len - HEADER_BYTES) * RANK_RUN_MAX;
    uint32_t *entries =
        malloc((room < FORMAT_REGISTERS ? room : FORMAT_REGISTERS) * sizeof *entries + 1);
    uint32_t n = 0;
    if (entries == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = read_runs(source, entries, &n);
    if (status == ST_OK)
        status = cell_from_entries(out, shape, entries, n);
    free(entries);
    return status;
}

static enum status read_dense(const struct source *source, const struct sketch_shape *shape,
                              struct cell *out)
{
    uint8_t *ranks = malloc(FORMAT_REGISTERS);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = read_ranks(source, ranks);
    if (status == ST_OK)
        status = cell_from_registers(out, shape, ranks);
    free(ranks);
    return status;
}

enum status redis_read(const struct source *source, struct sketch_shape *shape, struct cell *out)
{
    enum status status = check_header(source);
    if (status == ST_OK)
        status = sketch_shape_init(shape, FORMAT_PRECISION);
    if (status != ST_OK)
        return status;
    return source->bytes[FORM_AT] == FORM_DENSE ? read_dense(source, shape, out)
                                                : read_sparse(source, shape, out);
}

/* ---- writing ------------------------------------------------------------------- */

static void write_header(uint8_t *out, enum form form)
{
    memset(out, 0, HEADER_BYTES);
    memcpy(out, "HYLL", 4);
    out[FORM_AT] = (uint8_t)form;
    out[15] = 0x80;
}

size_t redis_write_dense(const uint8_t *ranks, uint8_t *out)
{
    write_header(out, FORM_DENSE);
    out += HEADER_BYTES;
    for (uint32_t i = 0; i < FORMAT_REGISTERS; i += 4, out += 3) {
        uint32_t four = ranks[i] | (uint32_t)ranks[i + 1] << 6 | (uint32_t)ranks[i + 2] << 12 |
                        (uint32_t)ranks[i + 3] << 18;
        out[0] = (uint8_t)four;
        out[1] = (uint8_t)(four >> 8);
        out[2] = (uint8_t)(four >> 16);
    }
    return HEADER_BYTES + DENSE_BYTES;
}

/* Writes a run of one opcode at most; returns how many registers of it are told. */
static uint32_t write_run(uint8_t **out, unsigned rank, uint32_t count)
{
    if (rank != 0) {
        count = count > RANK_RUN_MAX ? RANK_RUN_MAX : count;
        *(*out)++ = (uint8_t)(0x80 | (rank - 1) << 2 | (count - 1));
    } else if (count <= ZERO_RUN_MAX) {
        *(*out)++ = (uint8_t)(count - 1);
    } else {
        *(*out)++ = (uint8_t)(0x40 | (count - 1) >> 8);
        *(*out)++ = (uint8_t)(count - 1);
    }
    return count;
}

/* Dense where opcodes would be more bytes than Redis takes, or cannot say a rank. */
size_t redis_write(const uint8_t *ranks, uint8_t *out)
{
    uint8_t *at = out + HEADER_BYTES;
    write_header(out, FORM_SPARSE);
    for (uint32_t index = 0; index < FORMAT_REGISTERS;) {
        uint32_t count = 1;
        if (ranks[index] > SPARSE_RANK_MAX)
            return redis_write_dense(ranks, out);
        while (index + count < FORMAT_REGISTERS && ranks[index + count] == ranks[index])
            count++;
        index += write_run(&at, ranks[index], count);
        if ((size_t)(at - out) > SPARSE_BYTES_MAX)
            return redis_write_dense(ranks, out);
    }
    return (size_t)(at - out);
}
