/* tokens: the token forms (INLINE, ARRAY, PACKED) as one.
 *
 * Works on cells' words. Not for words of registers. */
#ifndef CARDINAL_SKETCH_TOKENS_H
#define CARDINAL_SKETCH_TOKENS_H

#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/packed.h"

/* Whether the cell holds tokens, or nothing. */
bool tokens_held(uint64_t word);

uint32_t tokens_count(uint64_t word);

/* All tokens of a word that is not PACKED: pair or the cell's own memory, for as
 * long as those stay as they are. Those of a PACKED are put into buffer, which
 * has room for tokens_count() of them. */
const uint32_t *tokens_list(uint64_t word, uint32_t pair[2], uint32_t *buffer);

/* Goes through the tokens in order. The word must stay as it is meanwhile. */
struct token_iter {
    uint32_t pair[2]; /* INLINE */
    const uint32_t *next;
    uint32_t left;
    bool is_packed;
    struct packed_iter packed;
};

void token_iter_init(struct token_iter *iter, uint64_t word, const struct sketch_shape *shape);

/* The next token into *token; false at the end. */
bool token_iter_next(struct token_iter *iter, uint32_t *token);

/* Makes *word the smallest form that takes n sorted distinct tokens, DENSE if
 * there are too many. What was in *word is not freed. */
enum status tokens_build(uint64_t *word, const struct sketch_shape *shape, const uint32_t *tokens,
                         uint32_t n);

/* Adds a token to a token form or an empty word, which may become DENSE. */
enum status tokens_add(uint64_t *word, const struct sketch_shape *shape, uint32_t token,
                       bool *changed);

/* The union of the tokens of word and of n sorted ones, into out, which has
 * room for all of both. Returns how many there are. */
uint32_t tokens_union(uint64_t word, const struct sketch_shape *shape, const uint32_t *tokens,
                      uint32_t n, uint32_t *out);

#endif
