#include "daemon/sketch/dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/estimate.h"
#include "daemon/sketch/kernels.h"
#include "daemon/sketch/word.h"

#define NIBBLE_FULL 15u       /* look in the exceptions */
#define BYTES_PRECISION_MAX 7 /* up to here a byte a register is less than the list */
#define ROOM_MIN 4u

/* Exceptions that there is room for, at first twice what random values come to. */
static uint32_t exception_room(const struct dense *dense)
{
    if (dense->is_bytes)
        return 0;
    uint32_t room = dense->register_count / 1024;
    return (room < ROOM_MIN ? ROOM_MIN : room) << dense->room_doublings;
}

/* With room for that many, a sketch of more exceptions goes on to bytes. */
static uint32_t room_max(const struct dense *dense)
{
    return 32 + dense->register_count / 128;
}

static size_t register_bytes(const struct dense *dense)
{
    return dense->is_bytes ? dense->register_count : dense->register_count / 2;
}

static size_t block_bytes(const struct dense *dense)
{
    return sizeof(struct dense_head) + register_bytes(dense) +
           exception_room(dense) * sizeof(uint32_t);
}

static void set_block(struct dense *dense, void *block)
{
    dense->head = block;
    dense->registers = (uint8_t *)block + sizeof(struct dense_head);
    dense->exceptions = (uint32_t *)(void *)(dense->registers + register_bytes(dense));
}

struct dense dense_open(uint64_t word)
{
    unsigned precision = PRECISION_MIN + (word >> WORD_PRECISION_SHIFT & WORD_PRECISION_MASK);
    struct dense dense = {
        .register_count = 1u << precision,
        .precision = (uint8_t)precision,
        .base = (uint8_t)word_base(word),
        .room_doublings = (uint8_t)(word >> WORD_DOUBLINGS_SHIFT),
        .is_bytes = (word & WORD_FLAG) != 0,
    };
    set_block(&dense, word_address(word));
    return dense;
}

uint64_t dense_close(const struct dense *dense)
{
    uint64_t address = (uint64_t)(uintptr_t)dense->head;
    assert((address & ~WORD_ADDRESS_MASK) == 0);
    return (uint64_t)dense->room_doublings << WORD_DOUBLINGS_SHIFT |
           (uint64_t)(dense->precision - PRECISION_MIN) << WORD_PRECISION_SHIFT |
           (uint64_t)dense->base << WORD_BASE_SHIFT | address | (dense->is_bytes ? WORD_FLAG : 0) |
           (uint64_t)CELL_DENSE;
}

bool dense_new(struct dense *dense, const struct sketch_shape *shape)
{
    struct dense made = {
        .register_count = shape->registers,
        .precision = shape->precision,
        .is_bytes = shape->precision <= BYTES_PRECISION_MAX,
    };
    void *block = calloc(1, block_bytes(&made));
    if (block == NULL)
        return false;
    set_block(&made, block);
    made.head->at_base = shape->registers;
    *dense = made;
    return true;
}

bool dense_copy(struct dense *to, const struct dense *from)
{
    void *block = malloc(block_bytes(from));
    if (block == NULL)
        return false;
    memcpy(block, from->head, block_bytes(from));
    *to = *from;
    set_block(to, block);
    return true;
}

void dense_free(struct dense *dense)
{
    free(dense->head);
}

static uint8_t *nibble_byte(const struct dense *dense, uint32_t index)
{
    return dense->registers + index / 64 * 32 + index % 32;
}

static unsigned nibble_shift(uint32_t index)
{
    return index / 32 % 2 * 4;
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

bool dense_to_bytes(struct dense *dense)
{
    if (dense->is_bytes)
        return true;
    struct dense bytes = *dense;
    bytes.is_bytes = true;
    bytes.room_doublings = 0;
    void *block = malloc(block_bytes(&bytes));
    if (block == NULL)
        return false;
    set_block(&bytes, block);
    *bytes.head = *dense->head;
    bytes.head->exception_count = 0;
    for (uint32_t i = 0; i < dense->register_count; i++)
        bytes.registers[i] = (uint8_t)dense_get(dense, i);
    free(dense->head);
    *dense = bytes;
    return true;
}

bool dense_is_exception(const struct dense *dense, unsigned rank)
{
    return !dense->is_bytes && rank >= dense->base + NIBBLE_FULL;
}

bool dense_reserve(struct dense *dense, uint32_t exceptions)
{
    if (dense->is_bytes || dense->head->exception_count + exceptions <= exception_room(dense))
        return true;
    struct dense more = *dense;
    while (exception_room(&more) < dense->head->exception_count + exceptions) {
        if (exception_room(&more) >= room_max(dense))
            return dense_to_bytes(dense);
        more.room_doublings++;
    }
    void *block = realloc(dense->head, block_bytes(&more));
    if (block == NULL)
        return false;
    set_block(&more, block);
    *dense = more;
    return true;
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
    struct nibble_sums sums = kernels_best()->nibbles_sum(dense->registers, register_bytes(dense));
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

void dense_prefetch(uint64_t word, uint32_t index)
{
    struct dense dense = dense_open(word);
    __builtin_prefetch(dense.is_bytes ? dense.registers + index : nibble_byte(&dense, index), 1);
}

size_t dense_bytes(const struct dense *dense)
{
    return allocated_bytes(block_bytes(dense));
}
