#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dense_ranks.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/format.h"
#include "daemon/sketch/little_endian.h"
#include "daemon/sketch/native_layout.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

#define RHO_MAX (65u - TOKEN_HASH_BITS)

/* ---- reading lists ------------------------------------------------------------- */

/* What lies between header and checksum, on its way from at to end. */
struct body {
    const struct source *source;
    const struct sketch_shape *shape;
    size_t at;
    size_t end;
};

static enum status body_cut_off(const struct body *body, const char *what)
{
    return source_fault(body->source, body->end, "%s is cut off by the checksum", what);
}

static enum status read_byte(struct body *body, unsigned *out)
{
    if (body->at == body->end)
        return body_cut_off(body, "a rank");
    *out = body->source->bytes[body->at++];
    return ST_OK;
}

/* Reads a gap to what may come next, *least, and leaves there what it leads to,
 * which lies below limit. */
static enum status read_gap(struct body *body, uint32_t limit, uint32_t *least)
{
    size_t start = body->at;
    uint32_t gap = 0;
    unsigned byte = 0x80;
    for (unsigned i = 0; i < GAP_BYTES_MAX && byte >= 0x80; i++) {
        if (body->at == body->end)
            return body_cut_off(body, "a gap");
        byte = body->source->bytes[body->at++];
        gap |= (byte & 0x7fu) << (7 * i);
    }
    if (byte >= 0x80 || (byte == 0 && body->at - start > 1))
        return source_fault(body->source, start, "a gap of too many bytes");
    if (gap >= limit - *least)
        return source_fault(body->source, start, "a gap of %u leads past the last, %u,", gap,
                            limit - 1);
    *least += gap;
    return ST_OK;
}

static enum status read_token(struct body *body, uint32_t *least, uint32_t *token)
{
    enum status status = read_gap(body, 1u << TOKEN_HASH_BITS, least);
    unsigned rho = 0;
    if (status != ST_OK)
        return status;
    *token = *least << TOKEN_RHO_BITS;
    if (token_middle(*token, body->shape->precision) != 0)
        return ST_OK;
    status = read_byte(body, &rho);
    if (status == ST_OK && (rho == 0 || rho > RHO_MAX))
        return source_fault(body->source, body->at - 1, "rho is %u, not 1 to %u,", rho, RHO_MAX);
    *token |= rho;
    return status;
}

static enum status read_entry(struct body *body, uint32_t *least, uint32_t *entry)
{
    enum status status = read_gap(body, body->shape->registers, least);
    unsigned max = 65u - body->shape->precision;
    unsigned rank = 0;
    if (status == ST_OK)
        status = read_byte(body, &rank);
    if (status == ST_OK && (rank == 0 || rank > max))
        return source_fault(body->source, body->at - 1, "register %u has rank %u, not 1 to %u,",
                            *least, rank, max);
    *entry = entry_make(*least, rank);
    return status;
}

