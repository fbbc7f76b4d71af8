/* One CSV record at a time, put together from lines. The grammar is libcsv's, in
 * its strict mode; line numbers, the bound on a record's size and what becomes of
 * carriage returns are seen to here. */
#ifndef CARDINAL_CLI_CSV_RECORD_H
#define CARDINAL_CLI_CSV_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct field;
struct line;

enum csv_record_result {
    CSV_RECORD_MORE, /* a quoted field goes on in the next line */
    CSV_RECORD_ROW,  /* whole: csv_record_take() it */
    /* Faults, after which csv_record_reset() is called for. */
    CSV_RECORD_TOO_LONG,
    CSV_RECORD_BAD_QUOTE,
    CSV_RECORD_BARE_CR,
    CSV_RECORD_OPEN_QUOTE,
    CSV_RECORD_NO_MEMORY, /* errno is set */
};

struct csv_record;

/* fields, which outlives it, has room for field_count and is filled by each record.
 * max_bytes bounds a record. NULL: no memory. */
struct csv_record *csv_record_new(struct field *fields, size_t field_count, size_t max_bytes);
void csv_record_free(struct csv_record *record); /* accepts NULL */

enum csv_record_result csv_record_feed(struct csv_record *record, const struct line *line);

/* The line that the record begins in; 0 between records. */
uint64_t csv_record_line(const struct csv_record *record);

/* Ends the record and returns how many fields it has. Those kept stay valid until
 * the next feed. */
size_t csv_record_take(struct csv_record *record);

/* Forgets a record begun. */
void csv_record_reset(struct csv_record *record);

#endif
