/* Merging two cells. Tokens stay tokens while they fit; a running estimate is
 * kept where the union adds nothing to the cell that has it, and else starts
 * anew from the registers. */
#include <stdlib.h>

#include "daemon/sketch/array.h"
#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

/* All tokens of a word, sorted, in memory to be freed; NULL without any. */
static uint32_t *token_list(uint64_t word, const struct sketch_shape *shape, uint32_t room)
{
    uint32_t *list = malloc(room * sizeof *list);
    if (list != NULL)
        tokens_union(word, shape, NULL, 0, list);
    return list;
}

static enum status merge_tokens(struct cell *into, const struct cell *from,
                                const struct sketch_shape *shape)
{
    uint32_t mine = tokens_count(into->word);
    uint32_t theirs = tokens_count(from->word);
    enum status status = ST_RESOURCE_EXHAUSTED;
    uint64_t built;
    uint32_t *list = token_list(from->word, shape, theirs);
    uint32_t *both = malloc((mine + theirs) * sizeof *both);
    if (list == NULL || both == NULL)
        goto out;
    uint32_t n = tokens_union(into->word, shape, list, theirs, both);
    status = tokens_build(&built, shape, both, n);
    if (status != ST_OK)
        goto out;
    cell_release(into);
    into->word = built;
out:
    free(both);
    free(list);
    return status;
}

/* Raises the registers of *dense to those of *from. */
static enum status raise_registers(struct dense *dense, const struct dense *from, bool *changed)
{
    *changed = false;
    for (uint32_t i = 0; i < from->register_count; i++) {
        bool raised;
        enum status status = dense_raise(dense, i, dense_get(from, i), false, &raised);
        if (status != ST_OK)
            return status;
        *changed |= raised;
    }
    return ST_OK;
}

/* Puts the union of two, one of them DENSE at least, into a copy of the DENSE
 * one, so that a failure on the way changes nothing. */
static enum status merge_into_copy(uint64_t dense_word, uint64_t other_word,
                                   const struct sketch_shape *shape, struct dense *copy)
{
    struct dense dense = dense_open(dense_word);
    if (!dense_copy(copy, &dense))
        return ST_RESOURCE_EXHAUSTED;
    bool changed;
    enum status status;
    if (tokens_held(other_word)) {
        status = tokens_raise(copy, shape, other_word, &changed);
    } else {
        struct dense other = dense_open(other_word);
        status = raise_registers(copy, &other, &changed);
    }
    if (status != ST_OK) {
        dense_free(copy);
        return status;
    }
    if (changed)
        dense_reseed(copy, shape);
    return ST_OK;
}

enum status cell_merge(struct cell *into, const struct cell *from, const struct sketch_shape *shape)
{
    if (from->word == 0 || from->word == into->word)
        return ST_OK;
    if (tokens_held(into->word) && tokens_held(from->word))
        return merge_tokens(into, from, shape);
    struct dense merged;
    bool into_is_dense = !tokens_held(into->word);
    enum status status = merge_into_copy(into_is_dense ? into->word : from->word,
                                         into_is_dense ? from->word : into->word, shape, &merged);
    if (status != ST_OK)
        return status;
    cell_release(into);
    into->word = dense_close(&merged);
    return ST_OK;
}
