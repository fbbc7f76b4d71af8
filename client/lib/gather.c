/* The half of gather that takes values in. */
#include "client/lib/gather.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FIRST_BITS 5u /* of the room of each array */
#define SPARE_BITS 2u /* slots are 4 times the room: few probes go astray */

void gather_release(struct gather *gather)
{
    free(gather->rows);
    free(gather->cells);
    free(gather->log);
    bytes_release(&gather->keys);
    bytes_release(&gather->strings);
    slots_release(&gather->by_key);
    slots_release(&gather->by_cell);
    slots_release(&gather->by_hash);
    *gather = (struct gather)GATHER_INIT;
}

/* Doubles an array and the slots that index it, which are empty then. */
static bool grow(void **array, size_t size, uint32_t *cap, struct slots *slots)
{
    unsigned bits = *cap == 0 ? FIRST_BITS : (unsigned)__builtin_ctz(*cap) + 1;
    uint32_t grown = UINT32_C(1) << bits;
    if (grown > GATHER_VALUES_MAX)
        return false;
    void *moved = realloc(*array, grown * size);
    if (moved == NULL)
        return false;
    *array = moved;
    if (!slots_resize(slots, bits + SPARE_BITS))
        return false;
    *cap = grown;
    return true;
}

/* ---- rows ------------------------------------------------------------- */

static inline uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* memcmp() == 0, without the call for the length that most keys have. */
static inline bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len < 8 || len > 16)
        return len == 0 || memcmp(a, b, len) == 0;
    return load64(a) == load64(b) && load64(a + len - 8) == load64(b + len - 8);
}

static inline bool is_key(const struct gather *gather, const struct gather_row *row,
                          const void *key, size_t len)
{
    return row->key_len == len && same_bytes(gather->keys.data + row->key_at, key, len);
}

/* The first slot free for a hash that is not there, or GATHER_NONE if that is
 * too far from its home. */
static uint32_t free_slot(const struct slots *slots, uint64_t hash)
{
    uint32_t i = slots_home(slots, hash);
    for (unsigned probes = 0; probes < GATHER_PROBES_MAX; probes++, i = slots_next(slots, i)) {
        if (!slots_used(slots, i))
            return i;
    }
    return GATHER_NONE;
}

static bool grow_rows(struct gather *gather)
{
    if (!grow((void **)&gather->rows, sizeof *gather->rows, &gather->row_cap, &gather->by_key))
        return false;
    for (uint32_t i = 0; i < gather->row_count; i++) {
        uint32_t slot = free_slot(&gather->by_key, gather->rows[i].hash);
        if (slot != GATHER_NONE)
            slots_set(&gather->by_key, slot, i);
    }
    return true;
}

static bool add_row(struct gather *gather, const void *key, size_t len, uint64_t hash)
{
    if (gather->row_count == gather->row_cap && !grow_rows(gather))
        return false;
    if (!bytes_reserve(&gather->keys, len))
        return false;
    uint32_t slot = free_slot(&gather->by_key, hash);
    if (slot != GATHER_NONE)
        slots_set(&gather->by_key, slot, gather->row_count);
    gather->row = gather->row_count++;
    gather->rows[gather->row] = (struct gather_row){
        .key_at = (uint32_t)gather->keys.len,
        .key_len = (uint32_t)len,
        .first_cell = GATHER_NONE,
        .hash = hash,
    };
    bytes_append(&gather->keys, key, len);
    gather->bound += GATHER_ROW_BOUND + len;
    return true;
}

/* Makes the row of the key the current one, and none of its cells. */
static bool enter_row(struct gather *gather, const void *key, size_t len)
{
    uint64_t hash = XXH3_64bits(key, len);
    gather->cell = GATHER_NONE;
    if (gather->row_cap == 0)
        return add_row(gather, key, len, hash);
    uint32_t i = slots_home(&gather->by_key, hash);
    for (unsigned probes = 0; probes < GATHER_PROBES_MAX && slots_used(&gather->by_key, i);
         probes++, i = slots_next(&gather->by_key, i)) {
        uint32_t number = slots_number(&gather->by_key, i);
        if (is_key(gather, &gather->rows[number], key, len)) {
            gather->row = number;
            return true;
        }
    }
    return add_row(gather, key, len, hash);
}

/* ---- cells ------------------------------------------------------------ */

static inline uint64_t cell_hash(uint32_t row, uint32_t column)
{
    return (uint64_t)row << 16 | column;
}

/* Rows and columns count up, so that they are spread evenly, and a cell must be
 * found wherever it is: a Row may not hold a column twice. */
static uint32_t cell_slot(const struct gather *gather, uint32_t row, uint32_t column)
{
    const struct slots *slots = &gather->by_cell;
    uint32_t i = slots_home(slots, cell_hash(row, column));
    for (; slots_used(slots, i); i = slots_next(slots, i)) {
        const struct gather_cell *cell = &gather->cells[slots_number(slots, i)];
        if (cell->row == row && cell->column == column)
            break;
    }
    return i;
}

static bool grow_cells(struct gather *gather)
{
    if (!grow((void **)&gather->cells, sizeof *gather->cells, &gather->cell_cap, &gather->by_cell))
        return false;
    for (uint32_t i = 0; i < gather->cell_count; i++) {
        const struct gather_cell *cell = &gather->cells[i];
        slots_set(&gather->by_cell, cell_slot(gather, cell->row, cell->column), i);
    }
    return true;
}

