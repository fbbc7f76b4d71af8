#include "daemon/sketch/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/change.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/union_parts.h"
#include "daemon/sketch/word.h"

#define BITS_MIN 4u
#define PROBES_MAX 128u /* only chosen values lie so close: registers for them */
#define FEED_TOKENS 64u

/* A token's first slot: its high bits, so that the table is nearly sorted. */
static uint32_t home_of(const struct rollup *rollup, uint32_t token)
{
    return token >> (TOKEN_BITS - rollup->bits);
}

enum put {
    PUT_DONE,
    PUT_CROWDED, /* too far from its first slot */
};

/* Puts a token into the table, which has a free slot. */
static enum put put(struct rollup *rollup, uint32_t token)
{
    uint32_t mask = (1u << rollup->bits) - 1;
    uint32_t slot = home_of(rollup, token);
    for (uint32_t probes = 0; probes < PROBES_MAX; probes++, slot = (slot + 1) & mask) {
        uint32_t there = rollup->tokens[slot];
        if (there != 0 && !token_same(there, token))
            continue;
        rollup->count += there == 0;
        if (token > there)
            rollup->tokens[slot] = token;
        return PUT_DONE;
    }
    return PUT_CROWDED;
}

static bool raise(struct dense *dense, uint32_t code)
{
    bool raised;
    return dense_raise(dense, change_index(code, dense->precision),
                       change_rank(code, dense->precision), false, &raised) == ST_OK;
}

/* Goes on in registers, code being one of them. */
static enum status to_registers(struct rollup *rollup, const struct sketch_shape *shape,
                                uint32_t code)
{
    struct dense dense;
    if (!dense_new(&dense, shape))
        return ST_RESOURCE_EXHAUSTED;
    bool fits = raise(&dense, code);
    for (uint32_t i = 0; fits && rollup->tokens != NULL && i < 1u << rollup->bits; i++) {
        if (rollup->tokens[i] != 0)
            fits = raise(&dense, rollup->tokens[i]);
    }
    if (!fits) {
        dense_free(&dense);
        return ST_RESOURCE_EXHAUSTED;
    }
    free(rollup->tokens);
    *rollup = (struct rollup){ .registers = { dense_close(&dense) } };
    return ST_OK;
}

enum grown {
    GROWN,
    GROWN_CROWDED, /* as PUT_CROWDED, with nothing changed */
    GROWN_NO_MEMORY,
};

/* Makes the table twice as large, or the first one. */
static enum grown grow(struct rollup *rollup)
{
    struct rollup grown = { .bits = rollup->bits == 0 ? BITS_MIN : rollup->bits + 1 };
    grown.tokens = calloc(1u << grown.bits, sizeof *grown.tokens);
    if (grown.tokens == NULL)
        return GROWN_NO_MEMORY;
    for (uint32_t i = 0; rollup->tokens != NULL && i < 1u << rollup->bits; i++) {
        if (rollup->tokens[i] != 0 && put(&grown, rollup->tokens[i]) != PUT_DONE) {
            free(grown.tokens);
            return GROWN_CROWDED;
        }
    }
    free(rollup->tokens);
    *rollup = grown;
    return GROWN;
}

/* Is the table half full? Linear probing wants no more. */
static bool is_full(const struct rollup *rollup)
{
    return rollup->bits == 0 || rollup->count >= 1u << (rollup->bits - 1);
}

static bool may_grow(const struct rollup *rollup, const struct sketch_shape *shape)
{
    return rollup->bits < BITS_MIN ||
           sizeof(uint32_t) << (rollup->bits + 1) <= shape->token_bytes_max;
}

static enum status feed_token(struct rollup *rollup, const struct sketch_shape *shape,
                              uint32_t token)
{
    enum grown grown = GROWN;
    if (is_full(rollup))
        grown = may_grow(rollup, shape) ? grow(rollup) : GROWN_CROWDED;
    if (grown == GROWN_NO_MEMORY)
        return ST_RESOURCE_EXHAUSTED;
    if (grown == GROWN && put(rollup, token) == PUT_DONE)
        return ST_OK;
    return to_registers(rollup, shape, token);
}

static enum status feed_registers(struct rollup *rollup, const uint32_t *codes, size_t n)
{
    unsigned precision = word_precision(rollup->registers.word);
    bool fits = true;
    for (size_t i = 0; i < n && fits; i++) {
        uint64_t word = rollup->registers.word;
        unsigned rank = change_rank(codes[i], precision);
        if (rank <= word_base(word) ||
            !dense_is_below(word, change_index(codes[i], precision), rank))
            continue;
        struct dense dense = dense_open(word);
        fits = raise(&dense, codes[i]);
        rollup->registers.word = dense_close(&dense);
    }
    return fits ? ST_OK : ST_RESOURCE_EXHAUSTED;
}

enum status rollup_feed(struct rollup *rollup, const struct sketch_shape *shape,
                        const uint32_t *codes, size_t n)
{
    enum status status = ST_OK;
    size_t i = 0;
    for (; i < n && status == ST_OK && rollup->registers.word == 0; i++) {
        status = change_is_register(codes[i]) ? to_registers(rollup, shape, codes[i])
                                              : feed_token(rollup, shape, codes[i]);
    }
    return i == n || status != ST_OK ? status : feed_registers(rollup, codes + i, n - i);
}

