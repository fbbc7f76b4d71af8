#include "daemon/sketch/union_registers.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/sketch/entries.h"
#include "daemon/sketch/kernels.h"
#include "daemon/sketch/token.h"

#define KERNEL_REGISTERS_MIN 64u /* fewer are no work for vectors */
#define LINE_BYTES 64u

static uint32_t register_count(const struct union_registers *registers)
{
    return 1u << registers->precision;
}

static size_t nibble_bytes(const struct union_registers *registers)
{
    return register_count(registers) / 2;
}

/* Indices that there is room for: several times what random values come to
 * above the right base, 8 at precision 14, and few for an estimate to go through. */
static uint32_t list_room(const struct union_registers *registers)
{
    return 32 + register_count(registers) / 512;
}

static const struct kernels *kernels_for(unsigned precision)
{
    return 1u << precision < KERNEL_REGISTERS_MIN ? &kernels_portable : kernels_best();
}

bool union_registers_init(struct union_registers *registers, unsigned precision)
{
    struct union_registers made = { .precision = (uint8_t)precision };
    bool is_bytes = precision <= DENSE_BYTES_PRECISION_MAX;
    made.ranks = calloc(register_count(&made), 1);
    if (!is_bytes) {
        made.nibbles = aligned_alloc(LINE_BYTES, nibble_bytes(&made));
        made.listed = malloc(list_room(&made) * sizeof *made.listed);
    }
    if (made.ranks == NULL || (!is_bytes && (made.nibbles == NULL || made.listed == NULL))) {
        union_registers_release(&made);
        return false;
    }
    *registers = made;
    return true;
}

void union_registers_release(struct union_registers *registers)
{
    free(registers->nibbles);
    free(registers->ranks);
    free(registers->listed);
}

void union_registers_clear(struct union_registers *registers)
{
    registers->base = 0;
    registers->listed_count = 0;
    registers->is_bytes = registers->nibbles == NULL;
    if (registers->is_bytes)
        memset(registers->ranks, 0, register_count(registers));
    else
        memset(registers->nibbles, 0, nibble_bytes(registers));
}

static unsigned nibble_get(const struct union_registers *registers, uint32_t index)
{
    return (unsigned)registers->nibbles[nibble_offset(index)] >> nibble_shift(index) & 15u;
}

static void nibble_set(struct union_registers *registers, uint32_t index, unsigned nibble)
{
    uint8_t *byte = registers->nibbles + nibble_offset(index);
    unsigned shift = nibble_shift(index);
    *byte = (uint8_t)(((unsigned)*byte & ~(15u << shift)) | nibble << shift);
}

/* Raises every register to base, which becomes the new one. */
static void raise_base(struct union_registers *registers, unsigned base)
{
    uint32_t kept = 0;
    uint8_t *nibbles = registers->nibbles;
    kernels_best()->nibbles_max(nibbles, nibbles, nibble_bytes(registers), base - registers->base,
                                NIBBLE_FULL);
    registers->base = (uint8_t)base;
    for (uint32_t i = 0; i < registers->listed_count; i++) {
        uint32_t index = registers->listed[i];
        unsigned rank = registers->ranks[index];
        if (rank >= base + NIBBLE_FULL)
            registers->listed[kept++] = index;
        else
            nibble_set(registers, index, rank > base ? rank - base : 0);
    }
    registers->listed_count = kept;
}

static void to_bytes(struct union_registers *registers)
{
    uint32_t *entries = registers->listed;
    for (uint32_t i = 0; i < registers->listed_count; i++)
        entries[i] = entry_make(entries[i], registers->ranks[entries[i]]);
    memset(registers->ranks, 0, register_count(registers));
    registers->base = kernels_best()->ranks_raise(registers->ranks, registers->nibbles,
                                                  nibble_bytes(registers), registers->base);
    for (uint32_t i = 0; i < registers->listed_count; i++)
        registers->ranks[entry_index(entries[i])] = (uint8_t)entry_rank(entries[i]);
    registers->is_bytes = true;
}

