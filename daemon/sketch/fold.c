#include "daemon/sketch/fold.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"

void fold_registers(const uint8_t *ranks, unsigned from, uint8_t *out, unsigned to)
{
    memset(out, 0, (size_t)1 << to);
    for (uint32_t i = 0; i < 1u << from; i++) {
        if (ranks[i] == 0)
            continue;
        /* the index bits that are given up come first in what is ranked */
        uint32_t high = i >> to;
        unsigned rank =
            high != 0 ? 1 + (unsigned)__builtin_ctz(high) : (unsigned)ranks[i] + from - to;
        uint8_t *at = out + (i & ((1u << to) - 1));
        if (rank > *at)
            *at = (uint8_t)rank;
    }
}

/* The same bits of the hash, in the register order of another precision. */
static uint32_t fold_token(uint32_t token, unsigned from, unsigned to)
{
    uint32_t bits = token_middle(token, from) << from | token_index(token, from);
    uint32_t middle_bits = TOKEN_HASH_BITS - to;
    uint32_t middle = bits >> to;
    uint32_t index = bits & ((1u << to) - 1);
    uint32_t rho = middle == 0 ? token & TOKEN_RHO_MASK : 0;
    return (index << middle_bits | middle) << TOKEN_RHO_BITS | rho;
}

static int compare_tokens(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum status fold_tokens(uint64_t word, const struct sketch_shape *from, uint64_t *out,
                               const struct sketch_shape *to)
{
    struct token_iter iter;
    uint32_t token;
    uint32_t n = 0;
    uint32_t *tokens = malloc((tokens_count(word) + 1) * sizeof *tokens);
    if (tokens == NULL)
        return ST_RESOURCE_EXHAUSTED;
    token_iter_init(&iter, word, from);
    while (token_iter_next(&iter, &token))
        tokens[n++] = fold_token(token, from->precision, to->precision);
    qsort(tokens, n, sizeof *tokens, compare_tokens);
    enum status status = tokens_build(out, to, tokens, n);
    free(tokens);
    return status;
}

enum status cell_fold(const struct cell *cell, const struct sketch_shape *from, struct cell *out,
                      const struct sketch_shape *to)
{
    if (to->precision > from->precision)
        return ST_INVALID_ARGUMENT;
    if (to->precision == from->precision)
        return cell_merge(out, cell, to);
    if (tokens_held(cell->word))
        return fold_tokens(cell->word, from, &out->word, to);
    uint8_t *ranks = malloc((size_t)from->registers + to->registers);
    if (ranks == NULL)
        return ST_RESOURCE_EXHAUSTED;
    uint8_t *folded = ranks + from->registers;
    cell_registers(cell, from, ranks);
    fold_registers(ranks, from->precision, folded, to->precision);
    enum status status = cell_from_registers(out, to, folded);
    free(ranks);
    return status;
}
