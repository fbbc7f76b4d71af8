/* Rows and cells, the part of ingest that is paid per value. */
#include "daemon/wire/cursor.h"
#include "daemon/wire/ingest.h"
#include "daemon/wire/ingest_values.h"
#include "proto/names.h"

enum { INGEST_ROWS = 4 };            /* field of Ingest */
enum { ROW_KEY = 1, ROW_CELLS = 2 }; /* fields of Row */

#define CELL_BYTES_MIN 4u /* of a cell with a value: two tags and two lengths */

static void check_cell(struct ingest_decoder *d, struct cursor *c, const struct batch_cell *cell)
{
    if (cell->column >= d->head->column_count) {
        ingest_refuse(d, c,
                      error_set(d->err, ST_INVALID_ARGUMENT,
                                "row %u: column index %u out of range, the batch has %u columns",
                                d->row, cell->column, d->head->column_count));
    } else if (d->seen[cell->column] == d->row) {
        ingest_refuse(d, c,
                      error_set(d->err, ST_INVALID_ARGUMENT, "row %u: column '%.*s' is there twice",
                                d->row, (int)d->head->columns[cell->column].len,
                                (const char *)d->head->columns[cell->column].data));
    } else {
        d->seen[cell->column] = d->row;
    }
}

static void decode_cell(struct ingest_decoder *d, struct cursor *row)
{
    struct batch_cell *cell = &d->batch.cells[d->cell_count];
    struct cursor c = cursor_of(cursor_bytes(row));
    *cell = (struct batch_cell){ 0 };
    while (cursor_more(&c)) {
        uint64_t tag = cursor_tag(&c);
        if (tag == WIRE_TAG(COLUMN, WIRE_VARINT))
            cell->column = (uint32_t)cursor_varint(&c);
        else
            ingest_add_values(d, &c, tag, cell);
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
static void decode_plain_cells(struct ingest_decoder *d, struct cursor *row)
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

static void decode_row(struct ingest_decoder *d, struct cursor *body)
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

static enum status allocate(struct ingest_decoder *d)
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
    struct ingest_decoder d = {
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
