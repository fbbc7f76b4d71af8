/* Whatever a block holds is read to its end or refused, within its bounds; what is
 * read as a table comes out the same when it is written again. */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/record.h"
#include "tests/fuzz/fuzz.h"

/* Reads every byte of what a record points to. */
static unsigned touch(const struct record *record)
{
    unsigned sum = 0;
    for (size_t i = 0; i < record->bytes.len; i++)
        sum += record->bytes.data[i];
    if (record->op == RECORD_CELL_CODES)
        sum += record_code(record, record->count - 1);
    return sum;
}

static void check_table(const struct table_image *table)
{
    static uint8_t bytes[RECORD_TABLE_MAX];
    struct table_image again;
    size_t len = (size_t)(record_put_table_body(bytes, table) - bytes);
    struct reading in = { .at = bytes, .end = bytes + len };
    if (len > sizeof bytes || !record_read_table(&in, &again) || in.at != in.end ||
        again.id != table->id || again.column_count != table->column_count)
        abort();
}

static volatile unsigned touched; /* so that nothing is left out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_reader reader;
    struct record record;
    record_reader_init(&reader, (struct bytes_view){ data, size });
    while (record_next(&reader, &record)) {
        touched += touch(&record);
        if (record.table != NULL)
            check_table(record.table);
    }
    if (record_reader_fault(&reader) == NULL && reader.in.at != data + size)
        abort();
    return 0;
}
