#include "daemon/sketch/fold.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

/* The rank, 1 or more, of a register whose index is cut to fewer bits: those
 * that are given up come first in what is ranked. */
static unsigned fold_rank(uint32_t index, unsigned rank, unsigned from, unsigned to)
{
    uint32_t high = index >> to;
    return high != 0 ? 1 + (unsigned)__builtin_ctz(high) : rank + from - to;
}

void fold_registers(const uint8_t *ranks, unsigned from, uint8_t *out, unsigned to)
{
    memset(out, 0, (size_t)1 << to);
    for (uint32_t i = 0; i < 1u << from; i++) {
        if (ranks[i] == 0)
            continue;
        unsigned rank = fold_rank(i, ranks[i], from, to);
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

static int compare_numbers(const void *a, const void *b)
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
    qsort(tokens, n, sizeof *tokens, compare_numbers);
    enum status status = tokens_build(out, to, tokens, n);
    free(tokens);
    return status;
}

/* Keeps the last of each index, which has the greatest rank; how many there are. */
static uint32_t drop_lesser(uint32_t *entries, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 == n || entry_index(entries[i + 1]) != entry_index(entries[i]))
            entries[kept++] = entries[i];
    }
    return kept;
}

static enum status fold_sparse(uint64_t word, const struct sketch_shape *from, struct cell *out,
                               const struct sketch_shape *to)
{
    const uint32_t *sparse = sparse_entries(word);
    uint32_t n = word_count(word);
    uint32_t *entries = malloc(n * sizeof *entries);
    if (entries == NULL)
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = entry_index(sparse[i]);
        unsigned rank = fold_rank(index, entry_rank(sparse[i]), from->precision, to->precision);
        entries[i] = entry_make(index & (to->registers - 1), rank);
    }
    qsort(entries, n, sizeof *entries, compare_numbers);
    enum status status = cell_from_entries(out, to, entries, drop_lesser(entries, n));
    free(entries);
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
    if (word_state(cell->word) == CELL_SPARSE)
        return fold_sparse(cell->word, from, out, to);
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
