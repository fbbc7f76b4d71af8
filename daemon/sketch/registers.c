/* Cells as registers: the same for equal sets of values, whatever the form. */
#include <string.h>

#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"

void cell_registers(const struct cell *cell, const struct sketch_shape *shape, uint8_t *out)
{
    if (!tokens_held(cell->word)) {
        struct dense dense = dense_open(cell->word);
        for (uint32_t i = 0; i < dense.register_count; i++)
            out[i] = (uint8_t)dense_get(&dense, i);
        return;
    }
    struct token_iter iter;
    uint32_t token;
    memset(out, 0, shape->registers);
    token_iter_init(&iter, cell->word, shape);
    while (token_iter_next(&iter, &token)) {
        uint8_t *rank = out + token_index(token, shape->precision);
        uint8_t mine = (uint8_t)token_rank(token, shape->precision);
        if (mine > *rank)
            *rank = mine;
    }
}

/* A register's share of the digest: shares are added up, so that order does
 * not matter, and mixed well, so that they do not cancel out (the finalizer of
 * SplitMix64). */
static uint64_t register_share(uint32_t index, unsigned rank)
{
    uint64_t x = ((uint64_t)index << 8 | rank) + 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static uint64_t digest_tokens(uint64_t word, const struct sketch_shape *shape)
{
    struct token_iter iter;
    uint32_t token;
    uint64_t digest = 0;
    uint32_t index = 0;
    unsigned rank = 0; /* of the register at index, so far */
    token_iter_init(&iter, word, shape);
    while (token_iter_next(&iter, &token)) {
        if (token_index(token, shape->precision) != index) {
            digest += rank > 0 ? register_share(index, rank) : 0;
            index = token_index(token, shape->precision);
            rank = 0;
        }
        unsigned mine = token_rank(token, shape->precision);
        rank = mine > rank ? mine : rank;
    }
    return digest + (rank > 0 ? register_share(index, rank) : 0);
}

uint64_t cell_digest(const struct cell *cell, const struct sketch_shape *shape)
{
    if (tokens_held(cell->word))
        return digest_tokens(cell->word, shape);
    struct dense dense = dense_open(cell->word);
    uint64_t digest = 0;
    for (uint32_t i = 0; i < dense.register_count; i++) {
        unsigned rank = dense_get(&dense, i);
        digest += rank > 0 ? register_share(i, rank) : 0;
    }
    return digest;
}
