#include "daemon/sketch/union_scratch.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/union_parts.h"
#include "daemon/sketch/word.h"

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
    union_registers_release(&scratch->registers);
    free(scratch->tokens);
    free(scratch->spare_tokens);
    free(scratch);
}

void union_scratch_reset(struct union_scratch *scratch)
{
    scratch->contributors = 0;
    scratch->has_registers = false;
    scratch->ahead = NULL;
    scratch->token_count = 0;
}

void union_scratch_ranks(const struct union_scratch *scratch, uint8_t *out)
{
    unsigned precision = scratch->shape.precision;
    if (scratch->has_registers) {
        union_registers_read(&scratch->registers, out);
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
    struct union_registers *registers = &scratch->registers;
    unsigned precision = scratch->shape.precision;
    if (registers->ranks == NULL && !union_registers_init(registers, precision))
        return ST_RESOURCE_EXHAUSTED;
    union_registers_clear(registers);
    for (uint32_t i = 0; i < scratch->token_count; i++) {
        uint32_t token = scratch->tokens[i];
        union_registers_raise(registers, token_index(token, precision),
                              token_rank(token, precision));
    }
    scratch->has_registers = true;
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

static enum status add_registers(struct union_scratch *scratch, uint64_t word)
{
    enum status status = scratch->has_registers ? ST_OK : to_registers(scratch);
    if (status != ST_OK)
        return status;
    if (word_state(word) == CELL_DENSE) {
        struct dense dense = dense_open(word);
        union_registers_merge(&scratch->registers, &dense, scratch->ahead);
        return ST_OK;
    }
    struct entry_iter iter;
    uint32_t entry;
    entry_iter_init(&iter, word, &scratch->shape);
    while (entry_iter_next(&iter, &entry))
        union_registers_raise(&scratch->registers, entry_index(entry), entry_rank(entry));
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
    scratch->ahead = NULL;
    if (scratch->contributors++ == 0)
        scratch->only = cell_estimate(cell, &scratch->shape);
    return ST_OK;
}

void union_scratch_expect(struct union_scratch *scratch, const struct cell *cell)
{
    scratch->ahead = word_state(cell->word) == CELL_DENSE ? dense_expect(cell->word) : NULL;
}

enum status union_scratch_add_ranks(struct union_scratch *scratch, const uint8_t *ranks)
{
    enum status status = scratch->has_registers ? ST_OK : to_registers(scratch);
    if (status != ST_OK)
        return status;
    union_registers_merge_ranks(&scratch->registers, ranks);
    scratch->contributors += 2; /* no cell's own estimate is the union's */
    return ST_OK;
}

struct estimate union_scratch_estimate(struct union_scratch *scratch)
{
    if (scratch->contributors == 1)
        return scratch->only;
    if (!scratch->has_registers)
        return estimate_tokens(scratch->token_count);
    struct register_sums sums = union_registers_sums(&scratch->registers);
    return estimate_registers(&sums, &scratch->shape);
}
