#include "daemon/sketch/sparse.h"

#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/word.h"

/* Entries that there is room for with n of them: the heap's steps while
 * there are few, sixteenths beyond. */
static uint32_t room_of(uint32_t n)
{
    uint32_t step = 4;
    while (step * 32 <= n)
        step *= 2;
    return (n + step - 1) / step * step;
}

static size_t block_bytes(uint32_t room)
{
    return sizeof(struct sparse_head) + room * sizeof(uint32_t);
}

size_t sparse_bytes(uint32_t count)
{
    return heap_block_bytes(block_bytes(room_of(count)));
}

bool sparse_fits(uint32_t count, const struct sketch_shape *shape)
{
    return block_bytes(room_of(count)) <= shape->token_bytes_max;
}

const uint32_t *sparse_entries(uint64_t word)
{
    const struct sparse_head *head = word_address(word);
    return (const uint32_t *)(const void *)(head + 1);
}

static void count_entry(struct sparse_head *head, unsigned precision, unsigned old, unsigned rank)
{
    unsigned q = 64 - precision;
    head->kx += ((1ull << q) >> rank) - ((1ull << q) >> old);
    head->at_cap += rank == q + 1;
}

/* Registers for entries of which there are too many. */
static enum status build_dense(uint64_t *word, const struct sketch_shape *shape,
                               const uint32_t *entries, uint32_t n)
{
    struct dense dense;
    if (!dense_new(&dense, shape))
        return ST_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < n; i++) {
        bool raised;
        enum status status =
            dense_raise(&dense, entry_index(entries[i]), entry_rank(entries[i]), false, &raised);
        if (status != ST_OK) {
            dense_free(&dense);
            return status;
        }
    }
    dense_reseed(&dense, shape);
    *word = dense_close(&dense);
    return ST_OK;
}

enum status sparse_build(uint64_t *word, const struct sketch_shape *shape, const uint32_t *entries,
                         uint32_t n)
{
    if (n == 0) {
        *word = 0;
        return ST_OK;
    }
    if (!sparse_fits(n, shape))
        return build_dense(word, shape, entries, n);
    struct sparse_head *head = heap_alloc(block_bytes(room_of(n)));
    if (head == NULL)
        return ST_RESOURCE_EXHAUSTED;
    *head = (struct sparse_head){ 0, 0, 0 };
    for (uint32_t i = 0; i < n; i++)
        count_entry(head, shape->precision, 0, entry_rank(entries[i]));
    memcpy(head + 1, entries, n * sizeof *entries);
    *word = word_of_list(CELL_SPARSE, head, n);
    return ST_OK;
}

/* A SPARSE that cannot take one entry more becomes DENSE with it. */
static enum status to_dense(uint64_t *word, const struct sketch_shape *shape, uint32_t index,
                            unsigned rank)
{
    struct dense dense;
    bool raised;
    if (!dense_new(&dense, shape))
        return ST_RESOURCE_EXHAUSTED;
    enum status status = entries_fill(&dense, shape, *word);
    if (status == ST_OK)
        status = dense_raise(&dense, index, rank, false, &raised);
    if (status != ST_OK) {
        dense_free(&dense);
        return status;
    }
    dense_reseed(&dense, shape);
    heap_free(word_address(*word));
    *word = dense_close(&dense);
    return ST_OK;
}

enum status sparse_raise(uint64_t *word, const struct sketch_shape *shape, uint32_t index,
                         unsigned rank, bool *changed)
{
    struct sparse_head *head = word_address(*word);
    uint32_t *entries = (uint32_t *)(void *)(head + 1);
    uint32_t n = word_count(*word);
    uint32_t at = entries_find(entries, n, index);
    if (at < n && entry_index(entries[at]) == index) {
        unsigned old = entry_rank(entries[at]);
        *changed = rank > old;
        if (*changed) {
            entries[at] = entry_make(index, rank);
            count_entry(head, shape->precision, old, rank);
        }
        return ST_OK;
    }
    *changed = true;
    if (room_of(n + 1) != room_of(n)) {
        size_t bytes = block_bytes(room_of(n + 1));
        if (bytes > shape->token_bytes_max)
            return to_dense(word, shape, index, rank);
        head = heap_realloc(head, bytes);
        if (head == NULL)
            return ST_RESOURCE_EXHAUSTED;
        entries = (uint32_t *)(void *)(head + 1);
    }
    memmove(entries + at + 1, entries + at, (n - at) * sizeof *entries);
    entries[at] = entry_make(index, rank);
    count_entry(head, shape->precision, 0, rank);
    *word = word_of_list(CELL_SPARSE, head, n + 1);
    return ST_OK;
}

struct estimate sparse_estimate(uint64_t word, const struct sketch_shape *shape)
{
    const struct sparse_head *head = word_address(word);
    struct register_sums sums = {
        .kx = head->kx,
        .zeros = shape->registers - word_count(word),
        .at_cap = head->at_cap,
    };
    return estimate_registers(&sums, shape);
}
