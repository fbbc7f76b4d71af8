/* Rows and cells, the part of ingest that is paid per value. */
#include "daemon/wire/ingest.h"

#include <endian.h>
#include <string.h>

#include "daemon/wire/cursor.h"
#include "proto/names.h"

enum { INGEST_ROWS = 4 };                                            /* field of Ingest */
enum { ROW_KEY = 1, ROW_CELLS = 2 };                                 /* fields of Row */
enum { COLUMN = 1, HASHES = 2, STRINGS = 3, INTS = 4, DOUBLES = 5 }; /* fields of Cell */

#define CELL_BYTES_MIN 4u /* of a cell with a value: two tags and two lengths */
#define HASH_BYTES 8u

struct decoder {
    const struct ingest_head *head;
    const struct value_hasher *hasher;
    uint32_t max_values;
    struct arena *arena;
    struct error *err;
    enum status status; /* of what is refused though it is well formed */
    struct batch batch;
    uint32_t cell_count;
    uint32_t row;               /* in the message, from 1 */
    bool has_hashes;            /* hashed by the client */
    uint8_t *hashes;            /* room for the hashes made here; NULL until needed */
    uint8_t *hashes_next;       /* free part of it */
    uint32_t seen[COLUMNS_MAX]; /* the last row that had the column */
};

/* Refuses the batch and ends the cursor's loop. */
static void refuse(struct decoder *d, struct cursor *c, enum status status)
{
    d->status = status;
    c->at = c->end;
}

/* Makes room for n more values; false: the batch is refused. */
static bool count_values(struct decoder *d, struct cursor *c, size_t n)
{
    if (n > d->max_values - d->batch.value_count) {
        refuse(d, c,
               error_set(d->err, ST_TOO_LARGE, "batch of more than %u values", d->max_values));
        return false;
    }
    d->batch.value_count += n;
    return true;
}

/* Every value takes a byte of the message at least, and is counted before. */
static bool make_room(struct decoder *d, struct cursor *c)
{
    size_t values = d->head->body.len < d->max_values ? d->head->body.len : d->max_values;
    d->hashes = arena_alloc_array(d->arena, values, HASH_BYTES);
    if (d->hashes == NULL) {
        refuse(d, c, error_nomem(d->err));
        return false;
    }
    d->hashes_next = d->hashes;
    return true;
}

/* Moves the cell's hashes to the end of the decoder's own room, where more can
 * be appended. */
static bool own_hashes(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    if (d->hashes == NULL && !make_room(d, c))
        return false;
    if (cell->n == 0) {
        cell->hashes = d->hashes_next;
        return true;
    }
    if (cell->hashes + (size_t)cell->n * HASH_BYTES == d->hashes_next)
        return true;
    memcpy(d->hashes_next, cell->hashes, (size_t)cell->n * HASH_BYTES);
    cell->hashes = d->hashes_next;
    d->hashes_next += (size_t)cell->n * HASH_BYTES;
    return true;
}

/* Where n hashes of values that are read here go, behind those the cell has;
 * NULL: the batch is refused. */
static uint8_t *hash_room(struct decoder *d, struct cursor *c, struct batch_cell *cell, size_t n)
{
    if (!count_values(d, c, n) || !own_hashes(d, c, cell))
        return NULL;
    uint8_t *room = d->hashes_next;
    d->hashes_next += n * HASH_BYTES;
    cell->n += (uint32_t)n;
    return room;
}

static inline void put_hash(uint8_t *room, uint64_t hash)
{
    hash = htole64(hash);
    memcpy(room, &hash, sizeof hash);
}

/* A run of n hashes in the message: pointed to, if it is all the cell has. */
static void add_run(struct decoder *d, struct cursor *c, struct batch_cell *cell,
                    const uint8_t *run, size_t n)
{
    if (n == 0 || !count_values(d, c, n))
        return;
    d->has_hashes = true;
    if (cell->n == 0) {
        cell->hashes = run;
        cell->n = (uint32_t)n;
        return;
    }
    if (!own_hashes(d, c, cell))
        return;
    memcpy(d->hashes_next, run, n * HASH_BYTES);
    d->hashes_next += n * HASH_BYTES;
    cell->n += (uint32_t)n;
}

static struct bytes_view read_words(struct cursor *c)
{
    struct bytes_view run = cursor_bytes(c);
    if (run.len % 8 != 0)
        cursor_fail(c, "a run of 8-byte numbers of another length", run.data);
    return run;
}

static int64_t unzigzag(uint64_t wire)
{
    return (int64_t)((wire >> 1) ^ -(wire & 1));
}

static double double_at(const uint8_t *bytes)
{
    uint64_t word;
    double value;
    memcpy(&word, bytes, sizeof word);
    word = le64toh(word);
    memcpy(&value, &word, sizeof value);
    return value;
}

static void add_double(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    const uint8_t *word = cursor_fixed(c, 8);
    uint8_t *room = word == NULL ? NULL : hash_room(d, c, cell, 1);
    if (room != NULL)
        put_hash(room, value_hash_double(d->hasher, double_at(word)));
}

