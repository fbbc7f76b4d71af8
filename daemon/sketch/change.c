#include "daemon/sketch/change.h"

#include "daemon/sketch/cell.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/sparse.h"
#include "daemon/sketch/tokens.h"
#include "daemon/sketch/word.h"

#define RHO_MAX 41u

static bool token_is_valid(uint32_t code, unsigned precision)
{
    uint32_t rho = code & TOKEN_RHO_MASK;
    if (code >> TOKEN_BITS != 0)
        return false;
    return token_middle(code, precision) == 0 ? rho >= 1 && rho <= RHO_MAX : rho == 0;
}

uint32_t change_codes_of_inline(const struct cell *cell, uint32_t codes[2])
{
    if (word_state(cell->word) != CELL_INLINE)
        return 0;
    codes[0] = word_first(cell->word);
    codes[1] = word_second(cell->word);
    return word_inline_count(cell->word);
}

bool change_is_valid(uint32_t code, unsigned precision)
{
    if (!change_is_register(code))
        return token_is_valid(code, precision);
    unsigned rank = change_rank(code, precision);
    return change_index(code, precision) >> precision == 0 && rank >= 1 && rank <= 65 - precision;
}

static enum status replay_dense(uint64_t *word, uint32_t code)
{
    struct dense dense = dense_open(*word);
    bool raised;
    enum status status = dense_raise(&dense, change_index(code, dense.precision),
                                     change_rank(code, dense.precision), true, &raised);
    *word = dense_close(&dense);
    return status;
}

/* A register into tokens, which are registers from here on. */
static enum status fold_register(struct cell *cell, const struct sketch_shape *shape, uint32_t code)
{
    uint32_t entry =
        entry_make(change_index(code, shape->precision), change_rank(code, shape->precision));
    struct cell one;
    enum status status = sparse_build(&one.word, shape, &entry, 1);
    if (status != ST_OK)
        return status;
    if (cell->word == 0) {
        *cell = one;
        return ST_OK;
    }
    status = cell_merge(cell, &one, shape);
    cell_release(&one);
    return status;
}

enum status cell_replay(struct cell *cell, const struct sketch_shape *shape, uint32_t code)
{
    bool changed;
    if (!change_is_valid(code, shape->precision))
        return ST_INVALID_ARGUMENT;
    if (word_state(cell->word) == CELL_DENSE)
        return replay_dense(&cell->word, code);
    if (word_state(cell->word) == CELL_SPARSE)
        return sparse_raise(&cell->word, shape, change_index(code, shape->precision),
                            change_rank(code, shape->precision), &changed);
    if (change_is_register(code))
        return fold_register(cell, shape, code);
    return tokens_add(&cell->word, shape, code, &changed);
}