/* The list is full: as a rule because base is behind the union, which grew. */
static void make_room(struct union_registers *registers)
{
    const struct kernels *kernels = kernels_best();
    while (kernels->nibbles_sum(registers->nibbles, nibble_bytes(registers)).zeros == 0)
        raise_base(registers, registers->base + 1u);
    if (registers->listed_count > list_room(registers) / 4 * 3)
        to_bytes(registers);
}

/* Raises one that is in nibbles and below rank. */
static void raise_nibble(struct union_registers *registers, uint32_t index, unsigned rank)
{
    if (rank < registers->base + NIBBLE_FULL) {
        nibble_set(registers, index, rank - registers->base);
        return;
    }
    registers->listed[registers->listed_count++] = index;
    registers->ranks[index] = (uint8_t)rank;
    nibble_set(registers, index, NIBBLE_FULL);
    if (registers->listed_count == list_room(registers))
        make_room(registers);
}

void union_registers_raise(struct union_registers *registers, uint32_t index, unsigned rank)
{
    unsigned listed = registers->ranks[index]; /* read in any case: a load is less than a branch */
    unsigned nibble = registers->is_bytes ? NIBBLE_FULL : nibble_get(registers, index);
    if (rank <= (nibble == NIBBLE_FULL ? listed : registers->base + nibble))
        return;
    if (nibble == NIBBLE_FULL)
        registers->ranks[index] = (uint8_t)rank;
    else
        raise_nibble(registers, index, rank);
}

static void raise_bytes(struct union_registers *registers, const uint32_t *tokens, size_t n)
{
    unsigned precision = registers->precision;
    for (size_t i = 0; i < n; i++) {
        uint8_t *at = registers->ranks + token_index(tokens[i], precision);
        uint8_t rank = (uint8_t)token_rank(tokens[i], precision);
        *at = rank > *at ? rank : *at;
    }
}

/* Raises nibbles up to the first token that is too high for one; returns which. No
 * branch asks whether a nibble is raised, which cannot be foretold. */
static size_t raise_nibbles(struct union_registers *registers, const uint32_t *tokens, size_t n)
{
    unsigned precision = registers->precision;
    unsigned base = registers->base;
    uint8_t *nibbles = registers->nibbles;
    for (size_t i = 0; i < n; i++) {
        uint32_t index = token_index(tokens[i], precision);
        unsigned rank = token_rank(tokens[i], precision);
        uint8_t *at = nibbles + nibble_offset(index);
        unsigned shift = nibble_shift(index);
        int32_t more = (int32_t)rank - (int32_t)(base + ((unsigned)*at >> shift & 15u));
        if (rank >= base + NIBBLE_FULL)
            return i;
        *at = (uint8_t)(*at + ((uint32_t)(more & ~(more >> 31)) << shift));
    }
    return n;
}

void union_registers_raise_tokens(struct union_registers *registers, const uint32_t *tokens,
                                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (registers->is_bytes) {
            raise_bytes(registers, tokens + i, n - i);
            return;
        }
        i += raise_nibbles(registers, tokens + i, n - i);
        if (i < n)
            union_registers_raise(registers, token_index(tokens[i], registers->precision),
                                  token_rank(tokens[i], registers->precision));
    }
}

/* A nibble of 15 stands for no more than the rank that is listed for it, so it
 * may be merged like any other. */
static void merge_nibbles(struct union_registers *registers, const struct dense *from,
                          const uint8_t *ahead)
{
    const struct kernels *kernels = kernels_best();
    size_t bytes = nibble_bytes(registers);
    if (registers->is_bytes)
        registers->base =
            kernels->ranks_raise(registers->ranks, from->registers, bytes, from->base);
    else
        kernels->nibbles_raise(registers->nibbles, from->registers, bytes,
                               (unsigned)registers->base - from->base, ahead);
}

