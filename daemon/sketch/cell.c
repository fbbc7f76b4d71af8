#include "daemon/sketch/cell.h"

#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/array.h"
#include "daemon/sketch/change.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/packed.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

/* A bucket of PACKED counts to 255: at precision 18 its mean stays below 192. */
#define TOKEN_BYTES_MAX (96u * 1024)

/* Of cell_cost(), ns. */
#define COST_INLINE 10u
#define COST_MISS 100u
#define COST_TOKEN 4u
#define REGISTERS_A_NS 16u

const char *cell_state_name(enum cell_state state)
{
    static const char *const names[CELL_STATE_COUNT] = {
        [CELL_EMPTY] = "empty",   [CELL_INLINE] = "inline", [CELL_ARRAY] = "array",
        [CELL_PACKED] = "packed", [CELL_SPARSE] = "sparse", [CELL_DENSE] = "dense",
    };
    return (unsigned)state < CELL_STATE_COUNT ? names[state] : "unknown";
}

enum status sketch_shape_init(struct sketch_shape *shape, unsigned precision)
{
    if (precision < PRECISION_MIN || precision > PRECISION_MAX)
        return ST_INVALID_ARGUMENT;
    uint32_t registers = 1u << precision;
    uint32_t bytes = precision <= 7 ? registers : registers / 2;
    shape->precision = (uint8_t)precision;
    shape->registers = registers;
    shape->token_bytes_max = bytes < TOKEN_BYTES_MAX ? bytes : TOKEN_BYTES_MAX;
    shape->array_max = bytes / sizeof(uint32_t) < ARRAY_MAX ? bytes / 4 : ARRAY_MAX;
    return ST_OK;
}

/* Adds one hash to any form but DENSE; *code is the change's, if it is one. */
static inline enum status add_one(struct cell *cell, const struct sketch_shape *shape,
                                  uint64_t hash, uint32_t *code, bool *added)
{
    if (word_state(cell->word) == CELL_SPARSE) {
        uint32_t index = hash_index(hash, shape->precision);
        unsigned rank = hash_rank(hash, shape->precision);
        *code = change_of_register(index, rank);
        return sparse_raise(&cell->word, shape, index, rank, added);
    }
    *code = token_of_hash(hash, shape->precision);
    if (word_state(cell->word) == CELL_PACKED) {
        enum packed_result result = packed_add(&cell->word, shape, *code);
        *added = result == PACKED_CHANGED;
        if (result != PACKED_FULL)
            return result == PACKED_NO_MEMORY ? ST_RESOURCE_EXHAUSTED : ST_OK;
    }
    return tokens_add(&cell->word, shape, *code, added);
}

enum status cell_add_told(struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                          size_t n, uint32_t *codes, size_t *changed)
{
    const uint8_t *bytes = hashes;
    enum status status = ST_OK;
    size_t count = 0;
    size_t i = 0;
    for (; i < n && word_state(cell->word) != CELL_DENSE; i++) {
        bool added;
        uint32_t code;
        status = add_one(cell, shape, hash_load(bytes, i), &code, &added);
        if (status != ST_OK)
            break;
        if (codes != NULL && added)
            codes[count] = code;
        count += added;
    }
    *changed = count;
    if (i < n && status == ST_OK)
        status = dense_add(&cell->word, bytes + i * sizeof(uint64_t), n - i, codes, changed);
    return status;
}

enum status cell_add(struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                     size_t n, size_t *changed)
{
    return cell_add_told(cell, shape, hashes, n, NULL, changed);
}

void cell_prefetch(const struct cell *cell, const struct sketch_shape *shape, const void *hashes,
                   size_t n)
{
    switch (word_state(cell->word)) {
    case CELL_ARRAY:
    case CELL_SPARSE:
        __builtin_prefetch(word_address(cell->word), 1);
        break;
    case CELL_PACKED:
        if (n > 0)
            packed_prefetch(cell->word, token_of_hash(hash_load(hashes, 0), shape->precision));
        break;
    case CELL_DENSE:
        for (size_t i = 0; i < n && i < 16; i++) {
            uint64_t hash = hash_load(hashes, i);
            if (hash_rank(hash, shape->precision) > word_base(cell->word))
                dense_prefetch(cell->word, hash_index(hash, shape->precision));
        }
        break;
    default:
        break;
    }
}

struct estimate cell_estimate(const struct cell *cell, const struct sketch_shape *shape)
{
    switch (word_state(cell->word)) {
    case CELL_DENSE:
        return dense_estimate(word_address(cell->word));
    case CELL_SPARSE:
        return sparse_estimate(cell->word, shape);
    default:
        return estimate_tokens(tokens_count(cell->word));
    }
}

enum cell_state cell_state(const struct cell *cell)
{
    return word_state(cell->word);
}

size_t cell_bytes(const struct cell *cell)
{
    switch (word_state(cell->word)) {
    case CELL_ARRAY:
        return array_bytes(word_count(cell->word));
    case CELL_PACKED:
        return packed_bytes(cell->word);
    case CELL_SPARSE:
        return sparse_bytes(word_count(cell->word));
    case CELL_DENSE: {
        struct dense dense = dense_open(cell->word);
        return dense_bytes(&dense);
    }
    default:
        return 0;
    }
}

/* Where a DENSE block lies decides where its registers do. */
static void move_dense(struct cell *cell)
{
    struct dense dense = dense_open(cell->word);
    struct dense copy;
    if (!dense_copy(&copy, &dense))
        return;
    dense_free(&dense);
    cell->word = dense_close(&copy);
}

unsigned cell_cost(const struct cell *cell)
{
    switch (word_state(cell->word)) {
    case CELL_EMPTY:
        return 0;
    case CELL_INLINE:
        return COST_INLINE;
    case CELL_DENSE:
        return COST_MISS + (1u << word_precision(cell->word)) / REGISTERS_A_NS;
    default:
        return COST_MISS + COST_TOKEN * word_count(cell->word);
    }
}

void cell_move(struct cell *cell)
{
    if (word_state(cell->word) <= CELL_INLINE || !heap_should_move(word_address(cell->word)))
        return;
    if (word_state(cell->word) == CELL_DENSE) {
        move_dense(cell);
        return;
    }
    uint64_t moved = (uint64_t)(uintptr_t)heap_move(word_address(cell->word));
    cell->word = (cell->word & ~WORD_ADDRESS_MASK) | moved;
}

void cell_release(struct cell *cell)
{
    if (word_state(cell->word) > CELL_INLINE)
        heap_free(word_address(cell->word));
    cell->word = 0;
}
