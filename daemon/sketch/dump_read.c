#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dense_ranks.h"
#include "daemon/sketch/dump.h"
#include "daemon/sketch/dump_layout.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/little_endian.h"
#include "daemon/sketch/native_layout.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

#define RHO_MAX (65u - TOKEN_HASH_BITS)
#define LIST_FEW 64u /* items read without memory for them */

/* Bytes on their way from at to end. */
struct dump {
    const struct sketch_shape *shape;
    const uint8_t *at;
    const uint8_t *end;
};

static size_t left(const struct dump *dump)
{
    return (size_t)(dump->end - dump->at);
}

/* ---- lists --------------------------------------------------------------------- */

static bool read_gap(struct dump *dump, uint32_t *gap)
{
    unsigned byte = 0x80;
    *gap = 0;
    for (unsigned i = 0; i < DUMP_GAP_BYTES_MAX && byte >= 0x80; i++) {
        if (dump->at == dump->end)
            return false;
        byte = *dump->at++;
        *gap |= (byte & 0x7fu) << (7 * i);
    }
    return byte < 0x80;
}

/* Reads a gap to what may come next, *least, and leaves there what it leads to,
 * which lies below limit. */
static bool read_step(struct dump *dump, uint32_t limit, uint32_t *least)
{
    uint32_t gap;
    if (*least >= limit || !read_gap(dump, &gap) || gap >= limit - *least)
        return false;
    *least += gap;
    return true;
}

static bool read_token(struct dump *dump, uint32_t *least, uint32_t *token)
{
    if (!read_step(dump, 1u << TOKEN_HASH_BITS, least))
        return false;
    *token = *least << TOKEN_RHO_BITS;
    if (token_middle(*token, dump->shape->precision) != 0)
        return true;
    if (dump->at == dump->end || *dump->at == 0 || *dump->at > RHO_MAX)
        return false;
    *token |= *dump->at++;
    return true;
}

static bool read_entry(struct dump *dump, uint32_t *least, uint32_t *entry)
{
    if (!read_step(dump, dump->shape->registers, least) || dump->at == dump->end)
        return false;
    unsigned rank = *dump->at++;
    *entry = entry_make(*least, rank);
    return rank > 0 && rank <= 65u - dump->shape->precision;
}

static bool read_items(struct dump *dump, enum dump_form form, uint32_t *items, uint32_t n)
{
    uint32_t least = 0;
    bool is_sound = true;
    for (uint32_t i = 0; i < n && is_sound; i++, least++)
        is_sound = form == DUMP_TOKENS ? read_token(dump, &least, &items[i])
                                       : read_entry(dump, &least, &items[i]);
    return is_sound;
}

static enum status build_list(struct dump *dump, enum dump_form form, uint32_t *items, uint32_t n,
                              struct cell *out)
{
    if (!read_items(dump, form, items, n))
        return ST_INVALID_ARGUMENT;
    return form == DUMP_TOKENS ? tokens_build(&out->word, dump->shape, items, n)
                               : sparse_build(&out->word, dump->shape, items, n);
}

static enum status read_list(struct dump *dump, enum dump_form form, uint32_t n, struct cell *out)
{
    uint32_t max = form == DUMP_TOKENS ? native_tokens_max(dump->shape) : dump->shape->registers;
    uint32_t few[LIST_FEW];
    if (n == DUMP_COUNT_MORE && !read_gap(dump, &n))
        return ST_INVALID_ARGUMENT;
    if (n == 0 || n > max || n > left(dump))
        return ST_INVALID_ARGUMENT;
    if (n <= LIST_FEW)
        return build_list(dump, form, few, n, out);
    uint32_t *many = malloc(n * sizeof *many);
    if (many == NULL)
        return ST_RESOURCE_EXHAUSTED;
    enum status status = build_list(dump, form, many, n, out);
    free(many);
    return status;
}

/* ---- all registers ------------------------------------------------------------- */

