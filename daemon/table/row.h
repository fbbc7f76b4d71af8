/* row: one key with its cells, in one block of memory.
 *
 *      0          4            4 + k         .. to a multiple of 8
 *     +----------+------------+-------------+-----+-----------------------+
 *     |  header  | key, k B   | bitmap, if  | pad | cells, 8 bytes each   |
 *     |          |            | packed      |     |                       |
 *     +----------+------------+-------------+-----+-----------------------+
 *
 *      header: bits 0-10 k; 11-20 width; 21 packed; 22 told; 31 always set
 *
 * The width is the number of the table's slots that the row knows; slots
 * beyond it read as empty. A full row has a cell for each of them. A packed one
 * has a bitmap of width bits and cells for the set bits alone, in their order;
 * that is how rows are kept of whose slots fewer than half are used. A cell that
 * has a place may be empty all the same, until the row is laid out anew. A row is
 * told once the sink knows which key its number stands for (tell.h).
 *
 * Thread safety: none. */
#ifndef CARDINAL_TABLE_ROW_H
#define CARDINAL_TABLE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/sketch/cell.h"
#include "daemon/table/pool.h"
#include "daemon/table/selector.h"
#include "proto/names.h"

/* Twice the columns: new ones may come while dropped ones are still swept. */
#define SLOTS_MAX (2u * COLUMNS_MAX)
#define SLOT_NONE UINT16_MAX /* of a column that was dropped */

struct slot_mask {
    uint64_t words[SLOTS_MAX / 64];
};

static inline void slot_mask_set(struct slot_mask *mask, unsigned slot)
{
    mask->words[slot / 64] |= UINT64_C(1) << (slot % 64);
}

static inline void slot_mask_clear(struct slot_mask *mask, unsigned slot)
{
    mask->words[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

static inline bool slot_mask_has(const struct slot_mask *mask, unsigned slot)
{
    return (mask->words[slot / 64] >> (slot % 64) & 1) != 0;
}

/* The lowest slot of the mask from `from` on, or SLOTS_MAX. */
unsigned slot_mask_next(const struct slot_mask *mask, unsigned from);

struct row {
    uint32_t header;
    uint8_t key[]; /* then the bitmap, then the cells */
};

/* How a row is laid out. */
struct row_layout {
    uint16_t width;
    uint16_t cell_count;
    bool packed;
    struct slot_mask slots; /* that have a cell, if packed */
};

/* The layout for cells in these slots, of a table whose slots are width;
 * slots beyond that widen it. */
void row_layout_plan(struct row_layout *layout, const struct slot_mask *slots, unsigned width);

/* Bytes that a row of this layout and key length needs. */
size_t row_layout_bytes(const struct row_layout *layout, size_t key_len);

/* Makes a row with empty cells in memory of row_layout_bytes(). */
void row_init(struct row *row, const struct row_layout *layout, struct bytes_view key);

/* Moves the cells of from to into, which has places for all that are not empty. */
void row_move_cells(struct row *into, struct row *from);

/* Adds the slots whose cells are not empty to *mask. */
void row_used_slots(const struct row *row, struct slot_mask *mask);

/* How many cells the row has places for. */
unsigned row_cell_count(const struct row *row);

/* The bytes that the row takes, as row_layout_bytes() said. */
size_t row_bytes(const struct row *row);

/* The cell of a slot in a packed row: see row_cell(). */
struct cell *row_packed_cell(const struct row *row, unsigned slot);

static inline size_t row_key_len(const struct row *row)
{
    return row->header & 0x7ff;
}

static inline unsigned row_width(const struct row *row)
{
    return row->header >> 11 & 0x3ff;
}

static inline bool row_is_packed(const struct row *row)
{
    return (row->header >> 21 & 1) != 0;
}

#define ROW_TOLD (UINT32_C(1) << 22)

static inline bool row_is_told(const struct row *row)
{
    return (row->header & ROW_TOLD) != 0;
}

static inline void row_set_told(struct row *row)
{
    row->header |= ROW_TOLD;
}

static inline void row_clear_told(struct row *row)
{
    row->header &= ~ROW_TOLD;
}

static inline struct bytes_view row_key(const struct row *row)
{
    return (struct bytes_view){ row->key, row_key_len(row) };
}

/* Is this the row's key? Of keys of 8 bytes and more, words are compared. */
static inline bool row_has_key(const struct row *row, const uint8_t *key, size_t len)
{
    uint64_t mine;
    uint64_t theirs;
    if (row_key_len(row) != len)
        return false;
    if (len < sizeof mine)
        return len == 0 || memcmp(row->key, key, len) == 0;
    for (size_t i = 0;;
         i = i + sizeof mine <= len - sizeof mine ? i + sizeof mine : len - sizeof mine) {
        memcpy(&mine, row->key + i, sizeof mine);
        memcpy(&theirs, key + i, sizeof theirs);
        if (mine != theirs)
            return false;
        if (i == len - sizeof mine)
            return true;
    }
}

static inline struct cell *row_cells(const struct row *row)
{
    size_t before = sizeof row->header + row_key_len(row);
    if (row_is_packed(row))
        before += (row_width(row) + 7) / 8;
    return (struct cell *)((uintptr_t)row + ((before + 7) & ~(size_t)7));
}

/* The slot's cell, or NULL if the row has no place for it. */
static inline struct cell *row_cell(const struct row *row, unsigned slot)
{
    if (slot >= row_width(row))
        return NULL;
    return row_is_packed(row) ? row_packed_cell(row, slot) : &row_cells(row)[slot];
}

#endif
