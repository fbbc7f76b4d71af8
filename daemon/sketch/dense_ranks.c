#include "daemon/sketch/dense_ranks.h"

#include "daemon/sketch/entries.h"
#include "daemon/sketch/kernels.h"

void dense_raise_ranks(const struct dense *dense, uint8_t *ranks)
{
    enum { STEP = 16 }; /* the least that there are */
    if (!dense->is_bytes) {
        kernels_best()->ranks_raise(ranks, dense->registers, dense->register_count / 2,
                                    dense->base);
        for (uint32_t i = 0; i < dense->head->exception_count; i++) {
            uint8_t *at = ranks + entry_index(dense->exceptions[i]);
            uint8_t rank = (uint8_t)entry_rank(dense->exceptions[i]);
            *at = rank > *at ? rank : *at;
        }
        return;
    }
    for (uint32_t at = 0; at < dense->register_count; at += STEP) {
        for (uint32_t i = at; i < at + STEP; i++)
            ranks[i] = dense->registers[i] > ranks[i] ? dense->registers[i] : ranks[i];
    }
}

static void set_register(struct dense *dense, uint32_t index, unsigned rank)
{
    if (dense->is_bytes) {
        dense->registers[index] = (uint8_t)rank;
        return;
    }
    unsigned nibble = rank - dense->base;
    if (dense_is_exception(dense, rank)) {
        nibble = NIBBLE_FULL;
        dense->exceptions[dense->head->exception_count++] = entry_make(index, rank);
    }
    dense->registers[nibble_offset(index)] |= (uint8_t)(nibble << nibble_shift(index));
}

static void set_registers(struct dense *dense, const uint8_t *ranks)
{
    struct dense_head *head = dense->head;
    unsigned q = 64u - dense->precision;
    head->at_base = 0;
    for (uint32_t i = 0; i < dense->register_count; i++) {
        head->kx += (1ull << q) >> ranks[i];
        head->at_base += ranks[i] == dense->base;
        head->at_cap += ranks[i] == q + 1;
        set_register(dense, i, ranks[i]);
    }
}

bool dense_of_ranks(struct dense *dense, const struct sketch_shape *shape, const uint8_t *ranks)
{
    struct dense made;
    unsigned base = ranks[0];
    uint32_t exceptions = 0;
    for (uint32_t i = 1; i < shape->registers; i++)
        base = ranks[i] < base ? ranks[i] : base;
    for (uint32_t i = 0; i < shape->registers; i++)
        exceptions += ranks[i] >= base + NIBBLE_FULL;
    if (!dense_new(&made, shape))
        return false;
    if (!dense_reserve(&made, exceptions)) {
        dense_free(&made);
        return false;
    }
    made.base = (uint8_t)base;
    set_registers(&made, ranks);
    dense_reseed(&made, shape);
    *dense = made;
    return true;
}