static void add_packed_doubles(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    struct bytes_view run = read_words(c);
    uint8_t *room = c->fault != NULL ? NULL : hash_room(d, c, cell, run.len / 8);
    for (size_t i = 0; room != NULL && i < run.len; i += 8)
        put_hash(room + i, value_hash_double(d->hasher, double_at(run.data + i)));
}

static void add_int(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    int64_t value = unzigzag(cursor_varint(c));
    uint8_t *room = c->fault != NULL ? NULL : hash_room(d, c, cell, 1);
    if (room != NULL)
        put_hash(room, value_hash_int(d->hasher, value));
}

/* Numbers of a packed run: each ends with a byte below 0x80. */
static size_t count_varints(struct bytes_view run)
{
    size_t n = 0;
    for (size_t i = 0; i < run.len; i++)
        n += run.data[i] < 0x80;
    return n;
}

static void add_packed_ints(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    struct bytes_view bytes = cursor_bytes(c);
    struct cursor run = cursor_of(bytes);
    uint8_t *room = hash_room(d, c, cell, count_varints(bytes));
    if (room == NULL)
        return;
    while (cursor_more(&run)) {
        int64_t value = unzigzag(cursor_varint(&run));
        if (run.fault == NULL) {
            put_hash(room, value_hash_int(d->hasher, value));
            room += HASH_BYTES;
        }
    }
    cursor_inherit(c, &run);
}

/* A string, and those that follow it at once. */
static void add_strings(struct decoder *d, struct cursor *c, struct batch_cell *cell)
{
    for (;;) {
        struct bytes_view value = cursor_bytes(c);
        uint8_t *room = c->fault != NULL ? NULL : hash_room(d, c, cell, 1);
        if (room == NULL)
            return;
        put_hash(room, value_hash_bytes(d->hasher, value.data, value.len));
        if (!cursor_more(c) || *c->at != WIRE_TAG(STRINGS, WIRE_BYTES))
            return;
        c->at++;
    }
}

/* Everything a cell may hold but its column and a packed run of hashes. */
static void add_values(struct decoder *d, struct cursor *c, uint64_t tag, struct batch_cell *cell)
{
    const uint8_t *word;
    switch (tag) {
    case WIRE_TAG(HASHES, WIRE_64BIT):
        word = cursor_fixed(c, 8);
        if (word != NULL)
            add_run(d, c, cell, word, 1);
        break;
    case WIRE_TAG(STRINGS, WIRE_BYTES):
        add_strings(d, c, cell);
        break;
    case WIRE_TAG(INTS, WIRE_BYTES):
        add_packed_ints(d, c, cell);
        break;
    case WIRE_TAG(INTS, WIRE_VARINT):
        add_int(d, c, cell);
        break;
    case WIRE_TAG(DOUBLES, WIRE_BYTES):
        add_packed_doubles(d, c, cell);
        break;
    case WIRE_TAG(DOUBLES, WIRE_64BIT):
        add_double(d, c, cell);
        break;
    default:
        if (WIRE_TAG_FIELD(tag) >= COLUMN && WIRE_TAG_FIELD(tag) <= DOUBLES)
            cursor_wrong_type(c);
        else
            cursor_skip(c, tag);
        break;
    }
}

static void check_cell(struct decoder *d, struct cursor *c, const struct batch_cell *cell)
{
    if (cell->column >= d->head->column_count) {
        refuse(d, c,
               error_set(d->err, ST_INVALID_ARGUMENT,
                         "row %u: column index %u out of range, the batch has %u columns", d->row,
                         cell->column, d->head->column_count));
    } else if (d->seen[cell->column] == d->row) {
        refuse(d, c,
               error_set(d->err, ST_INVALID_ARGUMENT, "row %u: column '%.*s' is there twice",
                         d->row, (int)d->head->columns[cell->column].len,
                         (const char *)d->head->columns[cell->column].data));
    } else {
        d->seen[cell->column] = d->row;
    }
}

static void decode_cell(struct decoder *d, struct cursor *row)
{
    struct batch_cell *cell = &d->batch.cells[d->cell_count];
    struct cursor c = cursor_of(cursor_bytes(row));
    *cell = (struct batch_cell){ 0 };
    while (cursor_more(&c)) {
        uint64_t tag = cursor_tag(&c);
        if (tag == WIRE_TAG(COLUMN, WIRE_VARINT)) {
            cell->column = (uint32_t)cursor_varint(&c);
        } else if (tag == WIRE_TAG(HASHES, WIRE_BYTES)) {
            struct bytes_view run = read_words(&c);
            add_run(d, &c, cell, run.data, run.len / HASH_BYTES);
        } else {
            add_values(d, &c, tag, cell);
        }
    }
    cursor_inherit(row, &c);
    if (row->fault == NULL && d->status == ST_OK)
        check_cell(d, row, cell);
    if (d->status != ST_OK)
        row->at = row->end;
    d->cell_count += cell->n > 0;
}

