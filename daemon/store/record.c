#include "daemon/store/record.h"

#include <string.h>

/* ---- writing ----------------------------------------------------------------- */

uint8_t *record_put_place(uint8_t *at, const struct change_place *place)
{
    *at++ = RECORD_PLACE;
    at = put_varint(at, place->table_id);
    at = put_varint(at, place->stream);
    return put_varint(at, place->sequence);
}

uint8_t *record_put_row_new(uint8_t *at, uint32_t row, struct bytes_view key)
{
    *at++ = RECORD_ROW_NEW;
    at = put_varint(at, row);
    return put_bytes(at, key);
}

uint8_t *record_put_row_moved(uint8_t *at, uint32_t was, uint32_t is)
{
    *at++ = RECORD_ROW_MOVED;
    at = put_varint(at, was);
    return put_varint(at, is);
}

uint8_t *record_put_merged(uint8_t *at, uint32_t row, uint32_t column, size_t len)
{
    *at++ = RECORD_CELL_MERGED;
    at = put_varint(at, row);
    at = put_varint(at, column);
    return put_varint(at, len);
}

uint8_t *record_put_row_removed(uint8_t *at, uint32_t row)
{
    *at++ = RECORD_ROW_REMOVED;
    return put_varint(at, row);
}

uint8_t *record_put_table_dropped(uint8_t *at, uint64_t table_id)
{
    *at++ = RECORD_TABLE_DROPPED;
    return put_varint(at, table_id);
}

uint8_t *record_put_table_body(uint8_t *at, const struct table_image *table)
{
    at = put_varint(at, table->id);
    at = put_varint(at, table->version);
    at = put_bytes(at, table->name);
    at = put_varint(at, table->precision);
    at = put_varint(at, (unsigned)table->hash);
    at = put_u64(at, table->seed);
    at = put_varint(at, table->no_rollup ? RECORD_TABLE_NO_ROLLUP : 0);
    at = put_varint(at, (unsigned)table->ack);
    at = put_varint(at, table->next_column_id);
    at = put_varint(at, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        at = put_varint(at, table->columns[i].id);
        at = put_bytes(at, table->columns[i].name);
    }
    return at;
}

uint8_t *record_put_table(uint8_t *at, enum record_op op, const struct table_image *table)
{
    *at++ = (uint8_t)op;
    return record_put_table_body(at, table);
}

/* ---- reading ----------------------------------------------------------------- */

static struct bytes_view read_name(struct reading *in)
{
    struct bytes_view name = read_bytes(in, NAME_MAX_BYTES, "a name that is too long");
    if (in->fault == NULL && !name_is_valid((const char *)name.data, name.len))
        reading_fail(in, "a name that is not valid");
    return name;
}

/* A number of 1 and more. */
static uint64_t read_id(struct reading *in, uint64_t max, const char *fault)
{
    uint64_t id = read_bounded(in, max, fault);
    if (in->fault == NULL && id == 0)
        reading_fail(in, fault);
    return id;
}

static void read_columns(struct reading *in, struct table_image *table)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < table->column_count && in->fault == NULL; i++) {
        struct image_column *column = &table->columns[i];
        column->id = (uint32_t)read_id(in, table->next_column_id - 1, "a wrong column id");
        column->name = read_name(in);
        if (column->id <= before)
            reading_fail(in, "columns out of order");
        before = column->id;
    }
}

bool record_read_table(struct reading *in, struct table_image *out)
{
    out->id = read_id(in, UINT64_MAX, "a table without an id");
    out->version = (uint32_t)read_id(in, UINT32_MAX, "a wrong version of a table");
    out->name = read_name(in);
    out->precision = (uint8_t)read_bounded(in, PRECISION_MAX, "a wrong precision");
    if (out->precision < PRECISION_MIN)
        reading_fail(in, "a wrong precision");
    out->hash = (enum hash_kind)read_bounded(in, HASH_KIND_MURMUR64A, "an unknown hash");
    out->seed = read_u64(in);
    uint64_t flags = read_bounded(in, RECORD_TABLE_FLAGS, "unknown flags of a table");
    out->no_rollup = (flags & RECORD_TABLE_NO_ROLLUP) != 0;
    out->ack = (enum ack)read_bounded(in, ACK_DURABLE, "an unknown acknowledgement");
    out->next_column_id = (uint32_t)read_id(in, UINT32_MAX, "a wrong column id");
    out->column_count = (uint32_t)read_id(in, COLUMNS_MAX, "a wrong number of columns");
    read_columns(in, out);
    return in->fault == NULL;
}

