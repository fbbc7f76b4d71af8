#include "daemon/wire/ingest.h"

#include "daemon/wire/cursor.h"
#include "daemon/wire/names_check.h"
#include "proto/names.h"

enum { TABLE = 1, TABLE_ID = 2, COLUMNS = 3, ROWS = 4, ACK = 5 }; /* fields of Ingest */

/* What the first pass finds, before anything is allocated. */
struct outline {
    struct ingest_head head;
    uint32_t ack;
    const uint8_t *first_column; /* its tag */
};

static enum status too_many(const char *what, uint32_t max, struct error *err)
{
    return error_set(err, ST_TOO_LARGE, "batch of more than %u %s", max, what);
}

static void read_field(struct cursor *c, uint64_t tag, const uint8_t *start, struct outline *o)
{
    switch (tag) {
    case WIRE_TAG(TABLE, WIRE_BYTES):
        o->head.table = cursor_bytes(c);
        break;
    case WIRE_TAG(TABLE_ID, WIRE_VARINT):
        o->head.table_id = cursor_varint(c);
        break;
    case WIRE_TAG(COLUMNS, WIRE_BYTES):
        if (o->head.column_count++ == 0)
            o->first_column = start;
        cursor_bytes(c);
        break;
    case WIRE_TAG(ROWS, WIRE_BYTES):
        o->head.row_count++;
        cursor_bytes(c);
        break;
    case WIRE_TAG(ACK, WIRE_VARINT):
        o->ack = (uint32_t)cursor_varint(c);
        break;
    default:
        if (WIRE_TAG_FIELD(tag) >= TABLE && WIRE_TAG_FIELD(tag) <= ACK)
            cursor_wrong_type(c);
        else
            cursor_skip(c, tag);
        break;
    }
}

/* The names again, into an array now that their number is known and bounded. */
static void collect_columns(const struct outline *o, struct bytes_view *columns)
{
    struct bytes_view body = o->head.body;
    struct cursor c = { .at = o->first_column, .end = body.data + body.len };
    for (uint32_t n = 0; n < o->head.column_count;) {
        uint64_t tag = cursor_tag(&c);
        if (tag == WIRE_TAG(COLUMNS, WIRE_BYTES))
            columns[n++] = cursor_bytes(&c);
        else
            cursor_skip(&c, tag);
    }
}

static enum status check_outline(const struct outline *o, uint32_t max_values, struct error *err)
{
    enum status st = check_name(o->head.table, "table name", err);
    if (st != ST_OK)
        return st;
    if (o->head.column_count == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "batch without columns");
    if (o->head.column_count > COLUMNS_MAX)
        return error_set(err, ST_INVALID_ARGUMENT, "batch of %u columns, %u at most",
                         o->head.column_count, COLUMNS_MAX);
    if (o->head.row_count == 0)
        return error_set(err, ST_INVALID_ARGUMENT, "batch without rows");
    if (o->head.row_count > max_values)
        return too_many("rows", max_values, err);
    return ST_OK;
}

static enum status check_columns(const struct bytes_view *columns, uint32_t count,
                                 struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        enum status st = check_name(columns[i], "column name", err);
        if (st != ST_OK)
            return st;
    }
    return check_distinct(columns, count, "column", err);
}

enum status ingest_head(struct bytes_view body, uint32_t max_values, struct arena *arena,
                        struct ingest_head *out, struct error *err)
{
    struct outline o = { .head.body = body };
    struct cursor c = cursor_of(body);
    while (cursor_more(&c)) {
        const uint8_t *start = c.at;
        read_field(&c, cursor_tag(&c), start, &o);
    }
    enum status st = cursor_status(&c, body.data, err);
    if (st == ST_OK)
        st = check_outline(&o, max_values, err);
    if (st == ST_OK)
        st = check_ack(o.ack, &o.head.ack, err);
    if (st != ST_OK)
        return st;
    struct bytes_view *columns = arena_alloc_array(arena, o.head.column_count, sizeof *columns);
    if (columns == NULL)
        return error_nomem(err);
    collect_columns(&o, columns);
    st = check_columns(columns, o.head.column_count, err);
    if (st != ST_OK)
        return st;
    *out = o.head;
    out->columns = columns;
    return ST_OK;
}
