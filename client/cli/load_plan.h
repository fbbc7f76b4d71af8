/* What a load does with the fields of a record: which one is the key, and which
 * feed columns, read as what. */
#ifndef CARDINAL_CLI_LOAD_PLAN_H
#define CARDINAL_CLI_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli/words.h"

struct fault;
struct record;

enum value_type {
    VALUE_STRING,
    VALUE_INT,
    VALUE_DOUBLE,
};

struct load_column {
    size_t field; /* index into the record */
    enum value_type type;
};

/* All zero is an empty one. Column names are parallel to columns. */
struct load_plan {
    struct words fields;
    size_t key_field;
    size_t column_count;
    struct load_column *columns;
    const char **column_names;
    const char *null_text; /* of a field that is not counted; the caller's */
    size_t null_len;
    char *column_text; /* what the names point into, where they are not fields */
};

enum load_plan_result {
    LOAD_PLAN_OK,
    LOAD_PLAN_INVALID, /* *fault tells; its line means nothing */
    LOAD_PLAN_NO_MEMORY,
};

/* Makes a plan of the arguments of --fields (`f1,f2`), --key and --columns
 * (`col=field[:string|int|double],..`; NULL: each field as strings, under its own
 * name). null_text must outlive it. Give it back with load_plan_release(). */
enum load_plan_result load_plan_init(struct load_plan *plan, const char *fields, const char *key,
                                     const char *columns, const char *null_text,
                                     struct fault *fault);
void load_plan_release(struct load_plan *plan);

/* A value of one column. */
struct load_value {
    bool present; /* false: NULL, not counted */
    enum value_type type;
    union {
        struct {
            const char *bytes;
            size_t len;
        } string;
        int64_t integer;
        double real;
    } as;
};

struct load_row {
    const char *key;
    size_t key_len;
    struct load_value *values; /* room for plan->column_count, the caller's */
};

/* Reads a record, all of it before anything is made of it. False: *fault tells. */
bool load_plan_read(const struct load_plan *plan, const struct record *record, struct load_row *row,
                    struct fault *fault);

#endif
