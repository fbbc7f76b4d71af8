/* record: one effective change, or one change of the tables there are, as the
 * journal keeps it. docs/storage.md draws them.
 *
 *      op     then
 *      1      TABLE_CREATED   table
 *      2      TABLE_ALTERED   table, as it is after
 *      3      TABLE_DROPPED   table id
 *      4      PLACE           table id, stream, sequence of the next record
 *      5      ROW_NEW         row id, key
 *      6      ROW_MOVED       row id before, row id from here on
 *      7      CELL_CODES      row id, column id, n, n codes (u32)
 *      8      CELL_MERGED     row id, column id, dump of a cell (dump.h)
 *      9      ROW_REMOVED     row id
 *
 *      table: id, version, name, precision, hash, seed (u64), flags, ack, next column
 *             id, number of columns, and of each its id and name
 *
 * Numbers are varints but where it says u32 or u64; strings are a length and
 * bytes. Records 5 to 9 belong to the table, stream and sequence of the PLACE
 * before them in the block, and count on from it by one each. Row ids and streams
 * mean something within one run of the daemon alone (segment.h).
 *
 * Replay: a change of a row that has not been named, or of a table or column that
 * is not there (any more), is passed over: drops are told ahead of what was still
 * under way. Applying TABLE_CREATED of a table that is there alters it.
 *
 * Whatever is read may be hostile: every length, count and number is checked, but
 * for codes and dumps, whose readers need the table's precision.
 *
 * Thread safety: nothing here has state of its own. */
#ifndef CARDINAL_STORE_RECORD_H
#define CARDINAL_STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store/coding.h"
#include "daemon/table/change_sink.h"
#include "daemon/table/table_image.h"
#include "proto/names.h"
#include "proto/status.h"

#define RECORD_STREAM_MAX 4095u

enum record_op {
    RECORD_TABLE_CREATED = 1,
    RECORD_TABLE_ALTERED = 2,
    RECORD_TABLE_DROPPED = 3,
    RECORD_PLACE = 4,
    RECORD_ROW_NEW = 5,
    RECORD_ROW_MOVED = 6,
    RECORD_CELL_CODES = 7,
    RECORD_CELL_MERGED = 8,
    RECORD_ROW_REMOVED = 9,
};

#define RECORD_TABLE_NO_ROLLUP 1u /* bits of a table's flags */
#define RECORD_TABLE_FLAGS 1u

/* ---- writing: each returns where the next one goes ---- */

/* Bytes that a record takes at most. */
#define RECORD_PLACE_MAX (1u + 3u * VARINT_MAX_BYTES)
#define RECORD_ROW_MAX (1u + 2u * 5u) /* ROW_MOVED, ROW_REMOVED */
#define RECORD_ROW_NEW_MAX(key_len) (1u + 5u + 2u + (key_len))
#define RECORD_CODES_MAX(n) (1u + 3u * 5u + 4u * (n))
#define RECORD_MERGED_MAX(len) (1u + 3u * 5u + (len))
#define RECORD_TABLE_MAX (256u + (size_t)COLUMNS_MAX * (NAME_MAX_BYTES + 8u))

uint8_t *record_put_place(uint8_t *at, const struct change_place *place);
uint8_t *record_put_row_new(uint8_t *at, uint32_t row, struct bytes_view key);
uint8_t *record_put_row_moved(uint8_t *at, uint32_t was, uint32_t is);
uint8_t *record_put_row_removed(uint8_t *at, uint32_t row);
uint8_t *record_put_table_dropped(uint8_t *at, uint64_t table_id);

static inline uint8_t *record_put_codes(uint8_t *at, uint32_t row, uint32_t column,
                                        const uint32_t *codes, size_t n)
{
    *at++ = RECORD_CELL_CODES;
    at = put_varint(at, row);
    at = put_varint(at, column);
    at = put_varint(at, n);
    for (size_t i = 0; i < n; i++)
        at = put_u32(at, codes[i]);
    return at;
}

/* What of a CELL_MERGED comes before the len bytes of its dump. */
uint8_t *record_put_merged(uint8_t *at, uint32_t row, uint32_t column, size_t len);

/* op is RECORD_TABLE_CREATED or RECORD_TABLE_ALTERED. */
uint8_t *record_put_table(uint8_t *at, enum record_op op, const struct table_image *table);

/* The table alone, without an op. */
uint8_t *record_put_table_body(uint8_t *at, const struct table_image *table);

/* ---- reading ---- */

/* One record; views point into what is read. */
struct record {
    enum record_op op;         /* never RECORD_PLACE: that is in place */
    struct change_place place; /* of records 5 to 9; of 1 to 3 its table_id alone */
    uint32_t row;
    uint32_t was;              /* ROW_MOVED */
    uint32_t column;           /* CELL_CODES, CELL_MERGED */
    uint32_t count;            /* of codes */
    struct bytes_view bytes;   /* the key, codes for record_code(), or dump */
    struct table_image *table; /* 1 and 2: the reader's, until the next record */
};

static inline uint32_t record_code(const struct record *record, uint32_t i)
{
    return get_u32(record->bytes.data + (size_t)4 * i);
}

struct record_reader {
    struct reading in;
    const uint8_t *begin;
    struct change_place place; /* of the next record */
    bool has_place;
    struct table_image table;
};

/* Reads the records of one block's payload. */
void record_reader_init(struct record_reader *reader, struct bytes_view payload);

/* The next record; false at the end, or where something is wrong: then
 * record_reader_fault() says what. */
bool record_next(struct record_reader *reader, struct record *out);

/* What is wrong, or NULL. */
static inline const char *record_reader_fault(const struct record_reader *reader)
{
    return reader->in.fault;
}

/* Reads what record_put_table_body() wrote; false, with in->fault, if it is not sound. */
bool record_read_table(struct reading *in, struct table_image *out);

#endif
