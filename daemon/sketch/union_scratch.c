#include "daemon/sketch/union_scratch.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/kernels.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/union_parts.h"
#include "daemon/sketch/word.h"

#define RANKS_STEP 64u /* registers that a kernel takes at a time */

/* Tokens beyond which a union goes on in registers: what PACKED takes, about. */
static uint32_t tokens_max(const struct sketch_shape *shape)
{
    uint32_t max = shape->token_bytes_max / 2;
    return max < shape->array_max ? shape->array_max : max;
}

struct union_scratch *union_scratch_new(const struct sketch_shape *shape)
{
    struct union_scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch != NULL)
        scratch->shape = *shape;
    return scratch;
}

void union_scratch_free(struct union_scratch *scratch)
{
    if (scratch == NULL)
        return;
    free(scratch->registers);
    free(scratch->tokens);
    free(scratch->spare_tokens);
    free(scratch);
}

void union_scratch_reset(struct union_scratch *scratch)
{
    scratch->contributors = 0;
    scratch->has_registers = false;
    scratch->token_count = 0;
}

static void raise(struct union_scratch *scratch, uint32_t index, unsigned rank)
{
    if (rank > scratch->registers[index])
        scratch->registers[index] = (uint8_t)rank;
}

void union_scratch_ranks(const struct union_scratch *scratch, uint8_t *out)
{
    unsigned precision = scratch->shape.precision;
    if (scratch->has_registers) {
        memcpy(out, scratch->registers, scratch->shape.registers);
        return;
    }
    memset(out, 0, scratch->shape.registers);
    for (uint32_t i = 0; i < scratch->token_count; i++) {
        uint8_t *at = out + token_index(scratch->tokens[i], precision);
        unsigned rank = token_rank(scratch->tokens[i], precision);
        if (rank > *at)
            *at = (uint8_t)rank;
    }
}

/* Goes on in registers. */
static enum status to_registers(struct union_scratch *scratch)
{
    if (scratch->registers == NULL) {
        scratch->registers = malloc(scratch->shape.registers);
        if (scratch->registers == NULL)
            return ST_RESOURCE_EXHAUSTED;
    }
    union_scratch_ranks(scratch, scratch->registers);
    scratch->has_registers = true;
    scratch->least = 0;
    return ST_OK;
}

/* Makes room for both token lists, of as many as a union holds at most. */
static enum status make_token_room(struct union_scratch *scratch)
{
    size_t room = 2 * (size_t)tokens_max(&scratch->shape);
    if (scratch->tokens == NULL)
        scratch->tokens = malloc(room * sizeof *scratch->tokens);
    if (scratch->spare_tokens == NULL)
        scratch->spare_tokens = malloc(room * sizeof *scratch->spare_tokens);
    return scratch->tokens != NULL && scratch->spare_tokens != NULL ? ST_OK : ST_RESOURCE_EXHAUSTED;
}

static enum status add_tokens(struct union_scratch *scratch, uint64_t word)
{
    enum status status = make_token_room(scratch);
    if (status != ST_OK)
        return status;
    uint32_t *tokens = scratch->spare_tokens;
    uint32_t n = tokens_union(word, &scratch->shape, scratch->tokens, scratch->token_count, tokens);
    uint32_t before = scratch->token_count;
    scratch->spare_tokens = scratch->tokens;
    scratch->tokens = tokens;
    scratch->token_count = n;
    if (n <= tokens_max(&scratch->shape))
        return ST_OK;
    status = to_registers(scratch);
    if (status != ST_OK) {
        scratch->tokens = scratch->spare_tokens;
        scratch->spare_tokens = tokens;
        scratch->token_count = before;
    }
    return status;
}

static void raise_dense(struct union_scratch *scratch, uint64_t word)
{
    struct dense dense = dense_open(word);
    if (dense.is_bytes) {
        for (uint32_t i = 0; i < dense.register_count; i++)
            raise(scratch, i, dense.registers[i]);
        return;
    }
    scratch->least = kernels_best()->ranks_raise(scratch->registers, dense.registers,
                                                 dense.register_count / 2, dense.base);
    for (uint32_t i = 0; i < dense.head->exception_count; i++)
        raise(scratch, entry_index(dense.exceptions[i]), entry_rank(dense.exceptions[i]));
}

static enum status add_registers(struct union_scratch *scratch, uint64_t word)
{
    enum status status = scratch->has_registers ? ST_OK : to_registers(scratch);
    if (status != ST_OK)
        return status;
    if (word_state(word) == CELL_DENSE) {
        raise_dense(scratch, word);
        return ST_OK;
    }
    struct entry_iter iter;
    uint32_t entry;
    entry_iter_init(&iter, word, &scratch->shape);
    while (entry_iter_next(&iter, &entry))
        raise(scratch, entry_index(entry), entry_rank(entry));
    return ST_OK;
}

enum status union_scratch_add(struct union_scratch *scratch, const struct cell *cell)
{
    if (cell->word == 0)
        return ST_OK;
    bool stays_tokens = tokens_held(cell->word) && !scratch->has_registers;
    enum status status =
        stays_tokens ? add_tokens(scratch, cell->word) : add_registers(scratch, cell->word);
    if (status != ST_OK)
        return status;
    if (scratch->contributors++ == 0)
        scratch->only = cell_estimate(cell, &scratch->shape);
    return ST_OK;
}

enum status union_scratch_add_ranks(struct union_scratch *scratch, const uint8_t *ranks)
{
    enum { STEP = 16 }; /* the least that there are */
    enum status status = scratch->has_registers ? ST_OK : to_registers(scratch);
    if (status != ST_OK)
        return status;
    for (uint32_t at = 0; at < scratch->shape.registers; at += STEP) {
        uint8_t *into = scratch->registers + at;
        for (uint32_t i = 0; i < STEP; i++)
            into[i] = ranks[at + i] > into[i] ? ranks[at + i] : into[i];
    }
    scratch->contributors += 2; /* no cell's own estimate is the union's */
    return ST_OK;
}

static const struct kernels *kernels_for(const struct sketch_shape *shape)
{
    return shape->registers < RANKS_STEP ? &kernels_portable : kernels_best();
}

struct estimate estimate_ranks_from(const uint8_t *ranks, uint8_t least,
                                    const struct sketch_shape *shape)
{
    struct rank_sums summed =
        kernels_for(shape)->ranks_sum(ranks, shape->registers, least, 64u - shape->precision);
    struct register_sums sums = {
        .kx = summed.kx,
        .zeros = summed.zeros,
        .at_cap = summed.at_cap,
    };
    return estimate_registers(&sums, shape);
}

struct estimate estimate_ranks(const uint8_t *ranks, const struct sketch_shape *shape)
{
    return estimate_ranks_from(ranks, kernels_for(shape)->ranks_least(ranks, shape->registers),
                               shape);
}

struct estimate union_scratch_estimate(struct union_scratch *scratch)
{
    if (scratch->contributors == 1)
        return scratch->only;
    if (!scratch->has_registers)
        return estimate_tokens(scratch->token_count);
    return estimate_ranks_from(scratch->registers, scratch->least, &scratch->shape);
}
