#include "client/cli/csv_record.h"

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/lines.h"
#include "client/cli/records.h"

#define PARSER_OPTIONS (CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL)
#define PARSER_BLOCK_BYTES (64u << 10) /* its buffer grows by that much */

struct csv_record {
    struct csv_parser parser;
    struct field *fields;
    size_t field_count;
    size_t max_bytes;
    uint64_t line; /* that it begins in; 0: none begun */
    size_t fed;    /* bytes of it */
    size_t count;  /* of fields seen */
    int ended_by;  /* the character that ended the record; 0: not ended */
    bool bare_cr;  /* something followed that character */
    char *text;    /* of the fields kept, one after the other */
    size_t text_len;
    size_t text_capacity;
};

/* libcsv drops the spaces around a field unless told that there are none. */
static int is_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void start_parser(struct csv_record *record)
{
    (void)csv_init(&record->parser, PARSER_OPTIONS);
    csv_set_space_func(&record->parser, is_space);
    csv_set_blk_size(&record->parser, PARSER_BLOCK_BYTES);
}

struct csv_record *csv_record_new(struct field *fields, size_t field_count, size_t max_bytes)
{
    struct csv_record *record = calloc(1, sizeof *record);
    if (record == NULL)
        return NULL;
    record->fields = fields;
    record->field_count = field_count;
    record->max_bytes = max_bytes;
    start_parser(record);
    return record;
}

void csv_record_free(struct csv_record *record)
{
    if (record == NULL)
        return;
    csv_free(&record->parser);
    free(record->text);
    free(record);
}

uint64_t csv_record_line(const struct csv_record *record)
{
    return record->line;
}

static void begin(struct csv_record *record, uint64_t line)
{
    record->line = line;
    record->fed = 0;
    record->count = 0;
    record->ended_by = 0;
    record->bare_cr = false;
    record->text_len = 0;
}

void csv_record_reset(struct csv_record *record)
{
    csv_free(&record->parser);
    start_parser(record);
    begin(record, 0);
}

size_t csv_record_take(struct csv_record *record)
{
    record->line = 0;
    return record->count;
}

/* Fields never have more bytes than the lines they came from, so that room made
 * for those is room enough. */
static bool make_room(struct csv_record *record, size_t bytes)
{
    if (bytes <= record->text_capacity)
        return true;
    size_t capacity = bytes + bytes / 2;
    char *text = realloc(record->text, capacity);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < record->count && i < record->field_count; i++)
        record->fields[i].bytes = text + (record->fields[i].bytes - record->text);
    record->text = text;
    record->text_capacity = capacity;
    return true;
}

static void on_field(void *bytes, size_t len, void *arg)
{
    struct csv_record *record = arg;
    if (record->ended_by != 0)
        record->bare_cr = true;
    if (record->bare_cr)
        return;
    if (record->count < record->field_count) {
        char *copy = record->text + record->text_len;
        if (len > 0)
            memcpy(copy, bytes, len);
        record->text_len += len;
        record->fields[record->count] = (struct field){ copy, len };
    }
    record->count++;
}

/* Called for the carriage return and for the line feed alike. */
static void on_end(int c, void *arg)
{
    struct csv_record *record = arg;
    if (record->ended_by != 0 && !(record->ended_by == '\r' && c == '\n'))
        record->bare_cr = true;
    record->ended_by = c;
}

static enum csv_record_result judge(struct csv_record *record)
{
    if (record->bare_cr || record->ended_by == '\r')
        return CSV_RECORD_BARE_CR;
    if (record->ended_by == 0)
        return CSV_RECORD_MORE;
    if (record->count == 0) {
        record->fields[0] = (struct field){ "", 0 };
        record->count = 1;
    }
    return CSV_RECORD_ROW;
}

enum csv_record_result csv_record_feed(struct csv_record *record, const struct line *line)
{
    if (record->line == 0)
        begin(record, line->number);
    if (line->len > record->max_bytes || record->fed > record->max_bytes - line->len)
        return CSV_RECORD_TOO_LONG;
    size_t len = line->len + line->terminator_len;
    record->fed += len;
    if (!make_room(record, record->fed)) {
        errno = ENOMEM;
        return CSV_RECORD_NO_MEMORY;
    }
    if (csv_parse(&record->parser, line->bytes, len, on_field, on_end, record) != len) {
        if (csv_error(&record->parser) == CSV_EPARSE)
            return CSV_RECORD_BAD_QUOTE;
        errno = ENOMEM;
        return CSV_RECORD_NO_MEMORY;
    }
    if (line->terminator_len == 0 && csv_fini(&record->parser, on_field, on_end, record) != 0)
        return CSV_RECORD_OPEN_QUOTE;
    return judge(record);
}