void record_reader_init(struct record_reader *reader, struct bytes_view payload)
{
    reader->in = (struct reading){ .at = payload.data, .end = payload.data + payload.len };
    reader->begin = payload.data;
    reader->has_place = false;
}

static uint32_t read_row(struct reading *in)
{
    return (uint32_t)read_id(in, UINT32_MAX, "a wrong row id");
}

static uint32_t read_column(struct reading *in)
{
    return (uint32_t)read_id(in, UINT32_MAX, "a wrong column id");
}

static void read_place(struct record_reader *reader)
{
    struct reading *in = &reader->in;
    reader->place.table_id = read_id(in, UINT64_MAX, "a table without an id");
    reader->place.stream = (uint32_t)read_bounded(in, RECORD_STREAM_MAX, "a wrong stream");
    reader->place.sequence = read_id(in, UINT64_MAX / 2, "a wrong sequence");
    reader->has_place = true;
}

static void read_codes(struct reading *in, struct record *out)
{
    out->row = read_row(in);
    out->column = read_column(in);
    uint64_t left = (uint64_t)(in->end - in->at) / 4;
    out->count = (uint32_t)read_id(in, left < UINT32_MAX ? left : UINT32_MAX,
                                   "more codes than there are bytes");
    size_t len = (size_t)out->count * 4;
    const uint8_t *codes = read_raw(in, len);
    out->bytes = (struct bytes_view){ codes, codes == NULL ? 0 : len };
}

/* Reads what follows the op of a change of a row. */
static void read_change(struct record_reader *reader, struct record *out)
{
    struct reading *in = &reader->in;
    out->place = reader->place;
    reader->place.sequence++;
    switch (out->op) {
    case RECORD_ROW_NEW:
        out->row = read_row(in);
        out->bytes = read_bytes(in, KEY_MAX_BYTES, "a key that is too long");
        break;
    case RECORD_ROW_MOVED:
        out->was = read_row(in);
        out->row = read_row(in);
        break;
    case RECORD_CELL_CODES:
        read_codes(in, out);
        break;
    case RECORD_CELL_MERGED:
        out->row = read_row(in);
        out->column = read_column(in);
        out->bytes = read_bytes(in, UINT32_MAX, "a dump that is too long");
        break;
    default:
        out->row = read_row(in);
        break;
    }
}

static void read_one(struct record_reader *reader, struct record *out)
{
    struct reading *in = &reader->in;
    switch (out->op) {
    case RECORD_TABLE_CREATED:
    case RECORD_TABLE_ALTERED:
        record_read_table(in, &reader->table);
        out->table = &reader->table;
        out->place.table_id = reader->table.id;
        break;
    case RECORD_TABLE_DROPPED:
        out->place.table_id = read_id(in, UINT64_MAX, "a table without an id");
        break;
    case RECORD_ROW_NEW:
    case RECORD_ROW_MOVED:
    case RECORD_CELL_CODES:
    case RECORD_CELL_MERGED:
    case RECORD_ROW_REMOVED:
        if (reader->has_place)
            read_change(reader, out);
        else
            reading_fail(in, "a change without a place");
        break;
    default:
        reading_fail(in, "a record of an unknown kind");
        break;
    }
}

bool record_next(struct record_reader *reader, struct record *out)
{
    struct reading *in = &reader->in;
    while (in->at < in->end && *in->at == RECORD_PLACE) {
        in->at++;
        read_place(reader);
    }
    if (in->at >= in->end)
        return false;
    memset(out, 0, sizeof *out);
    out->op = (enum record_op) * in->at++;
    read_one(reader, out);
    return in->fault == NULL;
}
