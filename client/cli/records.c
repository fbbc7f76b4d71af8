#include "client/cli/records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/csv_record.h"

struct records {
    size_t field_count;
    size_t max_line;
    struct lines *lines;
    struct csv_record *csv; /* NULL: tab-separated */
    struct field fields[];
};

void fault_set(struct fault *fault, uint64_t line, const char *format, ...)
{
    fault->line = line;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
}

struct records *records_new(int fd, enum record_format format, size_t field_count, size_t max_line)
{
    struct records *records = calloc(1, sizeof *records + field_count * sizeof(struct field));
    if (records == NULL)
        return NULL;
    records->field_count = field_count;
    records->max_line = max_line;
    records->lines = lines_new(fd, max_line);
    if (records->lines == NULL)
        goto err_after_records;
    if (format == RECORD_CSV) {
        records->csv = csv_record_new(records->fields, field_count, max_line);
        if (records->csv == NULL)
            goto err_after_lines;
    }
    return records;

err_after_lines:
    lines_free(records->lines);
err_after_records:
    free(records);
    return NULL;
}

void records_free(struct records *records)
{
    if (records == NULL)
        return;
    csv_record_free(records->csv);
    lines_free(records->lines);
    free(records);
}

void records_on_idle(struct records *records, lines_idle *idle, void *arg)
{
    lines_on_idle(records->lines, idle, arg);
}

uint64_t records_bytes(const struct records *records)
{
    return lines_bytes(records->lines);
}

/* Cuts the line at its tabs; returns how many fields it has, of which the first
 * field_count are kept. */
static size_t split_tabs(struct records *records, const struct line *line)
{
    const char *at = line->bytes;
    const char *end = at + line->len;
    for (size_t count = 0;; count++) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        const char *stop = tab == NULL ? end : tab;
        if (count < records->field_count)
            records->fields[count] = (struct field){ at, (size_t)(stop - at) };
        if (tab == NULL)
            return count + 1;
        at = tab + 1;
    }
}

static enum records_result finish(struct records *records, size_t count, uint64_t line,
                                  struct record *record, struct fault *fault)
{
    if (count != records->field_count) {
        fault_set(fault, line, "too %s fields: %zu instead of %zu",
                  count < records->field_count ? "few" : "many", count, records->field_count);
        return RECORDS_BAD;
    }
    *record = (struct record){ records->fields, line };
    return RECORDS_ROW;
}

static enum records_result bad_line(struct records *records, uint64_t line, struct fault *fault,
                                    const char *what)
{
    if (records->csv != NULL) {
        uint64_t begin = csv_record_line(records->csv);
        line = begin == 0 ? line : begin;
        csv_record_reset(records->csv);
    }
    fault_set(fault, line, "%s", what);
    return RECORDS_BAD;
}

static enum records_result too_long(struct records *records, uint64_t line, struct fault *fault)
{
    char what[64];
    (void)snprintf(what, sizeof what, "line too long: over %zu bytes", records->max_line);
    return bad_line(records, line, fault, what);
}

/* Takes one more line; RECORDS_END: the record goes on in the next one. */
static enum records_result take_csv_line(struct records *records, const struct line *line,
                                         struct record *record, struct fault *fault)
{
    switch (csv_record_feed(records->csv, line)) {
    case CSV_RECORD_MORE:
        return RECORDS_END;
    case CSV_RECORD_ROW: {
        uint64_t begin = csv_record_line(records->csv);
        size_t count = csv_record_take(records->csv);
        return finish(records, count, begin, record, fault);
    }
    case CSV_RECORD_TOO_LONG:
        return too_long(records, line->number, fault);
    case CSV_RECORD_BAD_QUOTE:
        return bad_line(records, line->number, fault, "a quote where CSV allows none");
    case CSV_RECORD_BARE_CR:
        return bad_line(records, line->number, fault, "a carriage return outside quotes");
    case CSV_RECORD_OPEN_QUOTE:
        return bad_line(records, line->number, fault, "a quote that is not closed");
    case CSV_RECORD_NO_MEMORY:
        break;
    }
    return RECORDS_FAILED;
}

enum records_result records_next(struct records *records, struct record *record,
                                 struct fault *fault)
{
    for (;;) {
        struct line line;
        switch (lines_next(records->lines, &line)) {
        case LINES_LINE:
            break;
        case LINES_TOO_LONG:
            return too_long(records, line.number, fault);
        case LINES_END:
            if (records->csv != NULL && csv_record_line(records->csv) != 0)
                return bad_line(records, 0, fault, "a quote that is not closed");
            return RECORDS_END;
        case LINES_FAILED:
            return RECORDS_FAILED;
        }
        if (memchr(line.bytes, '\0', line.len) != NULL)
            return bad_line(records, line.number, fault, "a NUL byte");
        if (records->csv == NULL)
            return finish(records, split_tabs(records, &line), line.number, record, fault);
        enum records_result result = take_csv_line(records, &line, record, fault);
        if (result != RECORDS_END)
            return result;
    }
}
