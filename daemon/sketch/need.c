#include "daemon/sketch/need.h"

#include "daemon/memory/heap.h"
#include "daemon/sketch/array.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/packed.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

#define DENSE_EXTRA 512u        /* beside a byte a register: head, alignment, exceptions */
#define PACKED_EXTRA 640u       /* head, index and room to spare */
#define PACKED_BYTES_A_TOKEN 8u /* low and rho, and what groups have to spare */

size_t sketch_block_max(const struct sketch_shape *shape)
{
    size_t dense = heap_block_bytes((size_t)shape->registers + DENSE_EXTRA);
    size_t tokens = heap_block_bytes((size_t)shape->token_bytes_max + PACKED_EXTRA);
    return dense > tokens ? dense : tokens;
}

/* The block of a cell that comes to so many tokens. */
static size_t token_block(const struct sketch_shape *shape, size_t count)
{
    if (count <= 2)
        return 0;
    if (count <= shape->array_max)
        return array_bytes((uint32_t)count);
    size_t packed = PACKED_EXTRA + count * PACKED_BYTES_A_TOKEN;
    return packed < shape->token_bytes_max ? heap_block_bytes(packed) : sketch_block_max(shape);
}

/* Is the token in a cell of few? */
static bool has_token(uint64_t word, uint32_t token)
{
    bool found = false;
    switch (word_state(word)) {
    case CELL_INLINE:
        return token_same(word_first(word), token) ||
               (word_inline_count(word) == 2 && token_same(word_second(word), token));
    case CELL_ARRAY:
        tokens_find(word_address(word), word_count(word), token, &found);
        return found;
    default:
        return false;
    }
}

static size_t few_need(uint64_t word, const struct sketch_shape *shape, const void *hashes,
                       size_t n)
{
    size_t count = tokens_count(word);
    size_t fresh = 0;
    for (size_t i = 0; i < n; i++)
        fresh += !has_token(word, token_of_hash(hash_load(hashes, i), shape->precision));
    bool fits = word_state(word) == CELL_ARRAY && count + fresh <= shape->array_max &&
                array_bytes((uint32_t)(count + fresh)) == array_bytes((uint32_t)count);
    return fresh == 0 || fits ? 0 : token_block(shape, count + fresh);
}

static size_t packed_cell_need(uint64_t word, const struct sketch_shape *shape, const void *hashes,
                               size_t n)
{
    size_t fresh = 0;
    enum packed_need most = PACKED_NEEDS_NOTHING;
    for (size_t i = 0; i < n; i++) {
        enum packed_need need =
            packed_need(word, token_of_hash(hash_load(hashes, i), shape->precision));
        fresh += need != PACKED_NEEDS_NOTHING;
        most = need > most ? need : most;
    }
    if (fresh == 0 || (fresh == 1 && most == PACKED_HAS_ROOM))
        return 0;
    if (most == PACKED_OVERFLOWS || fresh > 64)
        return sketch_block_max(shape);
    return token_block(shape, word_count(word) + fresh);
}

static size_t sparse_need(uint64_t word, const struct sketch_shape *shape, const void *hashes,
                          size_t n)
{
    uint32_t count = word_count(word);
    uint32_t fresh = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t index = hash_index(hash_load(hashes, i), shape->precision);
        uint32_t at = entries_find(sparse_entries(word), count, index);
        fresh += at == count || entry_index(sparse_entries(word)[at]) != index;
    }
    if (fresh == 0 ||
        (sparse_fits(count + fresh, shape) && sparse_bytes(count + fresh) == sparse_bytes(count)))
        return 0;
    return sparse_fits(count + fresh, shape) ? sparse_bytes(count + fresh)
                                             : sketch_block_max(shape);
}

/* Only exceptions make a DENSE grow. */
static size_t dense_need(uint64_t word, const struct sketch_shape *shape, const void *hashes,
                         size_t n)
{
    struct dense dense = dense_open(word);
    uint32_t fresh = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = hash_load(hashes, i);
        unsigned rank = hash_rank(hash, shape->precision);
        uint32_t index = hash_index(hash, shape->precision);
        fresh += dense_is_exception(&dense, rank) &&
                 !dense_is_exception(&dense, dense_get(&dense, index));
    }
    return dense_has_room(&dense, fresh) ? 0 : sketch_block_max(shape);
}

size_t cell_need(const struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                 size_t n)
{
    switch (word_state(cell->word)) {
    case CELL_PACKED:
        return packed_cell_need(cell->word, shape, hashes, n);
    case CELL_SPARSE:
        return sparse_need(cell->word, shape, hashes, n);
    case CELL_DENSE:
        return dense_need(cell->word, shape, hashes, n);
    default:
        return few_need(cell->word, shape, hashes, n);
    }
}

/* Tokens or registers of a form that is not DENSE. */
static size_t entry_count(uint64_t word)
{
    return word_state(word) == CELL_SPARSE ? word_count(word) : tokens_count(word);
}

size_t cell_merge_need(const struct cell *into, const struct cell *from,
                       const struct sketch_shape *shape)
{
    bool is_dense = word_state(into->word) == CELL_DENSE || word_state(from->word) == CELL_DENSE;
    if (from->word == 0)
        return 0;
    if (is_dense)
        return 2 * sketch_block_max(shape);
    size_t lists = 2 * (entry_count(into->word) + entry_count(from->word)) * sizeof(uint32_t);
    return sketch_block_max(shape) + heap_block_bytes(lists);
}
