#include "daemon/sketch/rollup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/change.h"
#include "daemon/sketch/dense_ranks.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/union_parts.h"
#include "daemon/sketch/word.h"

#define CODES_AHEAD 24u

static void raise(uint8_t *ranks, unsigned precision, uint32_t code)
{
    uint8_t *at = ranks + change_index(code, precision);
    uint8_t rank = (uint8_t)change_rank(code, precision);
    *at = rank > *at ? rank : *at;
}

/* The same for n codes, whose ranks are fetched ahead. */
static void raise_all(uint8_t *ranks, unsigned precision, const uint32_t *codes, size_t n)
{
    for (size_t i = 0; i < n && i < CODES_AHEAD; i++)
        __builtin_prefetch(ranks + change_index(codes[i], precision), 1);
    for (size_t i = 0; i < n; i++) {
        if (i + CODES_AHEAD < n)
            __builtin_prefetch(ranks + change_index(codes[i + CODES_AHEAD], precision), 1);
        raise(ranks, precision, codes[i]);
    }
}

/* Goes on in ranks. */
static enum status to_ranks(struct rollup *rollup, const struct sketch_shape *shape)
{
    uint8_t *ranks = heap_alloc_zeroed(shape->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < token_set_slots(&rollup->tokens); i++) {
        if (rollup->tokens.slots[i] != 0)
            raise(ranks, shape->precision, rollup->tokens.slots[i]);
    }
    heap_free(rollup->tokens.slots);
    rollup->tokens = (struct token_set){ 0 };
    rollup->ranks = ranks;
    rollup->register_count = shape->registers;
    return ST_OK;
}

enum grown {
    GROWN,
    GROWN_CROWDED, /* its tokens would lie too close, with nothing changed */
    GROWN_NO_MEMORY,
};

/* Makes the table twice as large, or the first one. */
static enum grown grow(struct token_set *tokens)
{
    assert(tokens->bits < TOKEN_BITS);
    struct token_set grown = { .bits = tokens->bits == 0 ? TOKEN_SET_BITS_MIN : tokens->bits + 1 };
    grown.slots = heap_alloc_zeroed(token_set_slots(&grown) * sizeof *grown.slots);
    if (grown.slots == NULL)
        return GROWN_NO_MEMORY;
    if (!token_set_put_all(&grown, tokens)) {
        heap_free(grown.slots);
        return GROWN_CROWDED;
    }
    heap_free(tokens->slots);
    *tokens = grown;
    return GROWN;
}

static bool may_grow(const struct token_set *tokens, const struct sketch_shape *shape)
{
    return tokens->bits < TOKEN_SET_BITS_MIN ||
           sizeof(uint32_t) << (tokens->bits + 1) <= shape->token_bytes_max;
}

static enum status feed_token(struct rollup *rollup, const struct sketch_shape *shape,
                              uint32_t token)
{
    enum grown grown = GROWN;
    if (rollup->tokens.count >= token_set_room(&rollup->tokens))
        grown = may_grow(&rollup->tokens, shape) ? grow(&rollup->tokens) : GROWN_CROWDED;
    if (grown == GROWN_NO_MEMORY)
        return ST_RESOURCE_EXHAUSTED;
    if (grown == GROWN && token_set_put(&rollup->tokens, token))
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
    if (status == ST_OK)
        raise_all(rollup->ranks, shape->precision, codes + i, n - i);
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
    uint32_t pair[2];
    uint32_t *list = NULL;
    uint32_t n = tokens_count(word);
    if (word_state(word) == CELL_PACKED && (list = malloc(n * sizeof *list)) == NULL)
        return ST_RESOURCE_EXHAUSTED;
    /* room for all before the first: in order, they would lie close together in less */
    while (rollup->ranks == NULL && token_set_room(&rollup->tokens) < rollup->tokens.count + n &&
           may_grow(&rollup->tokens, shape) && grow(&rollup->tokens) == GROWN)
        continue;
    enum status status = rollup_feed(rollup, shape, tokens_list(word, pair, list), n);
    free(list);
    return status;
}

static enum status feed_dense(struct rollup *rollup, const struct sketch_shape *shape,
                              const struct cell *cell)
{
    struct dense dense = dense_open(cell->word);
    enum status status = rollup->ranks == NULL ? to_ranks(rollup, shape) : ST_OK;
    if (status == ST_OK)
        dense_raise_ranks(&dense, rollup->ranks);
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

enum status rollup_unite(const struct rollup *rollup, struct union_scratch *scratch)
{
    if (rollup->ranks != NULL)
        return union_scratch_add_ranks(scratch, rollup->ranks);
    return rollup->tokens.count == 0 ? ST_OK : union_scratch_add_set(scratch, &rollup->tokens);
}

size_t rollup_bytes(const struct rollup *rollup)
{
    const struct token_set *tokens = &rollup->tokens;
    if (rollup->ranks != NULL)
        return heap_block_bytes(rollup->register_count);
    return tokens->slots == NULL
               ? 0
               : heap_block_bytes(token_set_slots(tokens) * sizeof *tokens->slots);
}

void rollup_release(struct rollup *rollup)
{
    heap_free(rollup->tokens.slots);
    heap_free(rollup->ranks);
    *rollup = (struct rollup){ 0 };
}
