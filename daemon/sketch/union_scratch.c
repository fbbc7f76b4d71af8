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

size_t union_scratch_bytes_max(const struct sketch_shape *shape)
{
    /* Under four slots a token, and half of that again while the table grows. */
    return sizeof(struct union_scratch) + 2 * (size_t)shape->registers +
           6 * (size_t)tokens_max(shape) * sizeof(uint32_t);
}

void union_scratch_free(struct union_scratch *scratch)
{
    if (scratch == NULL)
        return;
    union_registers_release(&scratch->registers);
    free(scratch->tokens.slots);
    free(scratch->list);
    free(scratch);
}

void union_scratch_reset(struct union_scratch *scratch)
{
    scratch->contributors = 0;
    scratch->has_registers = false;
    scratch->ahead = NULL;
    scratch->tokens.count = 0;
    if (scratch->tokens.slots != NULL)
        memset(scratch->tokens.slots, 0,
               token_set_slots(&scratch->tokens) * sizeof *scratch->tokens.slots);
}

void union_scratch_ranks(const struct union_scratch *scratch, uint8_t *out)
{
    unsigned precision = scratch->shape.precision;
    if (scratch->has_registers) {
        union_registers_read(&scratch->registers, out);
        return;
    }
    memset(out, 0, scratch->shape.registers);
    for (size_t i = 0; i < token_set_slots(&scratch->tokens); i++) {
        uint32_t token = scratch->tokens.slots[i];
        uint8_t *at = out + token_index(token, precision);
        unsigned rank = token == 0 ? 0 : token_rank(token, precision);
        if (rank > *at)
            *at = (uint8_t)rank;
    }
}

/* Goes on in registers. */
static enum status to_registers(struct union_scratch *scratch)
{
    struct union_registers *registers = &scratch->registers;
    const struct token_set *tokens = &scratch->tokens;
    if (registers->ranks == NULL && !union_registers_init(registers, scratch->shape.precision))
        return ST_RESOURCE_EXHAUSTED;
    union_registers_clear(registers);
    for (size_t i = 0; i < token_set_slots(tokens); i++) {
        if (tokens->slots[i] != 0)
            union_registers_raise_tokens(registers, &tokens->slots[i], 1);
    }
    scratch->has_registers = true;
    return ST_OK;
}

/* Makes the table large enough for n tokens, and some, but no larger than for
 * what a union holds; registers follow where the tokens lie too close for it. */
static enum status grow_tokens(struct union_scratch *scratch, uint32_t n)
{
    uint32_t max = tokens_max(&scratch->shape);
    struct token_set grown = { .bits = TOKEN_SET_BITS_MIN };
    while (token_set_room(&grown) < max && token_set_room(&grown) < 2 * n)
        grown.bits++;
    grown.slots = calloc(token_set_slots(&grown), sizeof *grown.slots);
    if (grown.slots == NULL)
        return ST_RESOURCE_EXHAUSTED;
    bool fits = token_set_put_all(&grown, &scratch->tokens);
    enum status status = fits ? ST_OK : to_registers(scratch);
    if (!fits) {
        free(grown.slots);
        return status;
    }
    free(scratch->tokens.slots);
    scratch->tokens = grown;
    return ST_OK;
}

/* Puts n tokens into the table, up to the first that it has no room for, or into
 * registers; *done is how many. */
static enum status put_tokens(struct union_scratch *scratch, const uint32_t *tokens, size_t n,
                              size_t *done)
{
    struct token_set set = scratch->tokens;
    uint32_t max = tokens_max(&scratch->shape);
    uint32_t room = token_set_room(&set) < max ? token_set_room(&set) : max;
    bool fits = true;
    size_t i = 0;
    while (i < n && fits) {
        fits = set.count < room ? token_set_put(&set, tokens[i])
                                : token_set_has(&set, tokens[i]) && token_set_put(&set, tokens[i]);
        i += fits;
    }
    scratch->tokens = set;
    *done = i;
    return fits ? ST_OK : to_registers(scratch);
}

/* Makes room for n tokens that come in order: all of them before the first, or they
 * would lie close together at the beginning of too small a table. */
static enum status expect_tokens(struct union_scratch *scratch, uint32_t n)
{
    uint32_t room = token_set_room(&scratch->tokens);
    uint32_t all = scratch->tokens.count + n;
    if (scratch->has_registers || room >= all || room >= tokens_max(&scratch->shape))
        return ST_OK;
    return grow_tokens(scratch, all);
}

static enum status add_tokens(struct union_scratch *scratch, const uint32_t *tokens, size_t n)
{
    size_t done = 0;
    enum status status = ST_OK;
    if (!scratch->has_registers)
        status = put_tokens(scratch, tokens, n, &done);
    if (status == ST_OK && scratch->has_registers)
        union_registers_raise_tokens(&scratch->registers, tokens + done, n - done);
    return status;
}

/* The tokens of a cell that has some. */
static enum status add_token_cell(struct union_scratch *scratch, uint64_t word)
{
    uint32_t pair[2];
    if (scratch->list == NULL && word_state(word) == CELL_PACKED) {
        scratch->list = malloc(tokens_max(&scratch->shape) * sizeof *scratch->list);
        if (scratch->list == NULL)
            return ST_RESOURCE_EXHAUSTED;
    }
    uint32_t n = tokens_count(word);
    enum status status = expect_tokens(scratch, n);
    if (status != ST_OK)
        return status;
    return add_tokens(scratch, tokens_list(word, pair, scratch->list), n);
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
    enum status status = tokens_held(cell->word) ? add_token_cell(scratch, cell->word)
                                                 : add_registers(scratch, cell->word);
    if (status != ST_OK)
        return status;
    scratch->ahead = NULL;
    if (scratch->contributors++ == 0)
        scratch->only = cell_estimate(cell, &scratch->shape);
    return ST_OK;
}

void union_scratch_expect(struct union_scratch *scratch, const struct cell *cell)
{
    scratch->ahead = NULL;
    if (word_state(cell->word) == CELL_DENSE)
        scratch->ahead = dense_expect(cell->word);
    else if (word_state(cell->word) == CELL_PACKED)
        packed_expect(cell->word);
    else if (word_state(cell->word) != CELL_INLINE)
        __builtin_prefetch(word_address(cell->word));
}

enum status union_scratch_add_set(struct union_scratch *scratch, const struct token_set *set)
{
    enum { PIECE = 64 };
    uint32_t tokens[PIECE];
    enum status status = expect_tokens(scratch, set->count);
    for (size_t i = 0, n = 0; i < token_set_slots(set) && status == ST_OK; i++) {
        tokens[n] = set->slots[i];
        n += set->slots[i] != 0;
        if (n == PIECE || i + 1 == token_set_slots(set)) {
            status = add_tokens(scratch, tokens, n);
            n = 0;
        }
    }
    scratch->contributors += 2; /* no cell's own estimate is the union's */
    return status;
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
        return estimate_tokens(scratch->tokens.count);
    struct register_sums sums = union_registers_sums(&scratch->registers);
    return estimate_registers(&sums, &scratch->shape);
}