static inline uint64_t cell_salt(uint32_t cell)
{
    return (uint64_t)cell * UINT64_C(0xc2b2ae3d27d4eb4f);
}

static void make_current(struct gather *gather, uint32_t cell)
{
    const struct gather_row *row = &gather->rows[gather->row];
    gather->cell = cell;
    gather->last.key = gather->keys.data + row->key_at;
    gather->last.key_len = row->key_len;
    gather->last.column = gather->cells[cell].column;
    gather->last.salt = cell_salt(cell);
}

/* Makes the cell of the column in the current row the current one. */
static bool enter_cell(struct gather *gather, uint32_t column)
{
    if (gather->cell_count == gather->cell_cap && !grow_cells(gather))
        return false;
    uint32_t slot = cell_slot(gather, gather->row, column);
    if (slots_used(&gather->by_cell, slot)) {
        make_current(gather, slots_number(&gather->by_cell, slot));
        return true;
    }
    struct gather_row *row = &gather->rows[gather->row];
    uint32_t number = gather->cell_count++;
    slots_set(&gather->by_cell, slot, number);
    gather->cells[number] =
        (struct gather_cell){ .row = gather->row, .column = column, .next = GATHER_NONE };
    if (row->first_cell == GATHER_NONE)
        row->first_cell = number;
    else
        gather->cells[row->last_cell].next = number;
    row->last_cell = number;
    make_current(gather, number);
    gather->bound += GATHER_CELL_BOUND;
    return true;
}

/* ---- values ----------------------------------------------------------- */

static bool grow_log(struct gather *gather)
{
    if (!grow((void **)&gather->log, sizeof *gather->log, &gather->cap, &gather->by_hash))
        return false;
    for (uint32_t i = 0; i < gather->count; i++) {
        const struct gather_entry *entry = &gather->log[i];
        if (entry->kind != GATHER_HASH)
            continue;
        uint32_t slot = free_slot(&gather->by_hash, entry->bits ^ cell_salt(entry->cell));
        if (slot != GATHER_NONE)
            slots_set(&gather->by_hash, slot, i);
    }
    return true;
}

/* Has the current cell the hash already? If not, it is noted as the one that
 * is logged next. */
static inline bool is_repeat(struct gather *gather, uint64_t bits)
{
    struct slots *slots = &gather->by_hash;
    uint32_t i = slots_home(slots, bits ^ gather->last.salt);
    for (unsigned probes = 0; probes < GATHER_PROBES_MAX; probes++, i = slots_next(slots, i)) {
        if (!slots_used(slots, i)) {
            slots_set(slots, i, gather->count);
            return false;
        }
        const struct gather_entry *entry = &gather->log[slots_number(slots, i)];
        if (entry->bits == bits && entry->cell == gather->cell)
            return true;
    }
    return false;
}

/* Makes the cell the current one. */
static bool enter(struct gather *gather, const void *key, size_t key_len, uint32_t column)
{
    if ((gather->row == GATHER_NONE || !is_key(gather, &gather->rows[gather->row], key, key_len)) &&
        !enter_row(gather, key, key_len))
        return false;
    return enter_cell(gather, column);
}

/* Is it the current one, and room for a value in the log? */
static inline bool is_ready(const struct gather *gather, const void *key, size_t key_len,
                            uint32_t column)
{
    return gather->cell != GATHER_NONE && gather->last.column == column &&
           gather->last.key_len == key_len && same_bytes(gather->last.key, key, key_len) &&
           gather->count < gather->cap;
}

static inline bool make_ready(struct gather *gather, const void *key, size_t key_len,
                              uint32_t column)
{
    return is_ready(gather, key, key_len, column) ||
           ((gather->count < gather->cap || grow_log(gather)) &&
            enter(gather, key, key_len, column));
}

static inline void log_value(struct gather *gather, enum gather_kind kind, uint64_t bits,
                             uint32_t len, uint32_t size)
{
    gather->log[gather->count++] = (struct gather_entry){
        .bits = bits,
        .cell = gather->cell,
        .len = len & GATHER_STRING_MAX,
        .kind = (uint32_t)kind & 15u,
    };
    gather->cells[gather->cell].kind[kind] += size;
    gather->bound += size;
}

bool gather_add_hash(struct gather *gather, const void *key, size_t key_len, uint32_t column,
                     uint64_t hash)
{
    if (!make_ready(gather, key, key_len, column))
        return false;
    gather->added++;
    if (!is_repeat(gather, hash))
        log_value(gather, GATHER_HASH, hash, 0, sizeof hash);
    return true;
}

bool gather_add(struct gather *gather, const void *key, size_t key_len, uint32_t column,
                const struct gather_value *value)
{
    if (value->kind == GATHER_STRING && !bytes_reserve(&gather->strings, value->len))
        return false;
    if (!make_ready(gather, key, key_len, column))
        return false;
    uint64_t bits = value->bits;
    if (value->kind == GATHER_STRING) {
        bits = gather->strings.len;
        bytes_append(&gather->strings, value->string, value->len);
    }
    gather->added++;
    log_value(gather, value->kind, bits, value->len, gather_value_size(value));
    return true;
}
