#include "daemon/wire/reply_table.h"

#include <string.h>

enum {
    TABLE_ID = 1,
    NAME = 2,
    COLUMNS = 3,
    PRECISION = 4,
    HASH = 5,
    SEED = 6,
    KEYS = 7,
    CELLS = 8,
    BYTES = 9
};
enum { COLUMN_NAME = 1, COLUMN_ID = 2 };

#define FIXED_PART 80u  /* bytes: all but names */
#define COLUMN_PART 12u /* bytes: a column's tags, lengths and id */

size_t table_reply_size(const struct table_reply *table)
{
    size_t size = FIXED_PART + strlen(table->name);
    for (size_t i = 0; i < table->column_count; i++)
        size += COLUMN_PART + strlen(table->columns[i].name);
    return size;
}

void table_reply_write(struct writer *w, uint32_t field, const struct table_reply *table)
{
    struct writer_mark info = writer_open(w, field, table_reply_size(table));
    writer_uint(w, TABLE_ID, table->id);
    writer_string(w, NAME, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        struct writer_mark column = writer_open(w, COLUMNS, strlen(table->columns[i].name));
        writer_string(w, COLUMN_NAME, table->columns[i].name);
        writer_uint(w, COLUMN_ID, table->columns[i].id);
        writer_close(w, column);
    }
    writer_uint(w, PRECISION, table->precision);
    writer_uint(w, HASH, table->hash);
    writer_uint(w, SEED, table->seed);
    writer_uint(w, KEYS, table->keys);
    writer_uint(w, CELLS, table->cells);
    writer_uint(w, BYTES, table->bytes);
    writer_close(w, info);
}
