#include <string.h>

#include "daemon/sketch/dense.h"
#include "daemon/sketch/dump.h"
#include "daemon/sketch/dump_layout.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/little_endian.h"
#include "daemon/sketch/native_layout.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

#define LIST_HEAD_BYTES (1u + DUMP_GAP_BYTES_MAX)
#define ITEM_BYTES_MAX (DUMP_GAP_BYTES_MAX + 1u)

static size_t dense_dump_bytes(const struct dense *dense)
{
    if (dense->is_bytes)
        return 1 + DUMP_DOUBLES_BYTES + dense->register_count;
    return 1 + DUMP_NIBBLES_HEAD_BYTES + dense->register_count / 2 +
           dense->head->exception_count * sizeof(uint32_t);
}

static uint32_t list_count(uint64_t word)
{
    return tokens_held(word) ? tokens_count(word) : word_count(word);
}

size_t cell_dump_max(const struct sketch_shape *shape)
{
    size_t list = LIST_HEAD_BYTES + (size_t)native_tokens_max(shape) * ITEM_BYTES_MAX;
    size_t all = 1 + DUMP_NIBBLES_HEAD_BYTES + (size_t)shape->registers;
    return list > all ? list : all;
}

size_t cell_dump_bound(const struct cell *cell, const struct sketch_shape *shape)
{
    (void)shape;
    if (word_state(cell->word) == CELL_DENSE) {
        struct dense dense = dense_open(cell->word);
        return dense_dump_bytes(&dense);
    }
    return LIST_HEAD_BYTES + (size_t)list_count(cell->word) * ITEM_BYTES_MAX;
}

static uint8_t *write_gap(uint8_t *at, uint32_t gap)
{
    for (; gap >= 0x80; gap >>= 7)
        *at++ = (uint8_t)(gap | 0x80);
    *at++ = (uint8_t)gap;
    return at;
}

static uint8_t *write_head(uint8_t *at, enum dump_form form, uint32_t n)
{
    if (n < DUMP_COUNT_MORE) {
        *at++ = (uint8_t)(n << DUMP_FORM_BITS | form);
        return at;
    }
    *at++ = (uint8_t)(DUMP_COUNT_MORE << DUMP_FORM_BITS | form);
    return write_gap(at, n);
}

static uint8_t *write_tokens(uint8_t *at, uint64_t word, const struct sketch_shape *shape)
{
    struct token_iter iter;
    uint32_t token;
    uint32_t least = 0; /* what may come next */
    at = write_head(at, DUMP_TOKENS, tokens_count(word));
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
    at = write_head(at, DUMP_REGISTERS, word_count(word));
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

static uint8_t *write_dense(uint8_t *at, uint64_t word)
{
    struct dense dense = dense_open(word);
    size_t bytes = dense.is_bytes ? dense.register_count : dense.register_count / 2;
    *at++ = dense.is_bytes ? DUMP_BYTES : DUMP_NIBBLES;
    at = write_double(at, dense.head->hip);
    at = write_double(at, dense.head->hip_variance);
    if (!dense.is_bytes) {
        *at++ = dense.base;
        at = store_le(at, dense.head->exception_count, 2);
    }
    memcpy(at, dense.registers, bytes);
    at += bytes;
    for (uint32_t i = 0; i < dense.head->exception_count; i++)
        at = store_le(at, dense.exceptions[i], 4);
    return at;
}

size_t cell_dump(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    uint8_t *end;
    if (tokens_held(cell->word))
        end =
            cell->word == 0 ? write_head(out, DUMP_EMPTY, 0) : write_tokens(out, cell->word, shape);
    else if (word_state(cell->word) == CELL_SPARSE)
        end = write_registers(out, cell->word);
    else
        end = write_dense(out, cell->word);
    return (size_t)(end - out);
}
