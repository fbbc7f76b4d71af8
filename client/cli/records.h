/* Records out of lines: tab-separated, or CSV as in RFC 4180.
 *
 * Tab-separated: a field is the bytes between two tabs, as they are; nothing is
 * quoted or escaped. CSV: fields may be quoted, and then hold commas, line ends and
 * doubled quotes; a quote anywhere else, and a carriage return outside quotes that
 * is not followed by a line feed, are faults, and spaces belong to the field. In
 * both an empty line is a record of one empty field.
 *
 * After a bad record reading goes on with the next line. */
#ifndef CARDINAL_CLI_RECORDS_H
#define CARDINAL_CLI_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "client/cli/lines.h"

enum record_format {
    RECORD_TSV,
    RECORD_CSV,
};

struct field {
    const char *bytes;
    size_t len;
};

/* Valid until the next call. */
struct record {
    const struct field *fields;
    uint64_t line; /* where it begins */
};

#define FAULT_TEXT_MAX 256u

/* What is wrong with the input, and where. */
struct fault {
    uint64_t line;
    char text[FAULT_TEXT_MAX];
};

/* Fills *fault; a text too long is cut. */
void fault_set(struct fault *fault, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum records_result {
    RECORDS_ROW, /* *record has field_count fields */
    RECORDS_BAD, /* *fault tells */
    RECORDS_END,
    RECORDS_FAILED, /* reading failed: errno */
};

struct records;

/* Records of field_count >= 1 fields each. max_line bounds a line, in CSV the whole
 * record. fd stays the caller's. NULL: no memory. */
struct records *records_new(int fd, enum record_format format, size_t field_count, size_t max_line);
void records_free(struct records *records); /* accepts NULL */

enum records_result records_next(struct records *records, struct record *record,
                                 struct fault *fault);

/* Has idle called while there is no input for the moment: see lines.h. */
void records_on_idle(struct records *records, lines_idle *idle, void *arg);

/* Bytes read so far. */
uint64_t records_bytes(const struct records *records);

#endif
