#include "client/cli/load_plan.h"

#include <stdlib.h>
#include <string.h>

#include <cardinal.h>

#include "client/cli/escape.h"
#include "client/cli/numbers.h"
#include "client/cli/records.h"

#define QUOTED_BYTES 40u /* of a bad field shown in a message */

static const char *const type_names[] = {
    [VALUE_STRING] = "string",
    [VALUE_INT] = "int",
    [VALUE_DOUBLE] = "double",
};

static bool parse_type(const char *name, enum value_type *out)
{
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *out = (enum value_type)i;
            return true;
        }
    }
    return false;
}

static bool find_field(const struct load_plan *plan, const char *name, size_t *out)
{
    for (size_t i = 0; i < plan->fields.count; i++) {
        if (strcmp(plan->fields.at[i], name) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum load_plan_result split(struct words *out, const char *text, const char *option,
                                   struct fault *fault)
{
    switch (words_split(out, text)) {
    case WORDS_OK:
        return LOAD_PLAN_OK;
    case WORDS_EMPTY:
        fault_set(fault, 0, "%s: an empty name in '%s'", option, text);
        return LOAD_PLAN_INVALID;
    case WORDS_NO_MEMORY:
        break;
    }
    return LOAD_PLAN_NO_MEMORY;
}

static enum load_plan_result read_fields(struct load_plan *plan, const char *fields,
                                         const char *key, struct fault *fault)
{
    enum load_plan_result result = split(&plan->fields, fields, "--fields", fault);
    if (result != LOAD_PLAN_OK)
        return result;
    const char *repeated = words_repeated(&plan->fields);
    if (repeated != NULL) {
        fault_set(fault, 0, "--fields names '%s' twice", repeated);
        return LOAD_PLAN_INVALID;
    }
    if (!find_field(plan, key, &plan->key_field)) {
        fault_set(fault, 0, "--key: no field '%s' among --fields", key);
        return LOAD_PLAN_INVALID;
    }
    return LOAD_PLAN_OK;
}

/* Cuts `col=field[:type]` in place and stores what it says as column i. */
static bool read_column(struct load_plan *plan, size_t i, char *text, struct fault *fault)
{
    char *name = strsep(&text, "=");
    char *field = strsep(&text, ":");
    struct load_column *column = &plan->columns[i];
    if (name[0] == '\0' || field == NULL || field[0] == '\0') {
        fault_set(fault, 0, "--columns: '%s' is not of the form COLUMN=FIELD[:TYPE]", name);
        return false;
    }
    column->type = VALUE_STRING;
    if (text != NULL && !parse_type(text, &column->type)) {
        fault_set(fault, 0, "--columns: '%s' is no type: string, int and double are", text);
        return false;
    }
    if (!find_field(plan, field, &column->field)) {
        fault_set(fault, 0, "--columns: no field '%s' among --fields", field);
        return false;
    }
    plan->column_names[i] = name;
    return true;
}

static bool names_a_column_twice(const struct load_plan *plan, struct fault *fault)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(plan->column_names[i], plan->column_names[j]) == 0) {
                fault_set(fault, 0, "--columns names '%s' twice", plan->column_names[i]);
                return true;
            }
        }
    }
    return false;
}

/* Bounds the columns and makes room for them. */
static enum load_plan_result make_columns(struct load_plan *plan, size_t count, struct fault *fault)
{
    if (count > CARDINAL_COLUMNS_MAX) {
        fault_set(fault, 0, "%zu columns: a table has %d at most", count, CARDINAL_COLUMNS_MAX);
        return LOAD_PLAN_INVALID;
    }
    plan->column_count = count;
    plan->columns = calloc(count, sizeof *plan->columns);
    plan->column_names = calloc(count, sizeof *plan->column_names);
    return plan->columns == NULL || plan->column_names == NULL ? LOAD_PLAN_NO_MEMORY : LOAD_PLAN_OK;
}

static enum load_plan_result every_field(struct load_plan *plan, struct fault *fault)
{
    enum load_plan_result result = make_columns(plan, plan->fields.count, fault);
    for (size_t i = 0; result == LOAD_PLAN_OK && i < plan->column_count; i++) {
        plan->columns[i] = (struct load_column){ i, VALUE_STRING };
        plan->column_names[i] = plan->fields.at[i];
    }
    return result;
}