/* Cells in the form that clients send: a column below 128, left out if it is 0,
 * and one run of up to 15 hashes.
 *
 *     12 len  [08 column]  12 bytes  hashes ..
 *
 * Reads as many as stand here one after the other, and stops before the first
 * that is anything else or is to be refused: decode_cell() would make the same
 * of these, in twice the time. */
static void decode_plain_cells(struct decoder *d, struct cursor *row)
{
    const uint8_t *at = row->at;
    uint32_t row_number = d->row;
    uint32_t column_count = d->batch.column_count;
    uint64_t values_left = d->max_values - d->batch.value_count;
    struct batch_cell *cell = &d->batch.cells[d->cell_count];

    while (row->end - at >= 12 && at[0] == WIRE_TAG(ROW_CELLS, WIRE_BYTES) && at[1] < 0x80 &&
           at[1] >= 2 + HASH_BYTES && at[1] <= row->end - at - 2) {
        const uint8_t *end = at + 2 + at[1];
        bool has_column = at[2] == WIRE_TAG(COLUMN, WIRE_VARINT);
        const uint8_t *run = at + (has_column ? 4 : 2);
        uint32_t column = has_column ? at[3] : 0;
        uint32_t n = run[1] / HASH_BYTES;
        if (run[0] != WIRE_TAG(HASHES, WIRE_BYTES) || run[1] != end - run - 2 ||
            run[1] % HASH_BYTES != 0 || n == 0 || n > values_left || column >= column_count ||
            column >= 0x80 || d->seen[column] == row_number)
            break;
        d->seen[column] = row_number;
        values_left -= n;
        *cell++ = (struct batch_cell){ .hashes = run + 2, .n = n, .column = column };
        at = end;
    }
    d->has_hashes |= at != row->at;
    d->cell_count = (uint32_t)(cell - d->batch.cells);
    d->batch.value_count = d->max_values - values_left;
    row->at = at;
}

static void decode_row(struct decoder *d, struct cursor *body)
{
    struct batch_row *row = &d->batch.rows[d->batch.row_count];
    struct cursor c = cursor_of(cursor_bytes(body));
    struct bytes_view key = { c.at, 0 };
    uint32_t first_cell = d->cell_count;

    d->row++;
    while (cursor_more(&c)) {
        uint64_t tag = cursor_tag(&c);
        if (tag == WIRE_TAG(ROW_CELLS, WIRE_BYTES)) {
            decode_cell(d, &c);
        } else if (tag == WIRE_TAG(ROW_KEY, WIRE_BYTES)) {
            key = cursor_bytes(&c);
            decode_plain_cells(d, &c);
        } else if (WIRE_TAG_FIELD(tag) == ROW_KEY || WIRE_TAG_FIELD(tag) == ROW_CELLS) {
            cursor_wrong_type(&c);
        } else {
            cursor_skip(&c, tag);
        }
    }
    cursor_inherit(body, &c);
    if (c.fault == NULL && d->status == ST_OK && key.len > KEY_MAX_BYTES)
        d->status = error_set(d->err, ST_INVALID_ARGUMENT, "row %u: key of %zu bytes, %u at most",
                              d->row, key.len, KEY_MAX_BYTES);
    if (d->status != ST_OK)
        body->at = body->end;
    *row = (struct batch_row){
        .key = key.data,
        .key_len = (uint32_t)key.len,
        .first_cell = first_cell,
        .cell_count = d->cell_count - first_cell,
    };
    d->batch.row_count += row->cell_count > 0;
}

static enum status allocate(struct decoder *d)
{
    size_t cells = d->head->body.len / CELL_BYTES_MIN;
    if (cells > d->max_values)
        cells = d->max_values;
    /* One beyond, where a cell or row is decoded before it is known to be empty. */
    d->batch.cells = arena_alloc_array(d->arena, cells + 1, sizeof *d->batch.cells);
    d->batch.rows =
        arena_alloc_array(d->arena, (size_t)d->head->row_count + 1, sizeof *d->batch.rows);
    if (d->batch.cells == NULL || d->batch.rows == NULL)
        return error_nomem(d->err);
    return ST_OK;
}

enum status ingest_decode(const struct ingest_head *head, const struct value_hasher *hasher,
                          uint32_t max_values, struct arena *arena, struct batch *out,
                          struct error *err)
{
    struct decoder d = {
        .head = head,
        .hasher = hasher,
        .max_values = max_values,
        .arena = arena,
        .err = err,
        .batch.column_count = head->column_count,
    };
    enum status st = allocate(&d);
    if (st != ST_OK)
        return st;
    struct cursor c = cursor_of(head->body);
    while (cursor_more(&c)) {
        uint64_t tag = cursor_tag(&c);
        if (tag == WIRE_TAG(INGEST_ROWS, WIRE_BYTES))
            decode_row(&d, &c);
        else
            cursor_skip(&c, tag);
    }
    if (d.status != ST_OK)
        return d.status;
    st = cursor_status(&c, head->body.data, err);
    if (st != ST_OK)
        return st;
    if (d.has_hashes && head->table_id == 0)
        return error_set(err, ST_FAILED_PRECONDITION,
                         "batch with hashes but no table_id that says whose they are");
    *out = d.batch;
    return ST_OK;
}
