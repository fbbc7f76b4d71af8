#include "daemon/sketch/dense.h"

#include <math.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/kernels.h"

static uint8_t *nibble_byte(const struct dense *dense, uint32_t index)
{
    return dense->registers + nibble_offset(index);
}

static void nibble_set(struct dense *dense, uint32_t index, unsigned nibble)
{
    uint8_t *byte = nibble_byte(dense, index);
    unsigned shift = nibble_shift(index);
    *byte = (uint8_t)(((unsigned)*byte & ~(15u << shift)) | nibble << shift);
}

/* Where the exception of index is, or belongs. */
static uint32_t exception_find(const struct dense *dense, uint32_t index)
{
    return entries_find(dense->exceptions, dense->head->exception_count, index);
}

unsigned dense_get(const struct dense *dense, uint32_t index)
{
    if (dense->is_bytes)
        return dense->registers[index];
    unsigned nibble = (unsigned)*nibble_byte(dense, index) >> nibble_shift(index) & 15u;
    if (nibble < NIBBLE_FULL)
        return dense->base + nibble;
    return entry_rank(dense->exceptions[exception_find(dense, index)]);
}

/* Lists a rank; there is room. */
static void list_exception(struct dense *dense, uint32_t index, unsigned rank)
{
    uint32_t at = exception_find(dense, index);
    uint32_t n = dense->head->exception_count;
    if (at == n || entry_index(dense->exceptions[at]) != index) {
        memmove(dense->exceptions + at + 1, dense->exceptions + at,
                (n - at) * sizeof *dense->exceptions);
        dense->head->exception_count++;
        nibble_set(dense, index, NIBBLE_FULL);
    }
    dense->exceptions[at] = entry_make(index, rank);
}

/* Stores a rank above the one that is there. */
static bool store(struct dense *dense, uint32_t index, unsigned old, unsigned rank)
{
    if (dense_is_exception(dense, rank) && !dense_is_exception(dense, old) &&
        !dense_reserve(dense, 1))
        return false;
    if (dense->is_bytes)
        dense->registers[index] = (uint8_t)rank;
    else if (dense_is_exception(dense, rank))
        list_exception(dense, index, rank);
    else
        nibble_set(dense, index, rank - dense->base);
    return true;
}

/* Takes 1 from every nibble but 15, for a base raised by 1, and counts what is
 * then 0. */
static uint32_t lower_nibbles(struct dense *dense)
{
    uint32_t zeros = 0;
    for (uint32_t i = 0; i < dense->register_count / 2; i++) {
        unsigned low = dense->registers[i] & 15u;
        unsigned high = dense->registers[i] >> 4;
        low -= low != NIBBLE_FULL;
        high -= high != NIBBLE_FULL;
        zeros += (uint32_t)(low == 0) + (uint32_t)(high == 0);
        dense->registers[i] = (uint8_t)(high << 4 | low);
    }
    return zeros;
}

/* Brings home the exceptions that fit a nibble. */
static void settle_exceptions(struct dense *dense)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < dense->head->exception_count; i++) {
        uint32_t exception = dense->exceptions[i];
        unsigned above = entry_rank(exception) - dense->base;
        if (above < NIBBLE_FULL)
            nibble_set(dense, entry_index(exception), above);
        else
            dense->exceptions[kept++] = exception;
    }
    dense->head->exception_count = kept;
}

/* No register is left at base: finds the next one that is. */
static void raise_base(struct dense *dense)
{
    while (dense->head->at_base == 0) {
        dense->base++;
        if (dense->is_bytes) {
            for (uint32_t i = 0; i < dense->register_count; i++)
                dense->head->at_base += dense->registers[i] == dense->base;
        } else {
            dense->head->at_base = lower_nibbles(dense);
            settle_exceptions(dense);
        }
    }
}

/* The sums of registers that are all in nibbles and exceptions, by going
 * through them one by one: for bases that only chosen values reach. */
static void sum_slowly(struct dense *dense)
{
    struct dense_head *head = dense->head;
    unsigned q = 64u - dense->precision;
    for (uint32_t i = 0; i < dense->register_count; i++) {
        unsigned rank = dense_get(dense, i);
        head->kx += (1ull << q) >> rank;
        head->at_base += rank == dense->base;
        head->at_cap += rank == q + 1;
    }
}

static void sum_nibbles(struct dense *dense)
{
    struct dense_head *head = dense->head;
    unsigned q = 64u - dense->precision;
    struct nibble_sums sums =
        kernels_best()->nibbles_sum(dense->registers, dense->register_count / 2);
    head->kx = sums.weight << (q - dense->base - 14);
    head->at_base = sums.zeros;
    for (uint32_t i = 0; i < head->exception_count; i++) {
        unsigned rank = entry_rank(dense->exceptions[i]);
        head->kx += (1ull << q) >> rank;
        head->at_cap += rank == q + 1;
    }
}

void dense_rebuild(struct dense *dense, unsigned target)
{
    dense->base = (uint8_t)target;
    settle_exceptions(dense);
    dense->head->kx = 0;
    dense->head->at_base = 0;
    dense->head->at_cap = 0;
    if (target + 14 <= 64u - dense->precision)
        sum_nibbles(dense);
    else
        sum_slowly(dense);
    raise_base(dense);
}

/* Counts the change that kx gave the probability of. */
static void count_hip(struct dense_head *head)
{
    double inverse = 0x1p64 / (double)head->kx;
    head->hip += inverse;
    head->hip_variance += inverse * (inverse - 1);
}

enum status dense_raise(struct dense *dense, uint32_t index, unsigned rank, bool with_hip,
                        bool *changed)
{
    *changed = false;
    if (rank <= dense->base)
        return ST_OK;
    unsigned old = dense_get(dense, index);
    if (rank <= old)
        return ST_OK;
    if (!store(dense, index, old, rank))
        return ST_RESOURCE_EXHAUSTED;
    struct dense_head *head = dense->head;
    unsigned q = 64u - dense->precision;
    if (with_hip)
        count_hip(head);
    head->kx += ((1ull << q) >> rank) - ((1ull << q) >> old);
    head->at_cap += rank == q + 1;
    if (old == dense->base && --head->at_base == 0)
        raise_base(dense);
    *changed = true;
    return ST_OK;
}

struct estimate dense_estimate(const struct dense_head *head)
{
    return (struct estimate){ head->hip, sqrt(head->hip_variance) / head->hip };
}

void dense_seed(struct dense *dense, struct estimate estimate)
{
    double error = estimate.rse * estimate.value;
    dense->head->hip = estimate.value;
    dense->head->hip_variance = error * error;
}

void dense_reseed(struct dense *dense, const struct sketch_shape *shape)
{
    struct register_sums sums = {
        .kx = dense->head->kx,
        .zeros = dense->base == 0 ? dense->head->at_base : 0,
        .at_cap = dense->head->at_cap,
    };
    dense_seed(dense, estimate_registers(&sums, shape));
}
