#include "daemon/table/row.h"

#include <assert.h>
#include <string.h>

#define HEADER_BYTES sizeof(uint32_t)

unsigned slot_mask_next(const struct slot_mask *mask, unsigned from)
{
    while (from < SLOTS_MAX) {
        uint64_t word = mask->words[from / 64] >> (from % 64);
        if (word != 0)
            return from + (unsigned)__builtin_ctzll(word);
        from = (from / 64 + 1) * 64;
    }
    return SLOTS_MAX;
}

void row_layout_plan(struct row_layout *layout, const struct slot_mask *slots, unsigned width)
{
    unsigned used = 0;
    for (unsigned i = 0; i < SLOTS_MAX / 64; i++) {
        uint64_t word = slots->words[i];
        if (word == 0)
            continue;
        used += (unsigned)__builtin_popcountll(word);
        unsigned last = i * 64 + 63 - (unsigned)__builtin_clzll(word);
        if (last >= width)
            width = last + 1;
    }
    layout->packed = 2 * used < width;
    layout->width = (uint16_t)width;
    layout->cell_count = (uint16_t)(layout->packed ? used : width);
    layout->slots = *slots;
}

static size_t cells_offset(size_t key_len, bool packed, unsigned width)
{
    size_t before = HEADER_BYTES + key_len + (packed ? (width + 7) / 8 : 0);
    return (before + 7) & ~(size_t)7;
}

size_t row_layout_bytes(const struct row_layout *layout, size_t key_len)
{
    return cells_offset(key_len, layout->packed, layout->width) +
           layout->cell_count * sizeof(struct cell);
}

void row_init(struct row *row, const struct row_layout *layout, struct bytes_view key)
{
    assert(key.len <= KEY_MAX_BYTES && layout->width <= SLOTS_MAX);
    row->header = (uint32_t)key.len | (uint32_t)layout->width << 11 |
                  (uint32_t)layout->packed << 21 | POOL_BLOCK_USED;
    if (key.len > 0)
        memcpy(row->key, key.data, key.len);
    if (layout->packed) {
        uint8_t *bitmap = row->key + key.len;
        for (unsigned i = 0; i < (layout->width + 7u) / 8; i++)
            bitmap[i] = (uint8_t)(layout->slots.words[i / 8] >> (8 * (i % 8)));
    }
    memset(row_cells(row), 0, layout->cell_count * sizeof(struct cell));
}

/* The bitmap's bits from 64 * i on, at most `bytes` bytes of it. */
static uint64_t bitmap_word(const uint8_t *bitmap, unsigned bytes, unsigned i)
{
    uint64_t word = 0;
    unsigned left = bytes - 8 * i;
    for (unsigned b = 0; b < (left < 8 ? left : 8); b++)
        word |= (uint64_t)bitmap[8 * i + b] << (8 * b);
    return word;
}

struct cell *row_packed_cell(const struct row *row, unsigned slot)
{
    const uint8_t *bitmap = row->key + row_key_len(row);
    unsigned bytes = (row_width(row) + 7) / 8;
    if ((bitmap[slot / 8] >> (slot % 8) & 1) == 0)
        return NULL;
    unsigned rank = 0;
    for (unsigned i = 0; i < slot / 64; i++)
        rank += (unsigned)__builtin_popcountll(bitmap_word(bitmap, bytes, i));
    uint64_t below = (UINT64_C(1) << (slot % 64)) - 1;
    rank += (unsigned)__builtin_popcountll(bitmap_word(bitmap, bytes, slot / 64) & below);
    return &row_cells(row)[rank];
}

unsigned row_cell_count(const struct row *row)
{
    if (!row_is_packed(row))
        return row_width(row);
    const uint8_t *bitmap = row->key + row_key_len(row);
    unsigned bytes = (row_width(row) + 7) / 8;
    unsigned count = 0;
    for (unsigned i = 0; 8 * i < bytes; i++)
        count += (unsigned)__builtin_popcountll(bitmap_word(bitmap, bytes, i));
    return count;
}

size_t row_bytes(const struct row *row)
{
    return cells_offset(row_key_len(row), row_is_packed(row), row_width(row)) +
           row_cell_count(row) * sizeof(struct cell);
}

void row_used_slots(const struct row *row, struct slot_mask *mask)
{
    const uint8_t *bitmap = row->key + row_key_len(row);
    bool packed = row_is_packed(row);
    const struct cell *cell = row_cells(row);
    for (unsigned slot = 0; slot < row_width(row); slot++) {
        if (packed && (bitmap[slot / 8] >> (slot % 8) & 1) == 0)
            continue;
        if (cell->word != 0)
            slot_mask_set(mask, slot);
        cell++;
    }
}

void row_move_cells(struct row *into, struct row *from)
{
    struct slot_mask used = { { 0 } };
    row_used_slots(from, &used);
    for (unsigned slot = slot_mask_next(&used, 0); slot < SLOTS_MAX;
         slot = slot_mask_next(&used, slot + 1)) {
        struct cell *cell = row_cell(from, slot);
        *row_cell(into, slot) = *cell;
        cell->word = 0;
    }
}
