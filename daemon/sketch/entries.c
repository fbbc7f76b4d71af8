#include "daemon/sketch/entries.h"

#include "daemon/sketch/sparse.h"
#include "daemon/sketch/token.h"
#include "daemon/sketch/word.h"

void entry_iter_init(struct entry_iter *iter, uint64_t word, const struct sketch_shape *shape)
{
    iter->precision = shape->precision;
    iter->has_ahead = false;
    iter->left = 0;
    if (word_state(word) == CELL_SPARSE) {
        iter->next = sparse_entries(word);
        iter->left = word_count(word);
        iter->tokens.left = 0;
        return;
    }
    token_iter_init(&iter->tokens, word, shape);
    iter->has_ahead = token_iter_next(&iter->tokens, &iter->ahead);
}

bool entry_iter_next(struct entry_iter *iter, uint32_t *entry)
{
    if (iter->left > 0) {
        iter->left--;
        *entry = *iter->next++;
        return true;
    }
    if (!iter->has_ahead)
        return false;
    uint32_t index = token_index(iter->ahead, iter->precision);
    unsigned rank = 0;
    do {
        unsigned next = token_rank(iter->ahead, iter->precision);
        rank = next > rank ? next : rank;
        iter->has_ahead = token_iter_next(&iter->tokens, &iter->ahead);
    } while (iter->has_ahead && token_index(iter->ahead, iter->precision) == index);
    *entry = entry_make(index, rank);
    return true;
}

enum status entries_raise(struct dense *dense, const struct sketch_shape *shape, uint64_t word,
                          bool *changed)
{
    struct entry_iter iter;
    uint32_t entry;
    *changed = false;
    entry_iter_init(&iter, word, shape);
    while (entry_iter_next(&iter, &entry)) {
        bool raised;
        enum status status =
            dense_raise(dense, entry_index(entry), entry_rank(entry), false, &raised);
        if (status != ST_OK)
            return status;
        *changed |= raised;
    }
    return ST_OK;
}

/* Puts the entries whose ranks fit a nibble straight into nibbles that are all 0;
 * whether there are others. */
static bool fill_nibbles(struct dense *dense, const struct sketch_shape *shape, uint64_t word)
{
    struct entry_iter iter;
    uint32_t entry;
    bool has_others = false;
    entry_iter_init(&iter, word, shape);
    while (entry_iter_next(&iter, &entry)) {
        uint32_t index = entry_index(entry);
        unsigned rank = entry_rank(entry);
        if (rank >= NIBBLE_FULL)
            has_others = true;
        else
            dense->registers[nibble_offset(index)] |= (uint8_t)(rank << nibble_shift(index));
    }
    dense_rebuild(dense, 0);
    return has_others;
}

enum status entries_fill(struct dense *dense, const struct sketch_shape *shape, uint64_t word)
{
    bool changed;
    if (!dense->is_bytes && !fill_nibbles(dense, shape, word))
        return ST_OK;
    return entries_raise(dense, shape, word, &changed);
}

uint32_t entries_union(uint64_t a, uint64_t b, const struct sketch_shape *shape, uint32_t *out)
{
    struct entry_iter a_iter;
    struct entry_iter b_iter;
    uint32_t a_entry = 0;
    uint32_t b_entry = 0;
    uint32_t n = 0;
    entry_iter_init(&a_iter, a, shape);
    entry_iter_init(&b_iter, b, shape);
    bool has_a = entry_iter_next(&a_iter, &a_entry);
    bool has_b = entry_iter_next(&b_iter, &b_entry);
    while (has_a || has_b) {
        bool same = has_a && has_b && entry_index(a_entry) == entry_index(b_entry);
        bool take_a = has_a && (!has_b || a_entry < b_entry);
        if (same) {
            out[n++] = a_entry > b_entry ? a_entry : b_entry;
        } else {
            out[n++] = take_a ? a_entry : b_entry;
        }
        if (same || take_a)
            has_a = entry_iter_next(&a_iter, &a_entry);
        if (same || !take_a)
            has_b = entry_iter_next(&b_iter, &b_entry);
    }
    return n;
}