static enum status feed_entries(struct rollup *rollup, const struct sketch_shape *shape,
                                uint64_t word)
{
    struct entry_iter iter;
    uint32_t entry;
    enum status status = ST_OK;
    entry_iter_init(&iter, word, shape);
    while (status == ST_OK && entry_iter_next(&iter, &entry)) {
        uint32_t code = change_of_register(entry_index(entry), entry_rank(entry));
        status = rollup_feed(rollup, shape, &code, 1);
    }
    return status;
}

static enum status feed_tokens(struct rollup *rollup, const struct sketch_shape *shape,
                               uint64_t word)
{
    struct token_iter iter;
    uint32_t tokens[FEED_TOKENS];
    enum status status = ST_OK;
    token_iter_init(&iter, word, shape);
    for (bool more = true; more && status == ST_OK;) {
        size_t n = 0;
        while (n < FEED_TOKENS && (more = token_iter_next(&iter, &tokens[n])))
            n++;
        status = rollup_feed(rollup, shape, tokens, n);
    }
    return status;
}

/* Goes on in a copy of registers that has the tokens in it too. */
static enum status feed_dense(struct rollup *rollup, const struct sketch_shape *shape,
                              const struct cell *cell)
{
    if (rollup->registers.word != 0)
        return cell_merge(&rollup->registers, cell, shape);
    struct rollup merged = { .count = 0 };
    enum status status = cell_merge(&merged.registers, cell, shape);
    for (uint32_t i = 0; status == ST_OK && rollup->tokens != NULL && i < 1u << rollup->bits; i++) {
        if (rollup->tokens[i] != 0)
            status = rollup_feed(&merged, shape, &rollup->tokens[i], 1);
    }
    if (status != ST_OK) {
        rollup_release(&merged);
        return status;
    }
    rollup_release(rollup);
    *rollup = merged;
    return ST_OK;
}

enum status rollup_feed_cell(struct rollup *rollup, const struct sketch_shape *shape,
                             const struct cell *cell)
{
    if (tokens_held(cell->word))
        return feed_tokens(rollup, shape, cell->word);
    if (word_state(cell->word) == CELL_SPARSE)
        return feed_entries(rollup, shape, cell->word);
    return feed_dense(rollup, shape, cell);
}

void rollup_prefetch(const struct rollup *rollup, const uint32_t *codes, size_t n)
{
    uint64_t word = rollup->registers.word;
    if (word != 0) {
        unsigned precision = word_precision(word);
        for (size_t i = 0; i < n; i++) {
            if (change_rank(codes[i], precision) > word_base(word))
                dense_prefetch(word, change_index(codes[i], precision));
        }
        return;
    }
    for (size_t i = 0; rollup->tokens != NULL && i < n; i++) {
        if (!change_is_register(codes[i]))
            __builtin_prefetch(rollup->tokens + home_of(rollup, codes[i]), 1);
    }
}

bool rollup_may_owe(const struct rollup *rollup, const struct sketch_shape *shape,
                    const struct cell *cell)
{
    if (cell->word == 0)
        return false;
    if (rollup->registers.word == 0 || word_state(cell->word) == CELL_DENSE)
        return true;
    struct dense dense = dense_open(rollup->registers.word);
    struct entry_iter iter;
    uint32_t entry;
    entry_iter_init(&iter, cell->word, shape);
    while (entry_iter_next(&iter, &entry)) {
        if (entry_rank(entry) >= dense.base && /* spares most of them a look */
            entry_rank(entry) >= dense_get(&dense, entry_index(entry)))
            return true;
    }
    return false;
}

/* The tokens in order: they are nearly so, but for those that went round the end. */
static void list_tokens(const struct rollup *rollup, uint32_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < 1u << rollup->bits; i++) {
        uint32_t token = rollup->tokens[i];
        if (token == 0)
            continue;
        uint32_t at = n++;
        for (; at > 0 && out[at - 1] > token; at--)
            out[at] = out[at - 1];
        out[at] = token;
    }
}

static enum status unite_tokens(const struct rollup *rollup, const struct sketch_shape *shape,
                                struct union_scratch *scratch)
{
    struct cell cell = { 0 };
    uint32_t *tokens = malloc(rollup->count * sizeof *tokens);
    if (tokens == NULL)
        return ST_RESOURCE_EXHAUSTED;
    list_tokens(rollup, tokens);
    enum status status = tokens_build(&cell.word, shape, tokens, rollup->count);
    if (status == ST_OK)
        status = union_scratch_add(scratch, &cell);
    cell_release(&cell);
    free(tokens);
    return status;
}

enum status rollup_unite(const struct rollup *rollup, const struct sketch_shape *shape,
                         struct union_scratch *scratch)
{
    if (rollup->registers.word == 0)
        return rollup->count == 0 ? ST_OK : unite_tokens(rollup, shape, scratch);
    enum status status = union_scratch_add(scratch, &rollup->registers);
    if (status == ST_OK)
        scratch->contributors++; /* its running estimate means nothing */
    return status;
}

size_t rollup_bytes(const struct rollup *rollup)
{
    size_t tokens = rollup->tokens == NULL ? 0 : allocated_bytes(sizeof(uint32_t) << rollup->bits);
    return tokens + cell_bytes(&rollup->registers);
}

void rollup_release(struct rollup *rollup)
{
    free(rollup->tokens);
    cell_release(&rollup->registers);
    *rollup = (struct rollup){ 0 };
}
