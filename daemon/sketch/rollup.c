#include "daemon/sketch/rollup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/change.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/union_parts.h"
#include "daemon/sketch/word.h"

#define BITS_MIN 4u
#define PROBES_MAX 128u /* only chosen values lie so close: ranks for them */
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

static void raise(uint8_t *ranks, unsigned precision, uint32_t code)
{
    uint8_t *at = ranks + change_index(code, precision);
    uint8_t rank = (uint8_t)change_rank(code, precision);
    *at = rank > *at ? rank : *at;
}

/* Goes on in ranks. */
static enum status to_ranks(struct rollup *rollup, const struct sketch_shape *shape)
{
    uint8_t *ranks = heap_alloc_zeroed(shape->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; rollup->tokens != NULL && i < 1u << rollup->bits; i++) {
        if (rollup->tokens[i] != 0)
            raise(ranks, shape->precision, rollup->tokens[i]);
    }
    heap_free(rollup->tokens);
    rollup->tokens = NULL;
    rollup->bits = 0;
    rollup->ranks = ranks;
    rollup->count = shape->registers;
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
    grown.tokens = heap_alloc_zeroed(sizeof *grown.tokens << grown.bits);
    if (grown.tokens == NULL)
        return GROWN_NO_MEMORY;
    for (uint32_t i = 0; rollup->tokens != NULL && i < 1u << rollup->bits; i++) {
        if (rollup->tokens[i] != 0 && put(&grown, rollup->tokens[i]) != PUT_DONE) {
            heap_free(grown.tokens);
            return GROWN_CROWDED;
        }
    }
    heap_free(rollup->tokens);
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
    enum status status = to_ranks(rollup, shape);
    if (status == ST_OK)
        raise(rollup->ranks, shape->precision, token);
    return status;
}

enum status rollup_feed(struct rollup *rollup, const struct sketch_shape *shape,
                        const uint32_t *codes, size_t n)
{
    enum status status = ST_OK;
    size_t i = 0;
    for (; i < n && status == ST_OK && rollup->ranks == NULL; i++) {
        if (!change_is_register(codes[i])) {
            status = feed_token(rollup, shape, codes[i]);
        } else {
            status = to_ranks(rollup, shape);
            if (status == ST_OK)
                raise(rollup->ranks, shape->precision, codes[i]);
        }
    }
    assert(rollup->ranks != NULL || status != ST_OK || i == n);
    for (; i < n && status == ST_OK; i++)
        raise(rollup->ranks, shape->precision, codes[i]);
    return status;
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

static enum status feed_dense(struct rollup *rollup, const struct sketch_shape *shape,
                              const struct cell *cell)
{
    uint8_t *ranks = malloc(shape->registers);
    enum status status = ranks == NULL ? ST_RESOURCE_EXHAUSTED : ST_OK;
    if (status == ST_OK && rollup->ranks == NULL)
        status = to_ranks(rollup, shape);
    if (status == ST_OK) {
        assert(rollup->ranks != NULL);
        cell_registers(cell, shape, ranks);
        for (uint32_t i = 0; i < shape->registers; i++)
            rollup->ranks[i] = ranks[i] > rollup->ranks[i] ? ranks[i] : rollup->ranks[i];
    }
    free(ranks);
    return status;
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

bool rollup_may_owe(const struct rollup *rollup, const struct sketch_shape *shape,
                    const struct cell *cell)
{
    if (cell->word == 0)
        return false;
    if (rollup->ranks == NULL || word_state(cell->word) == CELL_DENSE)
        return true;
    struct entry_iter iter;
    uint32_t entry;
    entry_iter_init(&iter, cell->word, shape);
    while (entry_iter_next(&iter, &entry)) {
        if (entry_rank(entry) >= rollup->ranks[entry_index(entry)])
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
    if (rollup->ranks != NULL)
        return union_scratch_add_ranks(scratch, rollup->ranks);
    return rollup->count == 0 ? ST_OK : unite_tokens(rollup, shape, scratch);
}

size_t rollup_bytes(const struct rollup *rollup)
{
    if (rollup->ranks != NULL)
        return heap_block_bytes(rollup->count);
    return rollup->tokens == NULL ? 0 : heap_block_bytes(sizeof(uint32_t) << rollup->bits);
}

void rollup_release(struct rollup *rollup)
{
    heap_free(rollup->tokens);
    heap_free(rollup->ranks);
    *rollup = (struct rollup){ 0 };
}
