#include "daemon/sketch/tokens.h"

#include "daemon/memory/heap.h"
#include "daemon/sketch/array.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/word.h"

bool tokens_held(uint64_t word)
{
    return word_state(word) <= CELL_PACKED;
}

uint32_t tokens_count(uint64_t word)
{
    if (word == 0)
        return 0;
    return word_state(word) == CELL_INLINE ? word_inline_count(word) : word_count(word);
}

const uint32_t *tokens_list(uint64_t word, uint32_t pair[2], uint32_t *buffer)
{
    switch (word_state(word)) {
    case CELL_ARRAY:
        return word_address(word);
    case CELL_PACKED:
        packed_read(word, buffer);
        return buffer;
    default:
        pair[0] = word_first(word);
        pair[1] = word_second(word);
        return pair;
    }
}

void token_iter_init(struct token_iter *iter, uint64_t word, const struct sketch_shape *shape)
{
    iter->left = tokens_count(word);
    iter->is_packed = false;
    iter->next = iter->pair;
    switch (word_state(word)) {
    case CELL_INLINE:
        iter->pair[0] = word_first(word);
        iter->pair[1] = word_second(word);
        break;
    case CELL_ARRAY:
        iter->next = word_address(word);
        break;
    case CELL_PACKED:
        iter->is_packed = true;
        packed_iter_init(&iter->packed, word, shape);
        break;
    default:
        assert(iter->left == 0);
        break;
    }
}

bool token_iter_next(struct token_iter *iter, uint32_t *token)
{
    if (iter->left == 0)
        return false;
    iter->left--;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): an INLINE has a pair */
    *token = iter->is_packed ? packed_iter_next(&iter->packed) : *iter->next++;
    return true;
}

static enum status raise_token(struct dense *dense, uint32_t token, bool *changed)
{
    return dense_raise(dense, token_index(token, dense->precision),
                       token_rank(token, dense->precision), false, changed);
}

static enum status build_dense(uint64_t *word, const struct sketch_shape *shape,
                               const uint32_t *tokens, uint32_t n)
{
    struct dense dense;
    if (!dense_new(&dense, shape))
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < n; i++) {
        bool raised;
        enum status status = raise_token(&dense, tokens[i], &raised);
        if (status != ST_OK) {
            dense_free(&dense);
            return status;
        }
    }
    dense_seed(&dense, estimate_tokens(n));
    *word = dense_close(&dense);
    return ST_OK;
}

enum status tokens_build(uint64_t *word, const struct sketch_shape *shape, const uint32_t *tokens,
                         uint32_t n)
{
    if (n <= 2) {
        *word = n == 0 ? 0 : n == 1 ? word_of_one(tokens[0]) : word_of_two(tokens[0], tokens[1]);
        return ST_OK;
    }
    if (n <= shape->array_max)
        return array_build(word, tokens, n);
    switch (packed_build(word, shape, tokens, n)) {
    case PACKED_NO_MEMORY:
        return ST_RESOURCE_EXHAUSTED;
    case PACKED_FULL:
        return build_dense(word, shape, tokens, n);
    default:
        return ST_OK;
    }
}

/* Builds the cell anew with a token that is not in it and that its form, of
 * few tokens, has no room for. */
static enum status rebuild_with(uint64_t *word, const struct sketch_shape *shape, uint32_t token)
{
    uint32_t tokens[ARRAY_MAX + 1];
    uint32_t n = tokens_union(*word, shape, &token, 1, tokens);
    uint64_t built;
    enum status status = tokens_build(&built, shape, tokens, n);
    if (status != ST_OK)
        return status;
    if (word_state(*word) != CELL_INLINE)
        heap_free(word_address(*word));
    *word = built;
    return ST_OK;
}

static enum status inline_add(uint64_t *word, const struct sketch_shape *shape, uint32_t token,
                              bool *changed)
{
    uint32_t first = word_first(*word);
    uint32_t second = word_second(*word);
    bool is_two = word_inline_count(*word) == 2;
    *changed = false;
    if (token_same(first, token)) {
        if (token > first) {
            *word = is_two ? word_of_two(token, second) : word_of_one(token);
            *changed = true;
        }
        return ST_OK;
    }
    if (is_two && token_same(second, token)) {
        if (token > second) {
            *word = word_of_two(first, token);
            *changed = true;
        }
        return ST_OK;
    }
    *changed = true;
    if (!is_two) {
        *word = token < first ? word_of_two(token, first) : word_of_two(first, token);
        return ST_OK;
    }
    return rebuild_with(word, shape, token);
}

static enum status array_add_or_pack(uint64_t *word, const struct sketch_shape *shape,
                                     uint32_t token, bool *changed)
{
    uint32_t n = word_count(*word);
    if (n < shape->array_max)
        return array_add(word, token, changed);
    uint32_t *array = word_address(*word);
    bool found;
    uint32_t at = tokens_find(array, n, token, &found);
    if (!found) {
        *changed = true;
        return rebuild_with(word, shape, token);
    }
    *changed = token > array[at];
    if (*changed)
        array[at] = token;
    return ST_OK;
}

/* A PACKED that cannot take token becomes DENSE with it. */
static enum status packed_to_dense(uint64_t *word, const struct sketch_shape *shape, uint32_t token)
{
    struct dense dense;
    bool raised;
    if (!dense_new(&dense, shape))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = entries_fill(&dense, shape, *word);
    if (status == ST_OK)
        status = raise_token(&dense, token, &raised);
    if (status != ST_OK) {
        dense_free(&dense);
        return status;
    }
    dense_seed(&dense, estimate_tokens(word_count(*word) + 1));
    heap_free(word_address(*word));
    *word = dense_close(&dense);
    return ST_OK;
}

static enum status packed_add_or_spread(uint64_t *word, const struct sketch_shape *shape,
                                        uint32_t token, bool *changed)
{
    enum packed_result result = packed_add(word, shape, token);
    *changed = result != PACKED_UNCHANGED;
    switch (result) {
    case PACKED_NO_MEMORY:
        return ST_RESOURCE_EXHAUSTED;
    case PACKED_FULL:
        return packed_to_dense(word, shape, token);
    default:
        return ST_OK;
    }
}

enum status tokens_add(uint64_t *word, const struct sketch_shape *shape, uint32_t token,
                       bool *changed)
{
    switch (word_state(*word)) {
    case CELL_EMPTY:
        *word = word_of_one(token);
        *changed = true;
        return ST_OK;
    case CELL_INLINE:
        return inline_add(word, shape, token, changed);
    case CELL_ARRAY:
        return array_add_or_pack(word, shape, token, changed);
    default:
        return packed_add_or_spread(word, shape, token, changed);
    }
}

uint32_t tokens_union(uint64_t word, const struct sketch_shape *shape, const uint32_t *tokens,
                      uint32_t n, uint32_t *out)
{
    struct token_iter iter;
    uint32_t count = 0;
    uint32_t mine;
    uint32_t i = 0;
    token_iter_init(&iter, word, shape);
    bool has_mine = token_iter_next(&iter, &mine);
    while (has_mine || i < n) {
        if (has_mine && i < n && token_same(mine, tokens[i])) {
            out[count++] = mine > tokens[i] ? mine : tokens[i];
            i++;
            has_mine = token_iter_next(&iter, &mine);
        } else if (i == n || (has_mine && mine < tokens[i])) {
            out[count++] = mine;
            has_mine = token_iter_next(&iter, &mine);
        } else {
            out[count++] = tokens[i++];
        }
    }
    /* iter, which points into itself, ends here with it. */
    return count; /* NOLINT(clang-analyzer-core.StackAddressEscape) */
}