static enum load_plan_result read_columns(struct load_plan *plan, const char *text,
                                          struct fault *fault)
{
    struct words specs = { 0 };
    enum load_plan_result result = split(&specs, text, "--columns", fault);
    if (result != LOAD_PLAN_OK)
        return result;
    result = make_columns(plan, specs.count, fault);
    for (size_t i = 0; result == LOAD_PLAN_OK && i < specs.count; i++) {
        char *spec = specs.text + (specs.at[i] - specs.text);
        if (!read_column(plan, i, spec, fault))
            result = LOAD_PLAN_INVALID;
    }
    if (result == LOAD_PLAN_OK && names_a_column_twice(plan, fault))
        result = LOAD_PLAN_INVALID;
    plan->column_text = specs.text;
    specs.text = NULL;
    words_release(&specs);
    return result;
}

enum load_plan_result load_plan_init(struct load_plan *plan, const char *fields, const char *key,
                                     const char *columns, const char *null_text,
                                     struct fault *fault)
{
    struct load_plan made = { .null_text = null_text, .null_len = strlen(null_text) };
    enum load_plan_result result = read_fields(&made, fields, key, fault);
    if (result == LOAD_PLAN_OK)
        result = columns == NULL ? every_field(&made, fault) : read_columns(&made, columns, fault);
    if (result != LOAD_PLAN_OK) {
        load_plan_release(&made);
        return result;
    }
    *plan = made;
    return LOAD_PLAN_OK;
}

void load_plan_release(struct load_plan *plan)
{
    words_release(&plan->fields);
    free(plan->columns);
    free(plan->column_names);
    free(plan->column_text);
    *plan = (struct load_plan){ 0 };
}

static bool is_null(const struct load_plan *plan, const struct field *field)
{
    return field->len == plan->null_len && memcmp(field->bytes, plan->null_text, field->len) == 0;
}

static void set_number_fault(const struct load_plan *plan, const struct load_column *column,
                             const struct field *field, uint64_t line, enum number_result why,
                             struct fault *fault)
{
    char shown[ESCAPED_MAX(QUOTED_BYTES)];
    size_t len = field->len < QUOTED_BYTES ? field->len : QUOTED_BYTES;
    (void)escape(shown, field->bytes, len);
    fault_set(fault, line, "field '%.64s': '%s%s' is not a number%s of type %s",
              plan->fields.at[column->field], shown, len < field->len ? ".." : "",
              why == NUMBER_OUT_OF_RANGE ? " in the range" : "", type_names[column->type]);
}

static bool read_value(const struct load_plan *plan, const struct load_column *column,
                       const struct record *record, struct load_value *out, struct fault *fault)
{
    const struct field *field = &record->fields[column->field];
    enum number_result result = NUMBER_OK;
    out->present = !is_null(plan, field);
    if (!out->present)
        return true;
    out->type = column->type;
    switch (column->type) {
    case VALUE_STRING:
        out->as.string.bytes = field->bytes;
        out->as.string.len = field->len;
        break;
    case VALUE_INT:
        result = number_parse_int(field->bytes, field->len, &out->as.integer);
        break;
    case VALUE_DOUBLE:
        result = number_parse_double(field->bytes, field->len, &out->as.real);
        break;
    }
    if (result != NUMBER_OK)
        set_number_fault(plan, column, field, record->line, result, fault);
    return result == NUMBER_OK;
}

bool load_plan_read(const struct load_plan *plan, const struct record *record, struct load_row *row,
                    struct fault *fault)
{
    const struct field *key = &record->fields[plan->key_field];
    if (is_null(plan, key)) {
        fault_set(fault, record->line, "the key is NULL");
        return false;
    }
    if (key->len > CARDINAL_KEY_MAX) {
        fault_set(fault, record->line, "key too long: %zu bytes, %d at most", key->len,
                  CARDINAL_KEY_MAX);
        return false;
    }
    for (size_t i = 0; i < plan->column_count; i++) {
        if (!read_value(plan, &plan->columns[i], record, &row->values[i], fault))
            return false;
    }
    row->key = key->bytes;
    row->key_len = key->len;
    return true;
}