void union_registers_merge(struct union_registers *registers, const struct dense *from,
                           const uint8_t *ahead)
{
    if (from->is_bytes) {
        for (uint32_t i = 0; i < from->register_count; i++)
            union_registers_raise(registers, i, from->registers[i]);
        return;
    }
    if (!registers->is_bytes && from->base > registers->base)
        raise_base(registers, from->base);
    for (uint32_t i = 0; i < from->head->exception_count; i++) {
        uint32_t entry = from->exceptions[i];
        union_registers_raise(registers, entry_index(entry), entry_rank(entry));
    }
    merge_nibbles(registers, from, ahead);
}

void union_registers_merge_ranks(struct union_registers *registers, const uint8_t *ranks)
{
    enum { STEP = 16 }; /* the least that there are */
    if (!registers->is_bytes)
        to_bytes(registers);
    for (uint32_t at = 0; at < register_count(registers); at += STEP) {
        uint8_t *into = registers->ranks + at;
        for (uint32_t i = 0; i < STEP; i++)
            into[i] = ranks[at + i] > into[i] ? ranks[at + i] : into[i];
    }
}

void union_registers_read(const struct union_registers *registers, uint8_t *out)
{
    if (registers->is_bytes) {
        memcpy(out, registers->ranks, register_count(registers));
        return;
    }
    memset(out, 0, register_count(registers));
    kernels_best()->ranks_raise(out, registers->nibbles, nibble_bytes(registers), registers->base);
    for (uint32_t i = 0; i < registers->listed_count; i++)
        out[registers->listed[i]] = registers->ranks[registers->listed[i]];
}

static struct register_sums sums_from(const uint8_t *ranks, unsigned precision, unsigned least)
{
    struct rank_sums sums =
        kernels_for(precision)->ranks_sum(ranks, (size_t)1 << precision, least, 64u - precision);
    return (struct register_sums){ sums.kx, sums.zeros, sums.at_cap };
}

struct register_sums ranks_sums(const uint8_t *ranks, unsigned precision)
{
    uint8_t least = kernels_for(precision)->ranks_least(ranks, (size_t)1 << precision);
    return sums_from(ranks, precision, least);
}

/* One by one, for bases that only chosen values reach. */
static struct register_sums sum_slowly(const struct union_registers *registers)
{
    struct register_sums sums = { 0, 0, 0 };
    unsigned q = 64u - registers->precision;
    for (uint32_t i = 0; i < register_count(registers); i++) {
        unsigned nibble = nibble_get(registers, i);
        unsigned rank = nibble == NIBBLE_FULL ? registers->ranks[i] : registers->base + nibble;
        sums.kx += (1ull << q) >> rank;
        sums.at_cap += rank == q + 1;
    }
    return sums;
}

struct register_sums union_registers_sums(const struct union_registers *registers)
{
    const struct kernels *kernels = kernels_best();
    unsigned base = registers->base;
    unsigned q = 64u - registers->precision;
    if (registers->is_bytes)
        return sums_from(registers->ranks, registers->precision, base);
    if (base + NIBBLE_FULL > q)
        return sum_slowly(registers);

    struct nibble_sums nibbles = { 0, 0 };
    size_t bytes = nibble_bytes(registers);
    if (base == 0)
        nibbles = kernels->nibbles_sum(registers->nibbles, bytes);
    else
        nibbles.weight = kernels->nibbles_weight(registers->nibbles, bytes);
    struct register_sums sums = { nibbles.weight << (q - base - 14), nibbles.zeros, 0 };
    for (uint32_t i = 0; i < registers->listed_count; i++) {
        unsigned rank = registers->ranks[registers->listed[i]];
        sums.kx += (1ull << q) >> rank;
        sums.at_cap += rank == q + 1;
    }
    return sums;
}