static double load_double(const uint8_t *bytes)
{
    uint64_t bits = load_le64(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Takes over the running estimate, which any counting can have led to. */
static bool set_estimate(struct dense *dense, const uint8_t *bytes)
{
    dense->head->hip = load_double(bytes);
    dense->head->hip_variance = load_double(bytes + sizeof(double));
    return isfinite(dense->head->hip) && dense->head->hip > 0 &&
           isfinite(dense->head->hip_variance) && dense->head->hip_variance >= 0;
}

static unsigned nibble_of(const struct dense *dense, uint32_t index)
{
    return (unsigned)dense->registers[nibble_offset(index)] >> (index / 32 % 2 * 4) & 15u;
}

/* Lists the exceptions: each of a register whose nibble is 15, none left out. */
static bool set_exceptions(struct dense *dense, const uint8_t *bytes, uint32_t n)
{
    uint32_t full = 0;
    for (uint32_t i = 0; i < dense->register_count / 2; i++)
        full += (uint32_t)((dense->registers[i] & 15u) == NIBBLE_FULL) +
                (uint32_t)(dense->registers[i] >> 4 == NIBBLE_FULL);
    if (full != n)
        return false;
    uint32_t least = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t exception = load_le32(bytes + i * sizeof exception);
        uint32_t index = entry_index(exception);
        unsigned rank = entry_rank(exception);
        if (index < least || index >= dense->register_count ||
            nibble_of(dense, index) != NIBBLE_FULL || rank < dense->base + NIBBLE_FULL ||
            rank > 65u - dense->precision)
            return false;
        dense->exceptions[i] = exception;
        least = index + 1;
    }
    dense->head->exception_count = n;
    return true;
}

/* Is no rank too great, and base the least of them? */
static bool nibbles_are_sound(const struct dense *dense)
{
    unsigned greatest = 0;
    unsigned least = NIBBLE_FULL;
    for (uint32_t i = 0; i < dense->register_count; i++) {
        unsigned nibble = nibble_of(dense, i);
        least = nibble < least ? nibble : least;
        if (nibble < NIBBLE_FULL && nibble > greatest)
            greatest = nibble;
    }
    if (least != 0 || dense->base + greatest > 65u - dense->precision)
        return false;
    return dense->base + greatest > 0 || dense->head->exception_count > 0;
}

static enum status fill_nibbles(struct dump *dump, struct dense *dense)
{
    const uint8_t *head = dump->at;
    uint32_t n = (uint32_t)load_le(head + DUMP_DOUBLES_BYTES + 1, 2);
    size_t half = dense->register_count / 2;
    dump->at += DUMP_NIBBLES_HEAD_BYTES + half;
    if (dense->is_bytes || left(dump) < n * sizeof(uint32_t))
        return ST_INVALID_ARGUMENT;
    if (!dense_reserve(dense, n))
        return ST_RESOURCE_EXHAUSTED;
    if (dense->is_bytes) /* more exceptions than nibbles are kept for */
        return ST_INVALID_ARGUMENT;
    dense->base = head[DUMP_DOUBLES_BYTES];
    memcpy(dense->registers, head + DUMP_NIBBLES_HEAD_BYTES, half);
    if (!set_exceptions(dense, dump->at, n) || !nibbles_are_sound(dense) ||
        !set_estimate(dense, head))
        return ST_INVALID_ARGUMENT;
    dense_rebuild(dense, dense->base);
    dump->at += n * sizeof(uint32_t);
    return ST_OK;
}

static enum status read_nibbles(struct dump *dump, struct cell *out)
{
    struct dense dense;
    if (left(dump) < DUMP_NIBBLES_HEAD_BYTES + (size_t)dump->shape->registers / 2)
        return ST_INVALID_ARGUMENT;
    if (!dense_new(&dense, dump->shape))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = fill_nibbles(dump, &dense);
    if (status == ST_OK)
        out->word = dense_close(&dense);
    else
        dense_free(&dense);
    return status;
}

static bool ranks_are_sound(const struct sketch_shape *shape, const uint8_t *ranks)
{
    unsigned greatest = 0;
    for (uint32_t i = 0; i < shape->registers; i++)
        greatest = ranks[i] > greatest ? ranks[i] : greatest;
    return greatest > 0 && greatest <= 65u - shape->precision;
}

static enum status read_bytes(struct dump *dump, struct cell *out)
{
    struct dense dense;
    const uint8_t *head = dump->at;
    const uint8_t *ranks = head + DUMP_DOUBLES_BYTES;
    if (left(dump) < DUMP_DOUBLES_BYTES + (size_t)dump->shape->registers ||
        !ranks_are_sound(dump->shape, ranks))
        return ST_INVALID_ARGUMENT;
    if (!dense_of_ranks(&dense, dump->shape, ranks))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = dense_to_bytes(&dense) ? ST_OK : ST_RESOURCE_EXHAUSTED;
    if (status == ST_OK && !set_estimate(&dense, head))
        status = ST_INVALID_ARGUMENT;
    if (status != ST_OK) {
        dense_free(&dense);
        return status;
    }
    dump->at = ranks + dump->shape->registers;
    out->word = dense_close(&dense);
    return ST_OK;
}

/* ---- reading ------------------------------------------------------------------- */

enum status cell_load(struct cell *out, const struct sketch_shape *shape, const uint8_t *bytes,
                      size_t len, size_t *used)
{
    struct dump dump = { shape, bytes, bytes + len };
    enum status status = ST_INVALID_ARGUMENT;
    if (len == 0)
        return status;
    unsigned first = *dump.at++;
    uint32_t n = first >> DUMP_FORM_BITS;
    enum dump_form form = (enum dump_form)(first & DUMP_FORM_MASK);
    if (form == DUMP_TOKENS || form == DUMP_REGISTERS)
        status = read_list(&dump, form, n, out);
    else if (n != 0)
        return status;
    else if (form == DUMP_EMPTY)
        status = ST_OK;
    else if (form == DUMP_NIBBLES)
        status = read_nibbles(&dump, out);
    else if (form == DUMP_BYTES)
        status = read_bytes(&dump, out);
    if (status == ST_OK)
        *used = (size_t)(dump.at - bytes);
    return status;
}
