/* Merging two cells. Tokens stay tokens while they fit; a running estimate is
 * kept where the union adds nothing to the cell that has it, and else starts
 * anew from the registers. */

#include "daemon/memory/heap.h"
#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

/* How many tokens, or registers of a SPARSE. */
static uint32_t tokens_or_entries(uint64_t word)
{
    return word_state(word) == CELL_SPARSE ? word_count(word) : tokens_count(word);
}

/* All tokens of a word, sorted, in memory to be freed; NULL without any. */
static uint32_t *token_list(uint64_t word, const struct sketch_shape *shape, uint32_t room)
{
    uint32_t *list = heap_alloc(room * sizeof *list);
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
    uint32_t *both = heap_alloc((mine + theirs) * sizeof *both);
    if (list == NULL || both == NULL)
        goto out;
    uint32_t n = tokens_union(into->word, shape, list, theirs, both);
    status = tokens_build(&built, shape, both, n);
    if (status != ST_OK)
        goto out;
    cell_release(into);
    into->word = built;
out:
    heap_free(both);
    heap_free(list);
    return status;
}

/* Registers and tokens: registers of both. */
static enum status merge_entries(struct cell *into, const struct cell *from,
                                 const struct sketch_shape *shape)
{
    uint32_t room = tokens_or_entries(into->word) + tokens_or_entries(from->word);
    uint32_t *both = heap_alloc(room * sizeof *both);
    if (both == NULL)
        return ST_RESOURCE_EXHAUSTED;
    uint32_t n = entries_union(into->word, from->word, shape, both);
    uint64_t built;
    enum status status = sparse_build(&built, shape, both, n);
    if (status == ST_OK) {
        cell_release(into);
        into->word = built;
    }
    heap_free(both);
    return status;
}

static enum status merge_into_dense(struct cell *into, const struct cell *from,
                                    const struct sketch_shape *shape)
{
    struct dense dense = dense_open(into->word);
    enum status status;
    bool changed;
    if (word_state(from->word) == CELL_DENSE) {
        struct dense other = dense_open(from->word);
        status = dense_merge(&dense, &other, shape, &changed);
    } else {
        status = dense_merge_entries(&dense, from->word, shape, &changed);
    }
    into->word = dense_close(&dense);
    return status;
}

/* Into a copy of the dense one, which takes the place of the other. */
static enum status merge_from_dense(struct cell *into, const struct cell *from,
                                    const struct sketch_shape *shape)
{
    struct dense dense = dense_open(from->word);
    struct dense copy;
    bool changed;
    if (!dense_copy(&copy, &dense))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = dense_merge_entries(&copy, into->word, shape, &changed);
    if (status != ST_OK) {
        dense_free(&copy);
        return status;
    }
    cell_release(into);
    into->word = dense_close(&copy);
    return ST_OK;
}

enum status cell_merge(struct cell *into, const struct cell *from, const struct sketch_shape *shape)
{
    if (from->word == 0 || from->word == into->word)
        return ST_OK;
    if (word_state(into->word) == CELL_DENSE)
        return merge_into_dense(into, from, shape);
    if (word_state(from->word) == CELL_DENSE)
        return merge_from_dense(into, from, shape);
    if (tokens_held(into->word) && tokens_held(from->word))
        return merge_tokens(into, from, shape);
    return merge_entries(into, from, shape);
}