/* Tokens or registers, as form says, until the body ends. */
static enum status read_list(struct body *body, enum native_form form, struct cell *out)
{
    size_t start = body->at;
    uint32_t max = form == FORM_TOKENS ? native_tokens_max(body->shape) : body->shape->registers;
    size_t bytes = body->end - start;
    uint32_t *list = malloc((bytes < max ? bytes : max) * sizeof *list + 1);
    enum status status = ST_OK;
    uint32_t least = 0;
    uint32_t n = 0;
    if (list == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (; status == ST_OK && body->at < body->end; n++, least++) {
        if (n == max)
            status = source_fault(body->source, body->at, "more than %u, the most,", max);
        else if (form == FORM_TOKENS)
            status = read_token(body, &least, &list[n]);
        else
            status = read_entry(body, &least, &list[n]);
    }
    if (status == ST_OK && n == 0)
        status = source_fault(body->source, start, "an empty list");
    if (status == ST_OK)
        status = form == FORM_TOKENS ? tokens_build(&out->word, body->shape, list, n)
                                     : sparse_build(&out->word, body->shape, list, n);
    free(list);
    return status;
}

/* ---- reading all registers ----------------------------------------------------- */

static double read_double(const struct body *body, size_t at)
{
    uint64_t bits = load_le64(body->source->bytes + at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static enum status read_ranks(struct body *body, unsigned base, uint8_t *ranks)
{
    const struct source *source = body->source;
    unsigned max = 65u - body->shape->precision;
    unsigned least = max;
    unsigned set = 0;
    size_t nibbles = body->at;
    body->at += body->shape->registers / 2;
    for (uint32_t i = 0; i < body->shape->registers; i++) {
        size_t at = nibbles + i / 2;
        unsigned rank = base + ((unsigned)source->bytes[at] >> (i % 2 * 4) & 15u);
        if (rank == base + NIBBLE_FULL) {
            at = body->at;
            enum status status = read_byte(body, &rank);
            if (status != ST_OK)
                return status;
            if (rank < base + NIBBLE_FULL)
                return source_fault(source, at, "rank %u would fit a nibble", rank);
        }
        if (rank > max)
            return source_fault(source, at, "register %u has rank %u, above %u,", i, rank, max);
        least = rank < least ? rank : least;
        set |= rank;
        ranks[i] = (uint8_t)rank;
    }
    if (set == 0)
        return source_fault(source, nibbles, "no register is set");
    if (least != base)
        return source_fault(source, nibbles - 1, "base is %u, but the least rank %u", base, least);
    if (body->at != body->end)
        return source_fault(source, body->at, "bytes follow the last rank");
    return ST_OK;
}

/* Whether the registers bear out a running estimate: within 8 of their own
 * standard errors, and with an error that counting can have led to. A cell that
 * was seeded from tokens knew no more than native_tokens_max() values exactly. */
static bool is_borne_out(double value, double variance, struct estimate raw,
                         const struct sketch_shape *shape)
{
    double slack = 1 + 8 * raw.rse;
    double most = 4 * raw.rse * value;
    double exact = native_tokens_max(shape);
    if (!(value > 0 && value <= raw.value * slack && raw.value <= value * slack))
        return false;
    double least =
        value > 2 * exact ? log(2) / 16 / shape->registers * (value * value - exact * exact) : 0;
    return variance >= least && variance <= most * most;
}

static enum status read_all(struct body *body, struct cell *out)
{
    size_t start = body->at;
    size_t fixed = ALL_HEADER_BYTES + body->shape->registers / 2;
    struct dense dense;
    if (body->end - start < fixed)
        return body_cut_off(body, "the list of registers");
    uint8_t *ranks = malloc(body->shape->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    body->at = start + ALL_HEADER_BYTES;
    enum status status = read_ranks(body, body->source->bytes[body->at - 1], ranks);
    if (status == ST_OK)
        status = dense_of_ranks(&dense, body->shape, ranks) ? ST_OK : ST_RESOURCE_EXHAUSTED;
    free(ranks);
    if (status != ST_OK)
        return status;
    double value = read_double(body, start);
    double variance = read_double(body, start + sizeof value);
    if (is_borne_out(value, variance, dense_estimate(dense.head), body->shape)) {
        dense.head->hip = value;
        dense.head->hip_variance = variance;
    }
    out->word = dense_close(&dense);
    return ST_OK;
}

/* ---- reading ------------------------------------------------------------------- */

static enum status check_header(const struct source *source)
{
    for (size_t i = 0; i < VERSION_AT; i++) {
        if (i < source->len && source->bytes[i] != (uint8_t)NATIVE_MAGIC[i])
            return source_fault(source, i, "its magic is not " NATIVE_MAGIC);
    }
    if (source->len > VERSION_AT && source->bytes[VERSION_AT] != NATIVE_VERSION)
        return source_fault(source, VERSION_AT, "unknown version %u", source->bytes[VERSION_AT]);
    if (source->len < BODY_AT + CHECKSUM_BYTES)
        return source_cut_off(source, "the header");
    size_t end = source->len - CHECKSUM_BYTES;
    if (load_le64(source->bytes + end) != native_checksum(source->bytes, end))
        return source_fault(source, end, "damaged, as the checksum tells,");
    if (hash_kind_name(source->bytes[HASH_AT]) == NULL)
        return source_fault(source, HASH_AT, "unknown hash %u", source->bytes[HASH_AT]);
    return ST_OK;
}

static enum status check_origin(const struct source *source, const struct sketch_origin *origin)
{
    if (source->bytes[HASH_AT] != (uint8_t)origin->hash)
        return error_set(source->err, ST_FAILED_PRECONDITION,
                         "the sketch is of %s, the table of %s",
                         hash_kind_name(source->bytes[HASH_AT]), hash_kind_name((int)origin->hash));
    if (load_le32(source->bytes + FINGERPRINT_AT) != native_fingerprint(origin->seed))
        return error_set(source->err, ST_FAILED_PRECONDITION,
                         "the sketch is of %s under another seed than the table's",
                         hash_kind_name((int)origin->hash));
    return ST_OK;
}

enum status native_read(const struct source *source, const struct sketch_origin *origin,
                        struct sketch_shape *shape, struct cell *out)
{
    enum status status = check_header(source);
    if (status == ST_OK)
        status = check_origin(source, origin);
    if (status != ST_OK)
        return status;
    if (sketch_shape_init(shape, source->bytes[PRECISION_AT]) != ST_OK)
        return source_fault(source, PRECISION_AT, "precision %u is not 4 to 18",
                            source->bytes[PRECISION_AT]);
    struct body body = { source, shape, BODY_AT, source->len - CHECKSUM_BYTES };
    switch (source->bytes[FORM_AT]) {
    case FORM_EMPTY:
        return body.at == body.end ? ST_OK : source_fault(source, body.at, "bytes follow its end");
    case FORM_TOKENS:
    case FORM_REGISTERS:
        return read_list(&body, (enum native_form)source->bytes[FORM_AT], out);
    case FORM_ALL:
        return read_all(&body, out);
    default:
        return source_fault(source, FORM_AT, "unknown form %u", source->bytes[FORM_AT]);
    }
}
