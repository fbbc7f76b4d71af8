#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/format.h"
#include "daemon/sketch/little_endian.h"
#include "daemon/sketch/native_layout.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

uint32_t native_fingerprint(uint64_t seed)
{
    uint8_t bytes[8];
    (void)store_le(bytes, seed, sizeof bytes);
    return (uint32_t)XXH3_64bits(bytes, sizeof bytes);
}

uint64_t native_checksum(const uint8_t *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

size_t native_bytes_max(const struct sketch_shape *shape)
{
    size_t list = (size_t)native_tokens_max(shape) * (GAP_BYTES_MAX + 1);
    size_t all = ALL_HEADER_BYTES + (size_t)shape->registers / 2 + shape->registers;
    return BODY_AT + (list > all ? list : all) + CHECKSUM_BYTES;
}

static uint8_t *write_gap(uint8_t *at, uint32_t gap)
{
    for (; gap >= 0x80; gap >>= 7)
        *at++ = (uint8_t)(gap | 0x80);
    *at++ = (uint8_t)gap;
    return at;
}

static uint8_t *write_tokens(uint8_t *at, uint64_t word, const struct sketch_shape *shape)
{
    struct token_iter iter;
    uint32_t token;
    uint32_t least = 0; /* what may come next */
    token_iter_init(&iter, word, shape);
    while (token_iter_next(&iter, &token)) {
        uint32_t bits = token >> TOKEN_RHO_BITS;
        at = write_gap(at, bits - least);
        if (token_middle(token, shape->precision) == 0)
            *at++ = (uint8_t)(token & TOKEN_RHO_MASK);
        least = bits + 1;
    }
    return at;
}

static uint8_t *write_registers(uint8_t *at, uint64_t word)
{
    const uint32_t *entries = sparse_entries(word);
    uint32_t least = 0;
    for (uint32_t i = 0; i < word_count(word); i++) {
        at = write_gap(at, entry_index(entries[i]) - least);
        *at++ = (uint8_t)entry_rank(entries[i]);
        least = entry_index(entries[i]) + 1;
    }
    return at;
}

static uint8_t *write_double(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return store_le(at, bits, sizeof bits);
}

static uint8_t *write_all(uint8_t *at, uint64_t word)
{
    struct dense dense = dense_open(word);
    at = write_double(at, dense.head->hip);
    at = write_double(at, dense.head->hip_variance);
    *at++ = dense.base;
    uint8_t *nibbles = at;
    at += dense.register_count / 2;
    for (uint32_t i = 0; i < dense.register_count; i++) {
        unsigned above = dense_get(&dense, i) - dense.base;
        unsigned nibble = above < NIBBLE_FULL ? above : NIBBLE_FULL;
        if (nibble == NIBBLE_FULL)
            *at++ = (uint8_t)(above + dense.base);
        nibbles[i / 2] = (uint8_t)(i % 2 == 0 ? nibble : nibbles[i / 2] | nibble << 4);
    }
    return at;
}

static enum native_form form_of(uint64_t word)
{
    if (word == 0)
        return FORM_EMPTY;
    if (tokens_held(word))
        return FORM_TOKENS;
    return word_state(word) == CELL_SPARSE ? FORM_REGISTERS : FORM_ALL;
}

size_t native_write(const struct sketch_origin *origin, const struct cell *cell, uint8_t *out)
{
    enum native_form form = form_of(cell->word);
    memcpy(out, NATIVE_MAGIC, VERSION_AT);
    out[VERSION_AT] = NATIVE_VERSION;
    out[PRECISION_AT] = origin->shape->precision;
    out[HASH_AT] = (uint8_t)origin->hash;
    out[FORM_AT] = (uint8_t)form;
    uint8_t *at = store_le(out + FINGERPRINT_AT, native_fingerprint(origin->seed), 4);
    if (form == FORM_TOKENS)
        at = write_tokens(at, cell->word, origin->shape);
    else if (form == FORM_REGISTERS)
        at = write_registers(at, cell->word);
    else if (form == FORM_ALL)
        at = write_all(at, cell->word);
    at = store_le(at, native_checksum(out, (size_t)(at - out)), CHECKSUM_BYTES);
    return (size_t)(at - out);
}
