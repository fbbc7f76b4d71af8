/* The memory of a DENSE cell: how it is laid out, got, copied and grown. */
#include <string.h>

#include "daemon/memory/heap.h"
#include "daemon/sketch/dense.h"
#include "daemon/sketch/word.h"

#define ROOM_MIN 4u
#define ALIGNED_PRECISION_MIN 10
#define LINE_BYTES 64u

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

/* Bytes before the registers. Those of a sketch that vectors go over begin a
 * cache line, wherever the block lies, which moving it may change. */
static size_t front_bytes(const struct dense *dense)
{
    size_t head = sizeof(struct dense_head);
    return dense->precision < ALIGNED_PRECISION_MIN ? head : head + LINE_BYTES;
}

static size_t block_bytes(const struct dense *dense)
{
    return front_bytes(dense) + register_bytes(dense) + exception_room(dense) * sizeof(uint32_t);
}

static uint8_t *registers_at(void *block, unsigned precision)
{
    uintptr_t registers = (uintptr_t)block + sizeof(struct dense_head);
    if (precision >= ALIGNED_PRECISION_MIN)
        registers = (registers + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1);
    return (uint8_t *)registers;
}

static void set_block(struct dense *dense, void *block)
{
    dense->head = block;
    dense->registers = registers_at(block, dense->precision);
    dense->exceptions = (uint32_t *)(void *)(dense->registers + register_bytes(dense));
}

/* Memory for the shape of *dense; NULL if there is none. */
static void *new_block(struct dense *dense)
{
    void *block = heap_alloc(block_bytes(dense));
    if (block != NULL)
        set_block(dense, block);
    return block;
}

/* Copies everything to a block of no less room. */
static void copy_block(struct dense *to, const struct dense *from)
{
    *to->head = *from->head;
    memcpy(to->registers, from->registers, register_bytes(from));
    memcpy(to->exceptions, from->exceptions,
           from->head->exception_count * sizeof *from->exceptions);
}

struct dense dense_open(uint64_t word)
{
    unsigned precision = word_precision(word);
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
        .is_bytes = shape->precision <= DENSE_BYTES_PRECISION_MAX,
    };
    if (new_block(&made) == NULL)
        return false;
    memset(made.head, 0, block_bytes(&made));
    made.head->at_base = shape->registers;
    *dense = made;
    return true;
}

bool dense_copy(struct dense *to, const struct dense *from)
{
    struct dense copy = *from;
    if (new_block(&copy) == NULL)
        return false;
    copy_block(&copy, from);
    *to = copy;
    return true;
}

void dense_free(struct dense *dense)
{
    heap_free(dense->head);
}

bool dense_to_bytes(struct dense *dense)
{
    if (dense->is_bytes)
        return true;
    struct dense bytes = *dense;
    bytes.is_bytes = true;
    bytes.room_doublings = 0;
    if (new_block(&bytes) == NULL)
        return false;
    *bytes.head = *dense->head;
    bytes.head->exception_count = 0;
    for (uint32_t i = 0; i < dense->register_count; i++)
        bytes.registers[i] = (uint8_t)dense_get(dense, i);
    heap_free(dense->head);
    *dense = bytes;
    return true;
}

bool dense_has_room(const struct dense *dense, uint32_t exceptions)
{
    return dense->is_bytes || dense->head->exception_count + exceptions <= exception_room(dense);
}

bool dense_reserve(struct dense *dense, uint32_t exceptions)
{
    if (dense_has_room(dense, exceptions))
        return true;
    struct dense more = *dense;
    while (exception_room(&more) < dense->head->exception_count + exceptions) {
        if (exception_room(&more) >= room_max(dense))
            return dense_to_bytes(dense);
        more.room_doublings++;
    }
    if (new_block(&more) == NULL)
        return false;
    copy_block(&more, dense);
    heap_free(dense->head);
    *dense = more;
    return true;
}

size_t dense_bytes(const struct dense *dense)
{
    return heap_block_bytes(block_bytes(dense));
}

void dense_prefetch(uint64_t word, uint32_t index)
{
    void *block = word_address(word);
    uint8_t *registers = registers_at(block, word_precision(word));
    __builtin_prefetch(registers + (word & WORD_FLAG ? index : nibble_offset(index)), 1);
    __builtin_prefetch(block, 1);
}

const uint8_t *dense_expect(uint64_t word)
{
    struct dense dense = dense_open(word);
    __builtin_prefetch(dense.head);
    if (!dense.is_bytes)
        __builtin_prefetch(dense.exceptions);
    return dense.registers;
}
